//! Authorization is checked again after a late request body has arrived.

use shared::{member::MembershipStatus, problem::ProblemCode};
use tokio::{io::AsyncReadExt, time::timeout};

use crate::support::{RawHttp, TEST_TIMEOUT, TestApp, TestUser};

const BODY: &str = r#"{ "message": "still here" }"#;

/// A post whose body was not sent yet.
struct PendingPost(RawHttp);

impl TestUser {
    async fn start_post(&self, uri: &str) -> PendingPost {
        let mut connection = RawHttp::open(&self.http).await;
        let head = format!(
            "POST /api/chats/{uri}/messages/ HTTP/1.1\r\nHost: localhost\r\nAuthorization: JWT {}\r\n\
             Connection: close\r\nExpect: 100-continue\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n",
            self.token,
            BODY.len()
        );
        connection.write(head.as_bytes()).await.unwrap();
        let mut response = [0; "HTTP/1.1 100 Continue\r\n\r\n".len()];
        let read = timeout(TEST_TIMEOUT, connection.stream.read_exact(&mut response)).await;
        read.expect("100 Continue in time").unwrap();
        assert!(response.starts_with(b"HTTP/1.1 100 "), "{}", String::from_utf8_lossy(&response));
        PendingPost(connection)
    }
}

impl PendingPost {
    /// Sends the body and returns the response.
    async fn finish(mut self) -> String {
        self.0.write(BODY.as_bytes()).await.unwrap();
        self.0.read_to_end().await
    }

    async fn finish_with_problem(self, code: ProblemCode) {
        let response = self.finish().await;
        let code = serde_json::to_string(&code).unwrap();
        assert!(response.contains(&code), "{code}: {response}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn late_body_is_reauthorized() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let (brian, cleo, dora) = (
        app.create_member("brian", &tea).await,
        app.create_member("cleo", &tea).await,
        app.create_member("dora", &tea).await,
    );
    let [brians, cleos, doras] =
        [brian.start_post(&tea).await, cleo.start_post(&tea).await, dora.start_post(&tea).await];
    ada.set_status(&tea, &brian, MembershipStatus::Banned).await.assert_status(200);
    cleo.post("/auth/jwt/end/").await.assert_status(204);
    brians.finish_with_problem(ProblemCode::ChatNotFound).await;
    cleos.finish_with_problem(ProblemCode::SessionEnded).await;
    let response = doras.finish().await;
    assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
    let posted = ada.history(&tea, "").await.messages;
    let posted: Vec<_> =
        posted.iter().filter(|posted| posted.message == "still here").map(|posted| posted.user.id).collect();
    assert_eq!(posted, [dora.id]);
}
