//! A guest becomes an account: everything follows, under a new session.

use futures_util::future::{join, join_all};
use serde_json::json;
use shared::{
    credentials::Token,
    problem::{FieldCode, ProblemCode},
    socket::close,
    user::{Account, Begun},
};

use crate::app::{Call, PASSWORD, Person, TestApp};

fn claim(guest: &Person, name: &str) -> Call {
    guest.post("/auth/claim/").json(&json!({ "username": name, "password": PASSWORD }))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_chat_and_every_message_follows_whoever_claims_an_account() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let guest = app.guest("").await;
    guest.joins(&tea).await;
    guest.says(&tea, "tea?").await;
    let own = guest.starts().await;
    let mut listener = ada.listens_to(&tea).await;
    let body = json!({ "username": "Brian", "password": PASSWORD, "email": "brian@example.org" });
    let answer = guest.post("/auth/claim/").json(&body).await.is(200);
    let Begun { token, user } = answer.read();
    assert_eq!((user.id, user.username.as_str(), user.guest), (guest.id, "Brian", false));
    assert_eq!(user.email, "brian@example.org");
    let max_age = answer.cookie("chatire_refresh").1;
    assert!(max_age.ends_with("; Max-Age=2592000"), "{max_age}");
    let changes = listener.hears_changes().await;
    let told = &changes.members[0].user;
    assert_eq!((told.username.as_str(), told.guest, told.email.as_str()), ("Brian", false, ""));
    assert_eq!(changes.head - changes.after, 1);
    assert_eq!(
        ada.history(&tea, "").await.messages[0].user,
        *told,
        "what was said stands under the new name"
    );
    let brian = Person { token, name: "Brian".to_owned(), ..guest };
    brian.says(&own, "mine").await;
    brian.says(&tea, "it is me").await;
    assert_eq!(listener.hears_changes().await.messages[0].user.username, "Brian");
    let again: Token = app.sign_in("brian").await.is(200).read();
    let elsewhere = Person { token: again.token, ..brian };
    assert_eq!(elsewhere.history(&tea, "").await.messages.len(), 2);
    let me: Account = elsewhere.get("/auth/me/").await.is(200).read();
    assert_eq!((me.guest, me.email.as_str()), (false, "brian@example.org"));
    let renamed = json!({ "new_username": "bryan", "current_password": PASSWORD });
    elsewhere.post("/auth/username/").json(&renamed).await.is(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_the_guest_had_signed_in_to_ends_at_once() {
    let app = TestApp::start().await;
    let begun = app.web.post("/auth/guest/").await.is(201);
    let guest = app.guest_of(&begun);
    let tab: Token = app.refresh(&begun.jar()).await.is(200).read();
    let mut socket = guest.listens().await;
    let claimed = claim(&guest, "ada").await.is(200);
    assert_eq!(socket.is_closed_with().await, close::TOKEN_ENDED);
    for token in [&guest.token, &tab.token] {
        let old = Person { token: token.clone(), ..guest.clone() };
        old.get("/auth/me/").await.refused(ProblemCode::SessionEnded);
    }
    app.refresh(&begun.jar()).await.refused(ProblemCode::TokenRefused);
    app.refresh(&claimed.jar()).await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_somebody_has_is_refused_and_nothing_is_changed() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let guest = app.guest("Amber Otter").await;
    guest.joins(&tea).await;
    let head = ada.history(&tea, "").await.head;
    let bad = [
        (json!({ "username": "ADA", "password": PASSWORD }), "username", FieldCode::UsernameTaken),
        (json!({ "username": "a b", "password": PASSWORD }), "username", FieldCode::BadUsername),
        (json!({ "username": "eve", "password": "password" }), "password", FieldCode::CommonPassword),
        (json!({ "username": "eve", "password": "short" }), "password", FieldCode::TooShort),
        (json!({ "username": "eve", "password": PASSWORD, "email": "x" }), "email", FieldCode::BadEmail),
    ];
    for (body, field, code) in bad {
        let problem = guest.post("/auth/claim/").json(&body).await.refused(ProblemCode::Invalid);
        let found: Vec<_> = problem.errors.iter().map(|error| (error.field.as_str(), error.code)).collect();
        assert_eq!(found, [(field, code)]);
    }
    let me: Account = guest.get("/auth/me/").await.is(200).read();
    assert_eq!((me.guest, me.username), (true, guest.name.clone()));
    assert_eq!(ada.history(&tea, "").await.head, head);
    claim(&guest, "eve").await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_ten_guests_who_claim_one_name_at_once_exactly_one_gets_it() {
    let app = TestApp::start().await;
    let guests = join_all((0..10).map(|_| app.guest(""))).await;
    let answers = join_all(guests.iter().map(|guest| async { claim(guest, "ada").await })).await;
    let mut won = 0;
    for (guest, answer) in guests.iter().zip(answers) {
        if answer.status == 200 {
            won += 1;
            guest.get("/auth/me/").await.refused(ProblemCode::SessionEnded);
        } else {
            let problem = answer.refused(ProblemCode::Invalid);
            assert_eq!(problem.errors[0].code, FieldCode::UsernameTaken);
            assert!(guest.get("/auth/me/").await.is(200).read::<Account>().guest);
        }
    }
    assert_eq!(won, 1);
    assert_eq!(app.count("SELECT count(*) FROM users WHERE username_key = 'ada' AND NOT guest").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_who_claims_twice_at_once_has_one_account() {
    let app = TestApp::start().await;
    let guest = app.guest("").await;
    let (one, other) = join(claim(&guest, "ada").into_future(), claim(&guest, "brian").into_future()).await;
    let (won, lost) = if one.status == 200 { (one, other) } else { (other, one) };
    won.is(200);
    assert!([401, 403, 409].contains(&lost.status), "{lost:?}");
    assert_eq!(app.count("SELECT count(*) FROM sessions WHERE ended_at IS NULL").await, 1);
    assert_eq!(app.count("SELECT count(*) FROM users").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_has_nothing_to_claim() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    claim(&ada, "brian").await.refused(ProblemCode::Forbidden);
    assert_eq!(ada.get("/auth/me/").await.is(200).read::<Account>().username, "ada");
}
