//! Read positions.

use reqwest::Method;
use serde_json::json;
use shared::{
    chat_list::{MemberReadPosition, ReadPositionsResponse},
    id::{ChatId, Seq, UserId},
    member::MembershipStatus,
    problem::ProblemCode,
    socket::ServerFrame,
};

use crate::support::{Rejection, TestApp, TestChat, TestUser, WsClient, database};

impl TestUser {
    async fn read_positions(&self, uri: &str) -> Vec<(UserId, i64)> {
        let response = self.get(&format!("/api/chats/{uri}/read_position/")).await.assert_status(200);
        let positions = response.json::<ReadPositionsResponse>().positions;
        positions.into_iter().map(|MemberReadPosition { user_id, seq }| (user_id, seq.get())).collect()
    }
}

fn read_frame(chat_id: ChatId, user_id: UserId, seq: i64) -> ServerFrame {
    ServerFrame::Read { chat_id, user_id, seq: Seq::new(seq) }
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
    assert_eq!(brian.mark_read(&tea, Seq::new(7)).await.get(), 7);
    assert_eq!(brian.only_chat().await.unread, 5);
    assert_eq!(brian.mark_read(&tea, Seq::new(4)).await.get(), 7);
    assert_eq!(brian.mark_read(&tea, Seq::new(i64::MAX)).await.get(), 12);
    assert_eq!(brian.only_chat().await.unread, 0);
    assert_eq!(ada.read_positions(&tea).await, [(brian.id, 12), (ada.id, 1)]);
    brian.try_mark_read(&tea, Seq::new(-1)).await.assert_problem(ProblemCode::Invalid);
    let nothing = brian.request(&Method::PUT, &format!("/api/chats/{tea}/read_position/")).json(&json!({}));
    nothing.await.assert_problem(ProblemCode::Invalid);
}

#[tokio::test(flavor = "multi_thread")]
async fn socket_read_position_follows_same_rule() {
    let app = TestApp::spawn().await;
    let (ada, brian, tea) = chat_with_ten_messages(&app).await;
    let mut desktop = brian.open_socket_in(&tea).await;
    for (posted, stands) in [(7, 7), (4, 7), (i64::MAX, 12), (9, 12)] {
        desktop.mark_read(tea.id, Seq::new(posted)).await;
        desktop.sync().await;
        assert_eq!(ada.read_positions(&tea).await[0], (brian.id, stands), "after {posted}");
        assert_eq!(brian.only_chat().await.read_seq.get(), stands, "after {posted}");
    }
    ada.send_message(&tea, "and more").await;
    desktop.recv_changes().await;
    desktop.mark_read(tea.id, Seq::new(13)).await;
    desktop.sync().await;
    assert_eq!(
        brian.only_chat().await.read_seq.get(),
        13,
        "a position above the head does not block later ones"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn read_position_reaches_own_other_devices() {
    let app = TestApp::spawn().await;
    let (ada, brian, tea) = chat_with_ten_messages(&app).await;
    let (mut phone, mut desktop) = (brian.open_socket_in(&tea).await, brian.open_socket().await);
    let mut hers = ada.open_socket().await;
    phone.mark_read(tea.id, Seq::new(8)).await;
    assert_eq!(
        desktop.recv_event().await,
        read_frame(tea.id, brian.id, 8),
        "though the chat is not open there"
    );
    brian.mark_read(&tea, Seq::new(9)).await;
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
    brian.mark_read(&tea, Seq::new(12)).await;
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
    brian.mark_read(&tea, Seq::new(15)).await;
    assert!(
        matches!(here[0].recv_event().await, ServerFrame::Read { seq, .. } if seq.get() == 15),
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
    for seq in (3..=11).map(Seq::new) {
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
    assert_eq!((yours.read_seq.get(), yours.unread), (11, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn locked_membership_does_not_block_others() {
    let app = TestApp::spawn().await;
    let (ada, brian, tea) = chat_with_ten_messages(&app).await;
    let (mut hers, mut his) = (ada.open_socket_in(&tea).await, brian.open_socket_in(&tea).await);
    let mut sql = app.sql().await;
    let altering = sql.transaction().await.unwrap();
    altering.execute("SELECT FROM members WHERE user_id = $1 FOR UPDATE", &[&brian.id.get()]).await.unwrap();
    his.mark_read(tea.id, Seq::new(9)).await;
    his.sync().await;
    hers.mark_read(tea.id, Seq::new(8)).await;
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
    eve.try_mark_read(&tea, Seq::new(5)).await.assert_problem(ProblemCode::ChatNotFound);
    let mut hers = eve.open_socket().await;
    hers.mark_read(tea.id, Seq::new(5)).await;
    let Rejection { chat_id, problem, .. } = hers.recv_rejection().await;
    assert_eq!((chat_id, problem.code), (Some(tea.id), ProblemCode::ChatNotFound));
    brian.mark_read(&tea, Seq::new(9)).await;
    app.apply_status(&tea, &brian, MembershipStatus::Removed).await;
    brian.try_mark_read(&tea, Seq::new(10)).await.assert_problem(ProblemCode::ChatNotFound);
    assert_eq!(ada.read_positions(&tea).await, [(ada.id, 1)]);
}
