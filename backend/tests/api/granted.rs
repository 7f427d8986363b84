//! What is granted to a request is granted to all of it, also where its body comes late.

use shared::{member::Standing, problem::ProblemCode};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::{
    app::{Person, TestApp},
    listener::BOUND,
};

const BODY: &str = r#"{ "message": "still here" }"#;

/// A post whose body has not come yet.
struct Begun(TcpStream);

impl Person {
    async fn begins_to_say(&self, uri: &str) -> Begun {
        let mut stream = TcpStream::connect(&self.web.address).await.unwrap();
        let head = format!(
            "POST /api/chats/{uri}/messages/ HTTP/1.1\r\nHost: localhost\r\nAuthorization: JWT {}\r\n\
             Connection: close\r\nExpect: 100-continue\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n",
            self.token,
            BODY.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut told = [0; "HTTP/1.1 100 Continue\r\n\r\n".len()];
        timeout(BOUND, stream.read_exact(&mut told)).await.expect("it may go on").unwrap();
        assert!(told.starts_with(b"HTTP/1.1 100 "), "{}", String::from_utf8_lossy(&told));
        Begun(stream)
    }
}

impl Begun {
    /// What comes of it.
    async fn goes_on(mut self) -> String {
        self.0.write_all(BODY.as_bytes()).await.unwrap();
        let mut answer = String::new();
        timeout(BOUND, self.0.read_to_string(&mut answer)).await.expect("an answer in time").unwrap();
        answer
    }

    async fn meets(self, code: ProblemCode) {
        let answer = self.goes_on().await;
        let code = serde_json::to_string(&code).unwrap();
        assert!(answer.contains(&code), "{code}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_sent_out_or_signed_out_while_their_words_are_on_their_way_says_nothing() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let (brian, cleo, dora) =
        (app.joiner("brian", &tea).await, app.joiner("cleo", &tea).await, app.joiner("dora", &tea).await);
    let [of_brian, of_cleo, of_dora] =
        [brian.begins_to_say(&tea).await, cleo.begins_to_say(&tea).await, dora.begins_to_say(&tea).await];
    ada.put_out(&tea, &brian, Standing::Banned).await.is(200);
    cleo.post("/auth/jwt/end/").await.is(204);
    of_brian.meets(ProblemCode::ChatNotFound).await;
    of_cleo.meets(ProblemCode::SessionEnded).await;
    let answer = of_dora.goes_on().await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let said = ada.history(&tea, "").await.messages;
    let said: Vec<_> =
        said.iter().filter(|said| said.message == "still here").map(|said| said.user.id).collect();
    assert_eq!(said, [dora.id]);
}
