//! Read positions.

use reqwest::Method;
use serde_json::json;
use shared::{
    chat_list::{MemberReadPosition, ReadPositionsResponse},
    member::MembershipStatus,
    problem::ProblemCode,
    socket::ServerFrame,
};

use crate::support::{Rejection, TestApp, TestChat, TestUser, WsClient, database};

impl TestUser {
    async fn read_positions(&self, uri: &str) -> Vec<(i64, i64)> {
        let response = self.get(&format!("/api/chats/{uri}/read_position/")).await.assert_status(200);
        let positions = response.json::<ReadPositionsResponse>().positions;
        positions.into_iter().map(|MemberReadPosition { user_id: user, seq }| (user, seq)).collect()
    }
}

fn read_frame(chat_id: i64, user_id: i64, seq: i64) -> ServerFrame {
    ServerFrame::Read { chat_id, user_id, seq }
}

/// Ada and Brian in a chat with ten messages of Ada's; the head is 12.
async fn chat_with_ten_messages(app: &TestApp) -> (TestUser, TestUser, TestChat) {
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_user("brian").await;
    brian.join(&tea).await;
    ada.send_messages(&tea, "tea?", 10).await;
    (ada, brian, tea)
}

#[tokio::test(flavor = "multi_thread")]
async fn read_position_is_monotonic_and_capped() {
    let app = TestApp::spawn().await;
    let (ada, brian, tea) = chat_with_ten_messages(&app).await;
    assert_eq!(brian.read_positions(&tea).await, [(brian.id, 2), (ada.id, 1)]);
    assert_eq!(brian.mark_read(&tea, 7).await, 7);
    assert_eq!(brian.only_chat().await.unread, 5);
    assert_eq!(brian.mark_read(&tea, 4).await, 7);
    assert_eq!(brian.mark_read(&tea, i64::MAX).await, 12);
    assert_eq!(brian.only_chat().await.unread, 0);
    assert_eq!(ada.read_positions(&tea).await, [(brian.id, 12), (ada.id, 1)]);
    brian.try_mark_read(&tea, -1).await.assert_problem(ProblemCode::Invalid);
    let nothing = brian.request(&Method::PUT, &format!("/api/chats/{tea}/read_position/")).json(&json!({}));
    nothing.await.assert_problem(ProblemCode::Invalid);
}

#[tokio::test(flavor = "multi_thread")]
async fn socket_read_position_follows_same_rule() {
    let app = TestApp::spawn().await;
    let (ada, brian, tea) = chat_with_ten_messages(&app).await;
    let mut desktop = brian.open_socket_in(&tea).await;
    for (posted, stands) in [(7, 7), (4, 7), (-5, 7), (i64::MAX, 12), (9, 12)] {
        desktop.mark_read(tea.id, posted).await;
        desktop.sync().await;
        assert_eq!(ada.read_positions(&tea).await[0], (brian.id, stands), "after {posted}");
        assert_eq!(brian.only_chat().await.read_seq, stands, "after {posted}");
    }
    ada.send_message(&tea, "and more").await;
    desktop.recv_changes().await;
    desktop.mark_read(tea.id, 13).await;
    desktop.sync().await;
    assert_eq!(brian.only_chat().await.read_seq, 13, "a position above the head does not block later ones");
}

#[tokio::test(flavor = "multi_thread")]
async fn read_position_reaches_own_other_devices() {
    let app = TestApp::spawn().await;
    let (ada, brian, tea) = chat_with_ten_messages(&app).await;
    let (mut phone, mut desktop) = (brian.open_socket_in(&tea).await, brian.open_socket().await);
    let mut hers = ada.open_socket().await;
    phone.mark_read(tea.id, 8).await;
    assert_eq!(
        desktop.recv_event().await,
        read_frame(tea.id, brian.id, 8),
        "though the chat is not open there"
    );
    brian.mark_read(&tea, 9).await;
    for device in [&mut phone, &mut desktop] {
        assert_eq!(device.recv_event().await, read_frame(tea.id, brian.id, 9));
    }
    assert!(phone.recv_pending().await.is_empty(), "the sender gets no echo");
    assert!(hers.recv_pending().await.is_empty(), "sockets without the chat open get nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn large_chat_gets_no_read_positions() {
    let app = TestApp::spawn().await;
    let (ada, brian, tea) = chat_with_ten_messages(&app).await;
    let mut here = vec![ada.open_socket_in(&tea).await, brian.open_socket_in(&tea).await];
    for number in 3..=21 {
        let person = app.create_user(&format!("person{number}")).await;
        person.join(&tea).await;
        here.push(person.open_socket_in(&tea).await);
    }
    here[0].wait_for_presence(21).await;
    brian.mark_read(&tea, 12).await;
    assert_eq!(ada.read_positions(&tea).await.len(), 21);
    // The next presence frame comes after the heartbeat that would have sent it.
    here.pop().unwrap().close().await;
    let told = async |listener: &mut WsClient| loop {
        match listener.recv().await {
            ServerFrame::Presence { count: 20, .. } => return false,
            ServerFrame::Read { .. } => return true,
            _ => {}
        }
    };
    assert!(!told(&mut here[0]).await);
    brian.mark_read(&tea, 15).await;
    assert!(
        matches!(here[0].recv_event().await, ServerFrame::Read { seq: 15, .. }),
        "they are sent to twenty"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn read_position_survives_restart() {
    let database = database::create().await;
    let url = database::url(&database);
    let app = TestApp::spawn_on(database.clone(), url.clone(), |_| ()).await;
    let (_, brian, tea) = chat_with_ten_messages(&app).await;
    let mut phone = brian.open_socket_in(&tea).await;
    for seq in 3..=11 {
        phone.mark_read(tea.id, seq).await;
    }
    phone.sync().await;
    app.shut_down().await;
    assert_eq!(
        app.query_count(&format!("SELECT read_seq FROM members WHERE user_id = {}", brian.id)).await,
        11
    );
    let again = TestApp::spawn_on(database, url, |_| ()).await;
    let token = again.create_session_token(brian.id).await;
    let brian = TestUser { token, http: again.http.clone(), ..brian };
    let yours = brian.only_chat().await;
    assert_eq!((yours.read_seq, yours.unread), (11, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn locked_membership_does_not_block_others() {
    let app = TestApp::spawn().await;
    let (ada, brian, tea) = chat_with_ten_messages(&app).await;
    let (mut hers, mut his) = (ada.open_socket_in(&tea).await, brian.open_socket_in(&tea).await);
    let mut sql = app.sql().await;
    let altering = sql.transaction().await.unwrap();
    altering.execute("SELECT FROM members WHERE user_id = $1 FOR UPDATE", &[&brian.id]).await.unwrap();
    his.mark_read(tea.id, 9).await;
    his.sync().await;
    hers.mark_read(tea.id, 8).await;
    hers.sync().await;
    assert_eq!(ada.read_positions(&tea).await, [(ada.id, 8), (brian.id, 2)]);
    altering.commit().await.unwrap();
    assert_eq!(ada.read_positions(&tea).await, [(brian.id, 9), (ada.id, 8)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn non_member_cannot_set_read_position() {
    let app = TestApp::spawn().await;
    let (ada, brian, tea) = chat_with_ten_messages(&app).await;
    let eve = app.create_user("eve").await;
    eve.try_mark_read(&tea, 5).await.assert_problem(ProblemCode::ChatNotFound);
    let mut hers = eve.open_socket().await;
    hers.mark_read(tea.id, 5).await;
    let Rejection { chat_id, problem, .. } = hers.recv_rejection().await;
    assert_eq!((chat_id, problem.code), (Some(tea.id), ProblemCode::ChatNotFound));
    brian.mark_read(&tea, 9).await;
    app.apply_status(&tea, &brian, MembershipStatus::Removed).await;
    brian.try_mark_read(&tea, 10).await.assert_problem(ProblemCode::ChatNotFound);
    assert_eq!(ada.read_positions(&tea).await, [(ada.id, 1)]);
}
