//! Deleted accounts: what stays, what is erased, and who gets their chats.

use shared::{
    event::Event,
    member::{MembershipStatus, Role},
    problem::ProblemCode,
};

use crate::support::{TestApp, TestUser, events_with_author};

impl TestApp {
    /// Counts the rows of each table that contain a text.
    async fn traces(&self, text: &str) -> Vec<(String, i64)> {
        let sql = self.sql().await;
        let tables = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'";
        let mut traces = Vec::new();
        for table in sql.query(tables, &[]).await.unwrap() {
            let table: String = table.get(0);
            let count = format!("SELECT count(*) FROM {table} AS row WHERE row::text ILIKE $1");
            let count: i64 = sql.query_one(&count, &[&format!("%{text}%")]).await.unwrap().get(0);
            if count > 0 {
                traces.push((table, count));
            }
        }
        traces
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn account_deletion_keeps_messages_only() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let zebulon = app.create_member("zebulon", &tea).await;
    zebulon.send_message(&tea, "my words").await;
    // Events and log entries that name the user.
    ada.set_role(&tea, &zebulon, Role::Moderator).await.assert_status(200);
    zebulon.update_settings(&tea, &serde_json::json!({ "topic": "green" })).await.assert_status(200);
    app.sign_in("zebulon").header("user-agent", "zebulons-own/1.0").await.assert_status(200);
    assert!(!app.traces("zebulon").await.is_empty());
    let mut listener = ada.open_socket_in(&tea).await;
    assert!(ada.history(&tea, "").await.messages.len() > 2, "the page is cached");

    zebulon.delete_account().await;
    assert_eq!(app.traces("zebulon").await, []);
    let received = listener.recv_changes().await;
    let gone = &received.members[0];
    assert_eq!((gone.user.username.as_str(), gone.status), ("deleted account", MembershipStatus::Left));
    let page = ada.history(&tea, "").await;
    let posted = page.messages.iter().find(|message| message.message == "my words").unwrap();
    assert_eq!(posted.user.username, "deleted account");
    let named: Vec<_> = page
        .messages
        .iter()
        .filter_map(|message| message.event.clone()?.target_mut().map(|who| who.name.clone()))
        .collect();
    assert_eq!(named, ["deleted account"], "no other name is shown");
    let audit = ada.audit_log(&tea).await;
    assert_eq!(audit.len(), 2, "log entries stay");
    assert_eq!(ada.join(&tea).await.members.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_owner_is_replaced_by_moderator() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let alone = ada.create_chat().await;
    let (brian, eve) = (app.create_member("brian", &tea).await, app.create_member("eve", &tea).await);
    ada.set_role(&tea, &eve, Role::Moderator).await.assert_status(200);
    let mut listener = brian.open_socket_in(&tea).await;
    ada.delete_account().await;
    assert_eq!(listener.recv_changes().await.members[0].status, MembershipStatus::Left);
    let lines = events_with_author(&listener.recv_changes().await);
    assert!(
        matches!(&lines[..], [(id, Event::OwnershipTransferred { target })] if *id == ada.id && target.id == eve.id),
        "{lines:?}"
    );
    let owner = eve.join(&tea).await.members.remove(0);
    assert_eq!((owner.user.id, owner.role), (eve.id, Role::Owner));
    eve.update_settings(&tea, &serde_json::json!({ "closed": true })).await.assert_status(200);
    brian.get(&format!("/api/chats/{alone}/messages/")).await.assert_problem(ProblemCode::ChatNotFound);
    assert_eq!(
        app.query_count("SELECT count(*) FROM members WHERE role = 'owner' AND status = 'member'").await,
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn interrupted_ownership_transfer_is_completed() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    // The state that a server killed in between leaves.
    app.execute_sql("UPDATE members SET status = 'left' WHERE role = 'owner'").await;
    app.execute_sql("UPDATE users SET deleted_at = now(), username_key = NULL WHERE username = 'ada'").await;
    app.state.account_removal.reassign_ownerless_chats().await.unwrap();
    let owner = brian.join(&tea).await.members.remove(0);
    assert_eq!((owner.user.id, owner.role), (brian.id, Role::Owner));
    app.state.account_removal.reassign_ownerless_chats().await.unwrap();
    assert_eq!(
        app.query_count("SELECT count(*) FROM messages WHERE event IS NOT NULL").await,
        1,
        "only one transfer event"
    );
    drop(ada);
}

#[tokio::test(flavor = "multi_thread")]
async fn event_targets_show_current_username() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut brian = app.create_member("brian", &tea).await;
    ada.set_role(&tea, &brian, Role::Reader).await.assert_status(200);
    brian.rename("bryan").await;
    let names = |user: &TestUser| {
        let (user, tea) = (user.clone(), tea.clone());
        async move {
            let page = user.history(&tea, "?before=100").await;
            let audit = user.audit_log(&tea).await;
            let events = page.messages.into_iter().filter_map(|message| message.event);
            let events = events.chain(audit.into_iter().map(|(_, event)| event));
            events.filter_map(|mut event| event.target_mut().map(|who| who.name.clone())).collect::<Vec<_>>()
        }
    };
    assert_eq!(names(&ada).await, ["bryan", "bryan"]);
}
