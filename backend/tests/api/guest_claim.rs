//! Turning a guest into an account.

use futures_util::future::{join, join_all};
use serde_json::json;
use shared::{
    credentials::AccessToken,
    problem::{FieldCode, ProblemCode},
    socket::close,
    user::{Account, SessionCreated},
};

use crate::support::{ApiRequest, PASSWORD, TestApp, TestUser};

fn claim(guest: &TestUser, name: &str) -> ApiRequest {
    guest.post("/auth/claim/").json(&json!({ "username": name, "password": PASSWORD }))
}

#[tokio::test(flavor = "multi_thread")]
async fn claimed_account_keeps_chats_and_messages() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let guest = app.create_guest("").await;
    guest.join(&tea).await;
    guest.send_message(&tea, "tea?").await;
    let own = guest.create_chat().await;
    let mut listener = ada.open_socket_in(&tea).await;
    let body = json!({ "username": "Brian", "password": PASSWORD, "email": "brian@example.org" });
    let response = guest.post("/auth/claim/").json(&body).await.assert_status(200);
    let SessionCreated { token, user } = response.json();
    assert_eq!((user.id, user.username.as_str(), user.guest), (guest.id, "Brian", false));
    assert_eq!(user.email, "brian@example.org");
    let max_age = response.cookie("chatire_refresh").1;
    assert!(max_age.ends_with("; Max-Age=2592000"), "{max_age}");
    let changes = listener.recv_changes().await;
    let told = &changes.members[0].user;
    assert_eq!((told.username.as_str(), told.guest, told.email.as_str()), ("Brian", false, ""));
    assert_eq!(changes.head.get() - changes.after.get(), 1);
    assert_eq!(
        ada.history(&tea, "").await.messages[0].user,
        *told,
        "what was said stands under the new name"
    );
    let brian = TestUser { token, name: "Brian".to_owned(), ..guest };
    brian.send_message(&own, "mine").await;
    brian.send_message(&tea, "it is me").await;
    assert_eq!(listener.recv_changes().await.messages[0].user.username, "Brian");
    let again: AccessToken = app.sign_in("brian").await.assert_status(200).json();
    let elsewhere = TestUser { token: again.token, ..brian };
    assert_eq!(elsewhere.history(&tea, "").await.messages.len(), 2);
    let me: Account = elsewhere.get("/auth/me/").await.assert_status(200).json();
    assert_eq!((me.guest, me.email.as_str()), (false, "brian@example.org"));
    let renamed = json!({ "new_username": "bryan", "current_password": PASSWORD });
    elsewhere.post("/auth/username/").json(&renamed).await.assert_status(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn claiming_ends_all_guest_sessions() {
    let app = TestApp::spawn().await;
    let started = app.http.post("/auth/guest/").await.assert_status(201);
    let guest = app.guest_from(&started);
    let tab: AccessToken = app.refresh(&started.cookies()).await.assert_status(200).json();
    let mut socket = guest.open_socket().await;
    let claimed = claim(&guest, "ada").await.assert_status(200);
    assert_eq!(socket.recv_close().await, close::TOKEN_EXPIRED);
    for token in [&guest.token, &tab.token] {
        let old = TestUser { token: token.clone(), ..guest.clone() };
        old.get("/auth/me/").await.assert_problem(ProblemCode::SessionEnded);
    }
    app.refresh(&started.cookies()).await.assert_problem(ProblemCode::TokenRejected);
    app.refresh(&claimed.cookies()).await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn rejected_claim_changes_nothing() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let guest = app.create_guest("Amber Otter").await;
    guest.join(&tea).await;
    let head = ada.history(&tea, "").await.head;
    let bad = [
        (json!({ "username": "ADA", "password": PASSWORD }), "username", FieldCode::UsernameTaken),
        (json!({ "username": "a b", "password": PASSWORD }), "username", FieldCode::InvalidUsername),
        (json!({ "username": "eve", "password": "password" }), "password", FieldCode::CommonPassword),
        (json!({ "username": "eve", "password": "short" }), "password", FieldCode::TooShort),
        (json!({ "username": "eve", "password": PASSWORD, "email": "x" }), "email", FieldCode::InvalidEmail),
    ];
    for (body, field, code) in bad {
        let problem = guest.post("/auth/claim/").json(&body).await.assert_problem(ProblemCode::Invalid);
        let found: Vec<_> = problem.errors.iter().map(|error| (error.field.as_str(), error.code)).collect();
        assert_eq!(found, [(field, code)]);
    }
    let me: Account = guest.get("/auth/me/").await.assert_status(200).json();
    assert_eq!((me.guest, me.username), (true, guest.name.clone()));
    assert_eq!(ada.history(&tea, "").await.head, head);
    claim(&guest, "eve").await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_claims_grant_a_username_once() {
    let app = TestApp::spawn().await;
    let guests = join_all((0..10).map(|_| app.create_guest(""))).await;
    let responses = join_all(guests.iter().map(|guest| async { claim(guest, "ada").await })).await;
    let mut won = 0;
    for (guest, response) in guests.iter().zip(responses) {
        if response.status == 200 {
            won += 1;
            guest.get("/auth/me/").await.assert_problem(ProblemCode::SessionEnded);
        } else {
            let problem = response.assert_problem(ProblemCode::Invalid);
            assert_eq!(problem.errors[0].code, FieldCode::UsernameTaken);
            assert!(guest.get("/auth/me/").await.assert_status(200).json::<Account>().guest);
        }
    }
    assert_eq!(won, 1);
    assert_eq!(
        app.query_count("SELECT count(*) FROM users WHERE username_key = 'ada' AND NOT guest").await,
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_claims_of_a_guest_create_one_account() {
    let app = TestApp::spawn().await;
    let guest = app.create_guest("").await;
    let (one, other) = join(claim(&guest, "ada").into_future(), claim(&guest, "brian").into_future()).await;
    let (won, lost) = if one.status == 200 { (one, other) } else { (other, one) };
    won.assert_status(200);
    assert!([401, 403, 409].contains(&lost.status), "{lost:?}");
    assert_eq!(app.query_count("SELECT count(*) FROM sessions WHERE ended_at IS NULL").await, 1);
    assert_eq!(app.query_count("SELECT count(*) FROM users").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn claim_is_forbidden_for_accounts() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    claim(&ada, "brian").await.assert_problem(ProblemCode::Forbidden);
    assert_eq!(ada.get("/auth/me/").await.assert_status(200).json::<Account>().username, "ada");
}
