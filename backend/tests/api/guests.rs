//! Guests: users without an account.

use backend::jobs::guest_cleanup;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use shared::{
    credentials::AccessToken,
    member::{MembershipStatus, Role},
    problem::{FieldCode, ProblemCode},
    socket::{ServerFrame, close},
    user::{Account, User},
};

use crate::support::{PASSWORD, TestApp, TestUser, field_names};

impl TestApp {
    async fn age_user(&self, guest: &TestUser) {
        let sql = self.sql().await;
        for moved in [
            "UPDATE sessions SET used_at = now() - interval '31 days' WHERE user_id = $1",
            "UPDATE users SET created_at = now() - interval '31 days' WHERE id = $1",
        ] {
            sql.execute(moved, &[&guest.id.get()]).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn guest_gets_given_or_generated_name() {
    let app = TestApp::spawn().await;
    let named = json!({ "display_name": "Ada" });
    let ways = [
        (app.http.post("/auth/guest/").json(&named), Some("Ada")),
        (app.http.post("/auth/guest").form(&[("display_name", "Ada")]), Some("Ada")),
        (app.http.post("/auth/guest/").multipart(&[("display_name", "Ada")]), Some("Ada")),
        (app.http.post("/auth/guest/"), None),
        (app.http.post("/auth/guest/").json(&json!({ "display_name": null })), None),
        (app.http.post("/auth/guest/").json(&json!({ "display_name": "" })), None),
    ];
    for (request, name) in ways {
        let started = request.await.assert_status(201);
        let value = started.value();
        assert_eq!(field_names(&value), ["token", "user"]);
        let user: User = serde_json::from_value(value["user"].clone()).unwrap();
        let is_generated = |name: &str| name.split(' ').filter(|word| !word.is_empty()).count() == 2;
        assert!(name.map_or(is_generated(user.name()), |name| user.name() == name), "{user:?}");
        let tail = user.username.strip_prefix("guest-").unwrap_or_default();
        assert!(tail.len() == 8 && tail.bytes().all(|b| b.is_ascii_alphanumeric()), "{user:?}");
        assert!(user.guest && user.email.is_empty(), "{user:?}");
        let me: Account = app.guest_from(&started).get("/auth/me/").await.assert_status(200).json();
        assert_eq!((me.id, me.guest, me.display_name.as_str()), (user.id, true, user.name()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn display_name_rules_are_enforced() {
    let app = TestApp::spawn().await;
    let guest = app.create_guest("Ada").await;
    let bad = [
        ("x".repeat(51), FieldCode::TooLong),
        ("a\nb".to_owned(), FieldCode::InvalidName),
        ("\u{202e}eve".to_owned(), FieldCode::InvalidName),
        (" ".to_owned(), FieldCode::Blank),
        ("a\0b".to_owned(), FieldCode::NullCharacter),
    ];
    for (name, code) in bad {
        let body = json!({ "display_name": name });
        for request in [
            app.http.post("/auth/guest/").json(&body),
            guest.request(&Method::PATCH, "/auth/me/").json(&body),
        ] {
            let problem = request.await.assert_problem(ProblemCode::Invalid);
            assert_eq!((problem.errors[0].field.as_str(), problem.errors[0].code), ("display_name", code));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_guests_have_distinct_names() {
    let app = TestApp::spawn().await;
    let guests = join_all((0..20).map(|_| app.create_guest("Ada"))).await;
    let mut names: Vec<_> = guests.iter().map(|guest| guest.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn guest_can_chat_and_is_marked_as_guest() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut listener = ada.open_socket_in(&tea).await;
    let guest = app.create_guest("Amber Otter").await;
    let joined = guest.join(&tea).await;
    assert!(joined.user.guest && joined.user.display_name == "Amber Otter", "{joined:?}");
    let received = listener.recv_changes().await.members.remove(0).user;
    assert_eq!((received.name(), received.guest), ("Amber Otter", true));
    guest.send_message(&tea, "tea?").await;
    let posted = listener.recv_changes().await.messages.remove(0).user;
    assert_eq!((posted.name(), posted.guest, &posted.username), ("Amber Otter", true, &guest.name));
    let own = guest.create_chat().await;
    ada.join(&own).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guest_session_survives_restart() {
    let app = TestApp::spawn().await;
    let started =
        app.http.post("/auth/guest/").json(&json!({ "display_name": "Ada" })).await.assert_status(201);
    let guest = app.guest_from(&started);
    let tea = guest.create_chat().await;
    let again = app.restart().await;
    let guest = guest.with_server(&again);
    guest.send_message(&tea, "still me").await;
    let AccessToken { token } = again.refresh(&started.cookies()).await.assert_status(200).json();
    let tab = TestUser { token, ..guest };
    assert_eq!(tab.history(&tea, "").await.messages[0].user.name(), "Ada");
}

#[tokio::test(flavor = "multi_thread")]
async fn guest_cannot_change_account_data() {
    let app = TestApp::spawn().await;
    let guest = app.create_guest("Ada").await;
    let before = guest.get("/auth/me/").await.assert_status(200).value();
    let requests: [(Method, &str, Value); 5] = [
        (Method::POST, "/auth/password/", json!({ "new_password": PASSWORD, "current_password": "x" })),
        (Method::POST, "/auth/username/", json!({ "new_username": "ada", "current_password": "x" })),
        (Method::POST, "/auth/users/delete/", json!({ "current_password": "x" })),
        (Method::PUT, "/auth/me/", json!({ "email": "ada@example.org" })),
        (Method::PATCH, "/auth/me/", json!({ "email": "ada@example.org", "display_name": "Eve" })),
    ];
    for (method, path, body) in requests {
        guest.request(&method, path).json(&body).await.assert_problem(ProblemCode::AccountRequired);
    }
    assert_eq!(guest.get("/auth/me/").await.assert_status(200).value(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn display_name_change_is_one_change() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let guest = app.create_guest("Amber Otter").await;
    guest.join(&tea).await;
    guest.send_message(&tea, "tea?").await;
    let mut listener = ada.open_socket_in(&tea).await;
    let renames = async |person: &TestUser, name: &str| {
        let change = json!({ "display_name": name });
        person.request(&Method::PATCH, "/auth/me/").json(&change).await.assert_status(200).json::<Account>()
    };
    assert_eq!(renames(&guest, "Brian").await.display_name, "Brian");
    let changes = listener.recv_changes().await;
    assert_eq!((changes.members[0].user.name(), changes.head.get() - changes.after.get()), ("Brian", 1));
    assert_eq!(ada.history(&tea, "").await.messages[0].user.name(), "Brian");
    // The same name is no change.
    renames(&guest, "Brian").await;
    assert_eq!(renames(&ada, "Countess").await.email, "ada@example.org");
    let changes = listener.recv_changes().await;
    assert_eq!((changes.members[0].user.name(), changes.head.get() - changes.after.get()), ("Countess", 1));
    let replaced = json!({ "email": "", "display_name": "" });
    ada.request(&Method::PUT, "/auth/me/").json(&replaced).await.assert_status(200);
    assert_eq!(listener.recv_changes().await.members[0].user.name(), "ada");
    assert_eq!(field_names(&ada.get("/auth/me/").await.value()), ["email", "id", "username"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_guest_is_removed_and_messages_stay() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let guest = app.create_guest("Amber Otter").await;
    guest.join(&tea).await;
    guest.send_message(&tea, "tea?").await;
    let sql = "UPDATE messages SET created_at = now() - interval '31 days'";
    app.sql().await.execute(sql, &[]).await.unwrap();
    app.age_user(&guest).await;
    let mut listener = ada.open_socket_in(&tea).await;
    let mut ghost = guest.open_socket().await;
    assert_eq!(guest_cleanup::run_once(&app.state.account_removal).await.unwrap(), 1);
    let changes = listener.recv_changes().await;
    let left = &changes.members[0];
    assert_eq!(
        (left.user.id, left.status, left.user.name()),
        (guest.id, MembershipStatus::Left, "Amber Otter")
    );
    assert_eq!(changes.head.get() - changes.after.get(), 1);
    assert_eq!(ada.history(&tea, "").await.messages[0].user.name(), "Amber Otter");
    guest.get("/auth/me/").await.assert_problem(ProblemCode::SessionEnded);
    while ghost.recv_text_or_close().await != Err(close::ACCOUNT_DELETED) {}
    let gone = "SELECT count(*) FROM users WHERE guest AND deleted_at IS NOT NULL AND username_key IS NULL";
    assert_eq!(app.query_count(gone).await, 1);
    assert_eq!(app.query_count("SELECT count(*) FROM sessions WHERE ended_at IS NOT NULL").await, 1);
    assert_eq!(guest_cleanup::run_once(&app.state.account_removal).await.unwrap(), 0, "once");
}

#[tokio::test(flavor = "multi_thread")]
async fn active_guests_and_accounts_are_kept() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let (posting, seen, gone) =
        (app.create_guest("A").await, app.create_guest("B").await, app.create_guest("C").await);
    posting.join(&tea).await;
    posting.send_message(&tea, "tea?").await;
    for person in [&ada, &posting, &seen, &gone] {
        app.age_user(person).await;
    }
    let seen_again = "UPDATE sessions SET used_at = now() - interval '29 days' WHERE user_id = $1";
    app.sql().await.execute(seen_again, &[&seen.id.get()]).await.unwrap();
    assert_eq!(guest_cleanup::run_once(&app.state.account_removal).await.unwrap(), 1);
    for person in [&posting, &seen] {
        person.get("/auth/me/").await.assert_status(200);
    }
    gone.get("/auth/me/").await.assert_problem(ProblemCode::SessionEnded);
    assert_eq!(app.query_count("SELECT count(*) FROM users WHERE deleted_at IS NOT NULL").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn chats_of_removed_guest_get_new_owner() {
    let app = TestApp::spawn().await;
    let guest = app.create_guest("Amber Otter").await;
    let tea = guest.create_chat().await;
    let (brian, mia) = (app.create_user("brian").await, app.create_user("mia").await);
    brian.join(&tea).await;
    mia.join(&tea).await;
    let moderate = json!({ "role": "moderator" });
    guest
        .request(&Method::PUT, &format!("/api/chats/{tea}/members/{}/", mia.id))
        .json(&moderate)
        .await
        .assert_status(200);
    app.sql()
        .await
        .batch_execute("UPDATE messages SET created_at = now() - interval '31 days'")
        .await
        .unwrap();
    app.age_user(&guest).await;
    let mut listener = mia.open_socket_in(&tea).await;
    assert_eq!(guest_cleanup::run_once(&app.state.account_removal).await.unwrap(), 1);
    let mut owner = None;
    while owner.is_none() {
        // Her own sockets also get her new membership.
        if let ServerFrame::Changes(changes) = listener.recv_event().await {
            let mut members = changes.members.into_iter();
            owner = members.find(|member| member.role == Role::Owner && member.status.is_member());
        }
    }
    assert_eq!(owner.unwrap().user.id, mia.id, "the moderator");
    mia.request(&Method::PATCH, &format!("/api/chats/{tea}/settings/"))
        .json(&json!({ "closed": true }))
        .await
        .assert_status(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn guest_cleanup_removes_a_hundred_per_run() {
    let app = TestApp::spawn().await;
    let many = "INSERT INTO users (username, username_key, guest, created_at) \
                SELECT 'g' || i, 'g' || i, true, now() - interval '31 days' FROM generate_series(1, 120) AS i";
    app.sql().await.execute(many, &[]).await.unwrap();
    assert_eq!(guest_cleanup::run_once(&app.state.account_removal).await.unwrap(), 100);
    assert_eq!(guest_cleanup::run_once(&app.state.account_removal).await.unwrap(), 20);
}
