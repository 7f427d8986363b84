//! The cache of users and memberships is never stale.

use shared::{problem::ProblemCode, user::Account};

use crate::support::TestApp;

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
