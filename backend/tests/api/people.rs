//! What the server remembers of people is never older than what they did.

use shared::{problem::ProblemCode, user::Account};

use crate::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn the_token_of_a_deleted_account_stops_working_at_once() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let brian = app.person("brian").await;
    brian.joins(&tea).await;
    // By now the server knows him well.
    brian.says(&tea, "tea?").await;
    brian.history(&tea, "").await;
    brian.leaves_for_good().await;
    let calls = [
        brian.get("/auth/me/"),
        brian.post("/auth/tickets/"),
        brian.post("/api/chats/"),
        brian.join(&tea),
        brian.say(&tea, "still here?"),
        brian.get(&format!("/api/chats/{tea}/messages/")),
        brian.get(&format!("/api/chats/{tea}/changes/")),
        brian.follow(&tea),
    ];
    for call in calls {
        call.await.refused(ProblemCode::SessionEnded);
    }
    assert_eq!(ada.history(&tea, "").await.messages.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_name_and_a_new_address_show_at_once() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let mut brian = app.person("brian").await;
    brian.joins(&tea).await;
    let mut listener = ada.listens_to(&tea).await;
    for name in ["bryan", "ryan", "brian"] {
        brian.says(&tea, "warm").await;
        listener.hears_changes().await;
        brian.renames_to(name).await;
        assert_eq!(listener.hears_changes().await.members[0].user.username, name);
        assert_eq!(brian.get("/auth/me/").await.read::<Account>().username, name);
        let posted = brian.says(&tea, "who am I?").await.stored;
        assert_eq!(posted.user.username, name);
        assert_eq!(listener.hears_changes().await.messages[0].user.username, name);
        let page = ada.history(&tea, "").await;
        let mut names = page.messages.iter().map(|message| message.user.username.as_str());
        assert!(names.all(|known| known == name));
        let joined = brian.joins(&tea).await;
        assert_eq!(joined.user.username, name);
    }
    let change = serde_json::json!({ "email": "new@example.org" });
    brian.call(&reqwest::Method::PUT, "/auth/me/").json(&change).await.is(200);
    assert_eq!(brian.get("/auth/me/").await.read::<Account>().email, "new@example.org");
    assert_eq!(brian.says(&tea, "mine").await.stored.user.email, "new@example.org");
}
