//! Guests: people without an account, who do nearly all that others do.

use backend::idle;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use shared::{
    credentials::Token,
    member::{Role, Standing},
    problem::{FieldCode, ProblemCode},
    socket::{ServerFrame, close},
    user::{Account, Begun, User},
};

use crate::app::{Answer, PASSWORD, Person, TestApp, fields};

impl TestApp {
    pub async fn guest(&self, display_name: &str) -> Person {
        let begin = self.web.post("/auth/guest/").json(&json!({ "display_name": display_name }));
        self.guest_of(&begin.await.is(201))
    }

    pub fn guest_of(&self, begun: &Answer) -> Person {
        let Begun { token, user: User { id, username: name, email, .. } } = begun.read();
        Person { id, name, email, token, web: self.web.clone() }
    }

    async fn long_ago(&self, guest: &Person) {
        let sql = self.sql().await;
        for moved in [
            "UPDATE sessions SET used_at = now() - interval '31 days' WHERE user_id = $1",
            "UPDATE users SET created_at = now() - interval '31 days' WHERE id = $1",
        ] {
            sql.execute(moved, &[&guest.id]).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn anybody_is_a_guest_under_a_name_of_their_own_or_a_friendly_one() {
    let app = TestApp::start().await;
    let named = json!({ "display_name": "Ada" });
    let ways = [
        (app.web.post("/auth/guest/").json(&named), Some("Ada")),
        (app.web.post("/auth/guest").form(&[("display_name", "Ada")]), Some("Ada")),
        (app.web.post("/auth/guest/").multipart(&[("display_name", "Ada")]), Some("Ada")),
        (app.web.post("/auth/guest/"), None),
        (app.web.post("/auth/guest/").json(&json!({ "display_name": null })), None),
        (app.web.post("/auth/guest/").json(&json!({ "display_name": "" })), None),
    ];
    for (call, name) in ways {
        let begun = call.await.is(201);
        let value = begun.value();
        assert_eq!(fields(&value), ["token", "user"]);
        let user: User = serde_json::from_value(value["user"].clone()).unwrap();
        let is_generated = |name: &str| name.split(' ').filter(|word| !word.is_empty()).count() == 2;
        assert!(name.map_or(is_generated(user.name()), |name| user.name() == name), "{user:?}");
        let tail = user.username.strip_prefix("guest-").unwrap_or_default();
        assert!(tail.len() == 8 && tail.bytes().all(|b| b.is_ascii_alphanumeric()), "{user:?}");
        assert!(user.guest && user.email.is_empty(), "{user:?}");
        let me: Account = app.guest_of(&begun).get("/auth/me/").await.is(200).read();
        assert_eq!((me.id, me.guest, me.display_name.as_str()), (user.id, true, user.name()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn display_names_follow_the_rules() {
    let app = TestApp::start().await;
    let guest = app.guest("Ada").await;
    let bad = [
        ("x".repeat(51), FieldCode::TooLong),
        ("a\nb".to_owned(), FieldCode::BadName),
        ("\u{202e}eve".to_owned(), FieldCode::BadName),
        (" ".to_owned(), FieldCode::Blank),
        ("a\0b".to_owned(), FieldCode::NullCharacter),
    ];
    for (name, code) in bad {
        let body = json!({ "display_name": name });
        for call in
            [app.web.post("/auth/guest/").json(&body), guest.call(&Method::PATCH, "/auth/me/").json(&body)]
        {
            let problem = call.await.refused(ProblemCode::Invalid);
            assert_eq!((problem.errors[0].field.as_str(), problem.errors[0].code), ("display_name", code));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_guests_at_once_are_twenty_people() {
    let app = TestApp::start().await;
    let guests = join_all((0..20).map(|_| app.guest("Ada"))).await;
    let mut names: Vec<_> = guests.iter().map(|guest| guest.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_starts_joins_and_talks_and_is_marked_as_one() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let mut listener = ada.listens_to(&tea).await;
    let guest = app.guest("Amber Otter").await;
    let joined = guest.joins(&tea).await;
    assert!(joined.user.guest && joined.user.display_name == "Amber Otter", "{joined:?}");
    let heard = listener.hears_changes().await.members.remove(0).user;
    assert_eq!((heard.name(), heard.guest), ("Amber Otter", true));
    guest.says(&tea, "tea?").await;
    let said = listener.hears_changes().await.messages.remove(0).user;
    assert_eq!((said.name(), said.guest, &said.username), ("Amber Otter", true, &guest.name));
    let own = guest.starts().await;
    ada.joins(&own).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_is_known_after_the_server_restarted() {
    let app = TestApp::start().await;
    let begun = app.web.post("/auth/guest/").json(&json!({ "display_name": "Ada" })).await.is(201);
    let guest = app.guest_of(&begun);
    let tea = guest.starts().await;
    app.stop().await;
    let url = crate::database::url(&app.database);
    let again =
        TestApp::on(app.database.clone(), url, |config| config.data_dir = app.data.path().to_owned()).await;
    let guest = Person { web: again.web.clone(), ..guest };
    guest.says(&tea, "still me").await;
    let Token { token } = again.refresh(&begun.jar()).await.is(200).read();
    let tab = Person { token, ..guest };
    assert_eq!(tab.history(&tea, "").await.messages[0].user.name(), "Ada");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_takes_an_account_is_refused_to_guests_and_changes_nothing() {
    let app = TestApp::start().await;
    let guest = app.guest("Ada").await;
    let before = guest.get("/auth/me/").await.is(200).value();
    let calls: [(Method, &str, Value); 5] = [
        (Method::POST, "/auth/password/", json!({ "new_password": PASSWORD, "current_password": "x" })),
        (Method::POST, "/auth/username/", json!({ "new_username": "ada", "current_password": "x" })),
        (Method::POST, "/auth/users/delete/", json!({ "current_password": "x" })),
        (Method::PUT, "/auth/me/", json!({ "email": "ada@example.org" })),
        (Method::PATCH, "/auth/me/", json!({ "email": "ada@example.org", "display_name": "Eve" })),
    ];
    for (method, path, body) in calls {
        guest.call(&method, path).json(&body).await.refused(ProblemCode::AccountNeeded);
    }
    assert_eq!(guest.get("/auth/me/").await.is(200).value(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_display_name_is_one_change_that_everyone_hears() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let guest = app.guest("Amber Otter").await;
    guest.joins(&tea).await;
    guest.says(&tea, "tea?").await;
    let mut listener = ada.listens_to(&tea).await;
    let renames = async |person: &Person, name: &str| {
        let change = json!({ "display_name": name });
        person.call(&Method::PATCH, "/auth/me/").json(&change).await.is(200).read::<Account>()
    };
    assert_eq!(renames(&guest, "Brian").await.display_name, "Brian");
    let changes = listener.hears_changes().await;
    assert_eq!((changes.members[0].user.name(), changes.head - changes.after), ("Brian", 1));
    assert_eq!(ada.history(&tea, "").await.messages[0].user.name(), "Brian");
    // The same again is no change.
    renames(&guest, "Brian").await;
    assert_eq!(renames(&ada, "Countess").await.email, "ada@example.org");
    let changes = listener.hears_changes().await;
    assert_eq!((changes.members[0].user.name(), changes.head - changes.after), ("Countess", 1));
    let replaced = json!({ "email": "", "display_name": "" });
    ada.call(&Method::PUT, "/auth/me/").json(&replaced).await.is(200);
    assert_eq!(listener.hears_changes().await.members[0].user.name(), "ada");
    assert_eq!(fields(&ada.get("/auth/me/").await.value()), ["email", "id", "username"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_who_is_not_seen_for_thirty_days_leaves_and_what_they_said_stays_under_their_name() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let guest = app.guest("Amber Otter").await;
    guest.joins(&tea).await;
    guest.says(&tea, "tea?").await;
    let sql = "UPDATE messages SET created_at = now() - interval '31 days'";
    app.sql().await.execute(sql, &[]).await.unwrap();
    app.long_ago(&guest).await;
    let mut listener = ada.listens_to(&tea).await;
    let mut ghost = guest.listens().await;
    assert_eq!(idle::remove_guests(&app.app).await.unwrap(), 1);
    let changes = listener.hears_changes().await;
    let left = &changes.members[0];
    assert_eq!((left.user.id, left.standing, left.user.name()), (guest.id, Standing::Left, "Amber Otter"));
    assert_eq!(changes.head - changes.after, 1);
    assert_eq!(ada.history(&tea, "").await.messages[0].user.name(), "Amber Otter");
    guest.get("/auth/me/").await.refused(ProblemCode::SessionEnded);
    while ghost.hears_text_or_close().await != Err(close::REMOVED) {}
    let gone = "SELECT count(*) FROM users WHERE guest AND deleted_at IS NOT NULL AND username_key IS NULL";
    assert_eq!(app.count(gone).await, 1);
    assert_eq!(app.count("SELECT count(*) FROM sessions WHERE ended_at IS NOT NULL").await, 1);
    assert_eq!(idle::remove_guests(&app.app).await.unwrap(), 0, "once");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_here_or_spoke_in_thirty_days_or_has_an_account_stays() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let (speaking, seen, gone) = (app.guest("A").await, app.guest("B").await, app.guest("C").await);
    speaking.joins(&tea).await;
    speaking.says(&tea, "tea?").await;
    for person in [&ada, &speaking, &seen, &gone] {
        app.long_ago(person).await;
    }
    let seen_again = "UPDATE sessions SET used_at = now() - interval '29 days' WHERE user_id = $1";
    app.sql().await.execute(seen_again, &[&seen.id]).await.unwrap();
    assert_eq!(idle::remove_guests(&app.app).await.unwrap(), 1);
    for person in [&speaking, &seen] {
        person.get("/auth/me/").await.is(200);
    }
    gone.get("/auth/me/").await.refused(ProblemCode::SessionEnded);
    assert_eq!(app.count("SELECT count(*) FROM users WHERE deleted_at IS NOT NULL").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chats_of_a_guest_who_is_not_seen_any_more_are_somebody_elses() {
    let app = TestApp::start().await;
    let guest = app.guest("Amber Otter").await;
    let tea = guest.starts().await;
    let (brian, mia) = (app.person("brian").await, app.person("mia").await);
    brian.joins(&tea).await;
    mia.joins(&tea).await;
    let moderate = json!({ "role": "moderator" });
    guest.call(&Method::PUT, &format!("/api/chats/{tea}/members/{}/", mia.id)).json(&moderate).await.is(200);
    app.sql()
        .await
        .batch_execute("UPDATE messages SET created_at = now() - interval '31 days'")
        .await
        .unwrap();
    app.long_ago(&guest).await;
    let mut listener = mia.listens_to(&tea).await;
    assert_eq!(idle::remove_guests(&app.app).await.unwrap(), 1);
    let mut owner = None;
    while owner.is_none() {
        // Her own sockets hear of her new place, too.
        if let ServerFrame::Changes(changes) = listener.hears().await {
            let mut members = changes.members.into_iter();
            owner = members.find(|member| member.role == Role::Owner && member.standing.is_in());
        }
    }
    assert_eq!(owner.unwrap().user.id, mia.id, "the moderator");
    mia.call(&Method::PATCH, &format!("/api/chats/{tea}/settings/"))
        .json(&json!({ "closed": true }))
        .await
        .is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_round_removes_no_more_than_a_hundred() {
    let app = TestApp::start().await;
    let many = "INSERT INTO users (username, username_key, guest, created_at) \
                SELECT 'g' || i, 'g' || i, true, now() - interval '31 days' FROM generate_series(1, 120) AS i";
    app.sql().await.execute(many, &[]).await.unwrap();
    assert_eq!(idle::remove_guests(&app.app).await.unwrap(), 100);
    assert_eq!(idle::remove_guests(&app.app).await.unwrap(), 20);
}
