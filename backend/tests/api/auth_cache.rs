//! The cache of sessions, users and memberships: changes by this server are seen at once, those by other programs in time.

use std::time::Duration;

use shared::{problem::ProblemCode, socket::ServerFrame, user::Account};
use uuid::Uuid;

use crate::support::{TestApp, TestChat, TestUser, WsClient};

/// How long access to read may be cached, as SECURITY.md says.
const RECENT: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread")]
async fn deleted_account_token_is_rejected_everywhere() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_user("brian").await;
    brian.join(&tea).await;
    // Fill the caches.
    brian.send_message(&tea, "tea?").await;
    brian.history(&tea, "").await;
    brian.delete_account().await;
    let requests = [
        brian.get("/auth/me/"),
        brian.post("/auth/tickets/"),
        brian.post("/api/chats/"),
        brian.try_join(&tea),
        brian.try_send_message(&tea, "still here?"),
        brian.get(&format!("/api/chats/{tea}/messages/")),
        brian.get(&format!("/api/chats/{tea}/changes/")),
        brian.try_open_stream(&tea),
    ];
    for request in requests {
        request.await.assert_problem(ProblemCode::SessionEnded);
    }
    assert_eq!(ada.history(&tea, "").await.messages.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn renamed_user_is_shown_at_once() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut brian = app.create_user("brian").await;
    brian.join(&tea).await;
    let mut listener = ada.open_socket_in(&tea).await;
    for name in ["bryan", "ryan", "brian"] {
        brian.send_message(&tea, "warm").await;
        listener.recv_changes().await;
        brian.rename(name).await;
        assert_eq!(listener.recv_changes().await.members[0].user.username, name);
        assert_eq!(brian.get("/auth/me/").await.json::<Account>().username, name);
        let posted = brian.send_message(&tea, "who am I?").await.stored;
        assert_eq!(posted.user.username, name);
        assert_eq!(listener.recv_changes().await.messages[0].user.username, name);
        let page = ada.history(&tea, "").await;
        let mut names = page.messages.iter().map(|message| message.user.username.as_str());
        assert!(names.all(|known| known == name));
        let joined = brian.join(&tea).await;
        assert_eq!(joined.user.username, name);
    }
    let change = serde_json::json!({ "email": "new@example.org" });
    brian.request(&reqwest::Method::PUT, "/auth/me/").json(&change).await.assert_status(200);
    assert_eq!(brian.get("/auth/me/").await.json::<Account>().email, "new@example.org");
    assert_eq!(brian.send_message(&tea, "mine").await.stored.user.email, "new@example.org");
}

#[tokio::test(flavor = "multi_thread")]
async fn outside_removal_ends_reading_in_five_seconds() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let mut stream = brian.open_stream(&tea).await;
    let mut socket = brian.open_socket_in(&tea).await;
    brian.history(&tea, "").await;
    remove_outside(&app, &brian).await;
    app.advance_clock(RECENT);
    let paths = ["messages/", "messages/?before=9", "changes/", "read_position/", "events/"];
    for request in paths.map(|path| brian.get(&format!("/api/chats/{tea}/{path}"))) {
        request.await.assert_problem(ProblemCode::ChatNotFound);
    }
    socket.subscribe_by_id(tea.id, None, None).await;
    assert_eq!(socket.recv_rejection().await.problem.code, ProblemCode::ChatNotFound);
    assert_eq!(stream.next().await.expect("a last event").name, "goodbye");
    assert!(stream.next().await.is_none());
    assert_eq!(ada.history(&tea, "").await.messages.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn outside_end_of_session_is_seen_in_five_seconds() {
    for change in ["UPDATE sessions SET ended_at = now()", "UPDATE users SET deleted_at = now()"] {
        let app = TestApp::spawn().await;
        let (ada, tea) = app.ada_and_chat().await;
        ada.send_message(&tea, "tea?").await;
        app.execute_sql(change).await;
        app.advance_clock(RECENT);
        ada.get("/auth/me/").await.assert_problem(ProblemCode::SessionEnded);
        ada.try_send_message(&tea, "still here?").await.assert_problem(ProblemCode::SessionEnded);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn outside_permission_is_seen_in_five_seconds() {
    let app = TestApp::spawn().await;
    let (_ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let mut socket = brian.open_socket_in(&tea).await;
    for (refusing, permitting, code) in [
        ("UPDATE chats SET closed = true", "UPDATE chats SET closed = false", ProblemCode::ChatClosed),
        ("UPDATE members SET role = 'reader'", "UPDATE members SET role = 'writer'", ProblemCode::Forbidden),
    ] {
        app.execute_sql(refusing).await;
        app.advance_clock(RECENT);
        // Known again by reading.
        brian.history(&tea, "").await;
        brian.try_send_message(&tea, "tea?").await.assert_problem(code);
        app.execute_sql(permitting).await;
        app.advance_clock(RECENT);
        post(&mut socket, &tea).await.unwrap();
        brian.send_message(&tea, "tea?").await;
        socket.recv_changes().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn post_after_outside_removal_is_not_stored() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let mut socket = brian.open_socket_in(&tea).await;
    post(&mut socket, &tea).await.unwrap();
    remove_outside(&app, &brian).await;
    for passed in [Duration::ZERO, RECENT, Duration::from_mins(5), Duration::from_mins(10)] {
        app.advance_clock(passed);
        assert_eq!(post(&mut socket, &tea).await, Err(ProblemCode::ChatNotFound), "{passed:?}");
        brian.try_send_message(&tea, "still here?").await.assert_problem(ProblemCode::ChatNotFound);
    }
    ada.send_message(&tea, "only us").await;
    assert_eq!(ada.history(&tea, "").await.messages.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn quiet_member_posts_with_one_statement() {
    let (app, proxy) = TestApp::spawn_behind_proxy().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut socket = ada.open_socket_in(&tea).await;
    post(&mut socket, &tea).await.unwrap();
    app.advance_clock(Duration::from_mins(9));
    let before = proxy.statement_count();
    post(&mut socket, &tea).await.unwrap();
    assert_eq!(proxy.statement_count() - before, 1);
}

async fn remove_outside(app: &TestApp, user: &TestUser) {
    let removal = format!("UPDATE members SET status = 'removed' WHERE user_id = {}", user.id);
    app.execute_sql(&removal).await;
}

/// Posts by the socket, and receives the result and the message.
async fn post(socket: &mut WsClient, chat: &TestChat) -> Result<(), ProblemCode> {
    socket.post_message(chat.id, Uuid::new_v4(), "tea?").await;
    let (mut is_posted, mut is_received) = (false, false);
    while !is_posted || !is_received {
        match socket.recv_event().await {
            ServerFrame::Posted { .. } => is_posted = true,
            ServerFrame::Changes(_) => is_received = true,
            ServerFrame::Refused { problem, .. } => return Err(problem.code),
            other => panic!("expected the result of a post, got {other:?}"),
        }
    }
    Ok(())
}
