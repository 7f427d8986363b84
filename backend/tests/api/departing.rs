//! Accounts that are deleted: what stays, what goes, and what becomes of their chats.

use shared::{
    event::Event,
    member::{Role, Standing},
    problem::ProblemCode,
};

use crate::{
    app::{Person, TestApp},
    keeping::events,
};

impl TestApp {
    /// How many rows of all tables hold a text anywhere.
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
async fn what_they_said_stays_and_everything_else_goes() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let zebulon = app.joiner("zebulon", &tea).await;
    zebulon.says(&tea, "my words").await;
    // Whatever names them in what was done.
    ada.give_role(&tea, &zebulon, Role::Moderator).await.is(200);
    zebulon.set(&tea, &serde_json::json!({ "topic": "green" })).await.is(200);
    app.sign_in("zebulon").header("user-agent", "zebulons-own/1.0").await.is(200);
    assert!(!app.traces("zebulon").await.is_empty());
    let mut listener = ada.listens_to(&tea).await;
    assert!(ada.history(&tea, "").await.messages.len() > 2, "and is in memory");

    zebulon.leaves_for_good().await;
    assert_eq!(app.traces("zebulon").await, []);
    let heard = listener.hears_changes().await;
    let gone = &heard.members[0];
    assert_eq!((gone.user.username.as_str(), gone.standing), ("deleted account", Standing::Left));
    let page = ada.history(&tea, "").await;
    let said = page.messages.iter().find(|message| message.message == "my words").unwrap();
    assert_eq!(said.user.username, "deleted account");
    let named: Vec<_> = page
        .messages
        .iter()
        .filter_map(|message| message.event.clone()?.who_mut().map(|who| who.name.clone()))
        .collect();
    assert_eq!(named, ["deleted account"], "nobody else is named");
    let audit = ada.audit(&tea).await;
    assert_eq!(audit.len(), 2, "what was done stays known");
    assert_eq!(ada.joins(&tea).await.members.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_whose_owner_is_gone_is_somebody_else_s() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let alone = ada.starts().await;
    let (brian, eve) = (app.joiner("brian", &tea).await, app.joiner("eve", &tea).await);
    ada.give_role(&tea, &eve, Role::Moderator).await.is(200);
    let mut listener = brian.listens_to(&tea).await;
    ada.leaves_for_good().await;
    assert_eq!(listener.hears_changes().await.members[0].standing, Standing::Left);
    let lines = events(&listener.hears_changes().await);
    assert!(
        matches!(&lines[..], [(id, Event::HandedOver { who })] if *id == ada.id && who.id == eve.id),
        "{lines:?}"
    );
    let owner = eve.joins(&tea).await.members.remove(0);
    assert_eq!((owner.user.id, owner.role), (eve.id, Role::Owner));
    eve.set(&tea, &serde_json::json!({ "closed": true })).await.is(200);
    brian.get(&format!("/api/chats/{alone}/messages/")).await.refused(ProblemCode::ChatNotFound);
    assert_eq!(app.count("SELECT count(*) FROM members WHERE role = 'owner' AND standing = 'in'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_that_could_not_be_handed_over_is_handed_over_later() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let brian = app.joiner("brian", &tea).await;
    // As a server that was killed in between leaves it.
    app.run("UPDATE members SET standing = 'left' WHERE role = 'owner'").await;
    app.run("UPDATE users SET deleted_at = now(), username_key = NULL WHERE username = 'ada'").await;
    backend::departing::settle(&app.app).await.unwrap();
    let owner = brian.joins(&tea).await.members.remove(0);
    assert_eq!((owner.user.id, owner.role), (brian.id, Role::Owner));
    backend::departing::settle(&app.app).await.unwrap();
    assert_eq!(app.count("SELECT count(*) FROM messages WHERE event IS NOT NULL").await, 1, "and once");
    drop(ada);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_named_is_named_as_they_are_called_now() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let mut brian = app.joiner("brian", &tea).await;
    ada.give_role(&tea, &brian, Role::Reader).await.is(200);
    brian.renames_to("bryan").await;
    let names = |person: &Person| {
        let (person, tea) = (person.clone(), tea.clone());
        async move {
            let page = person.history(&tea, "?before=100").await;
            let audit = person.audit(&tea).await;
            let events = page.messages.into_iter().filter_map(|message| message.event);
            let events = events.chain(audit.into_iter().map(|(_, event)| event));
            events.filter_map(|mut event| event.who_mut().map(|who| who.name.clone())).collect::<Vec<_>>()
        }
    };
    assert_eq!(names(&ada).await, ["bryan", "bryan"]);
}
