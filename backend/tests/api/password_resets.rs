//! Whoever forgot their password sets another one.

use backend::operator;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use shared::problem::{FieldCode, ProblemCode};

use crate::{
    app::{Answer, Call, PASSWORD, Person, TestApp},
    database,
    post_office::{PUBLIC_URL, PostOffice, secret_in},
};

const OTHER: &str = "green tea at dusk";

impl TestApp {
    fn ask_reset(&self, email: &str) -> Call {
        self.web.post("/auth/password_resets/").json(&json!({ "email": email }))
    }

    fn redeem(&self, token: &str, password: &str) -> Call {
        let body = json!({ "token": token, "new_password": password });
        self.web.call(&Method::PUT, "/auth/password_resets/").json(&body)
    }

    fn sign_in_with(&self, name: &str, password: &str) -> Call {
        let body = json!({ "username": name, "password": password });
        self.web.post("/auth/jwt/create/").json(&body)
    }

    /// What the operator hands out.
    async fn handed_out(&self, name: &str) -> anyhow::Result<String> {
        let page =
            operator::reset_password(&self.app.config, &database::url(&self.database), name, false).await?;
        Ok(page.rsplit_once('#').unwrap().1.to_owned())
    }
}

impl Person {
    fn change_email(&self, email: &str) -> Call {
        self.call(&Method::PATCH, "/auth/me/").json(&json!({ "email": email }))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_sets_another_password_once_and_ends_every_session() {
    let mut office = PostOffice::open().await;
    let app = office.app().await;
    let (ada, tea) = app.tea().await;
    let mut socket = ada.listens_to(&tea).await;
    app.ask_reset("ADA@example.org").await.is(202);
    let letter = office.receives().await;
    assert!(
        letter.contains("To: ada@example.org") && letter.contains("From: Chatire <chat@example.org>"),
        "{letter}"
    );
    assert!(letter.contains("the account \"ada\""), "{letter}");
    let secret = secret_in(&letter);
    app.ask_reset("ada@example.org").await.is(202);
    let second = secret_in(&office.receives().await);

    let weak = app.redeem(&secret, "password").await.refused(ProblemCode::Invalid);
    assert_eq!(weak.errors[0].code, FieldCode::CommonPassword);
    app.sign_in_with("ada", PASSWORD).await.is(200);
    app.redeem(&secret, OTHER).await.is(204);
    assert_eq!(socket.is_closed_with().await, shared::socket::close::TOKEN_ENDED);
    ada.get("/auth/me/").await.refused(ProblemCode::SessionEnded);
    app.sign_in_with("ada", PASSWORD).await.refused(ProblemCode::WrongCredentials);
    app.sign_in_with("ada", OTHER).await.is(200);
    for used in [&secret, &second, "nonsense"] {
        app.redeem(used, OTHER).await.refused(ProblemCode::ResetUsedUp);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whether_an_address_is_known_is_not_told() {
    let mut office = PostOffice::open().await;
    let app = office.app().await;
    app.person("ada").await;
    let names = |answer: &Answer| {
        let mut names: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
        names.sort_unstable();
        names
    };
    let (known, unknown) = (app.ask_reset("ada@example.org").await, app.ask_reset("eve@example.org").await);
    assert_eq!((known.status, &known.text, names(&known)), (202, &unknown.text, names(&unknown)));
    assert_eq!(unknown.status, 202);
    assert!(office.receives().await.contains("To: ada@example.org"));
    // Guests and deleted accounts have no password to forget.
    let brian = app.person("brian").await;
    brian.leaves_for_good().await;
    app.ask_reset("brian@example.org").await.is(202);
    app.ask_reset("ada@example.org").await.is(202);
    assert!(office.receives().await.contains("To: ada@example.org"), "the next letter is hers");
    assert_eq!(app.count("SELECT count(*) FROM password_resets").await, 2);
    for bad in ["", "ada", "ada@"] {
        app.ask_reset(bad).await.refused(ProblemCode::Invalid);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_flooded_with_letters() {
    let mut office = PostOffice::open().await;
    let app = office.app().await;
    let (ada, _brian) = (app.person("ada").await, app.person("brian").await);
    for _ in 0..3 {
        app.ask_reset(&ada.email).await.is(202);
        assert!(office.receives().await.contains("ada@example.org"));
    }
    app.ask_reset(&ada.email).await.is(202);
    app.ask_reset("brian@example.org").await.is(202);
    assert!(office.receives().await.contains("To: brian@example.org"), "a fourth was not sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_stored_as_its_hash_and_good_for_an_hour() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let secret = app.handed_out("ada").await.unwrap();
    let stored = format!("SELECT count(*) FROM password_resets WHERE secret_hash = sha256('{secret}')");
    assert_eq!(app.count(&stored).await, 1);
    app.run("UPDATE password_resets SET created_at = now() - interval '61 minutes'").await;
    app.redeem(&secret, OTHER).await.refused(ProblemCode::ResetUsedUp);
    app.run("UPDATE password_resets SET created_at = now() - interval '59 minutes'").await;
    app.redeem(&secret, OTHER).await.is(204);
    app.run("INSERT INTO password_resets SELECT 'x', id, now() - interval '2 days' FROM users").await;
    backend::idle::sweep(&app.app).await.unwrap();
    assert_eq!(app.count("SELECT count(*) FROM password_resets").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_ten_who_redeem_one_secret_at_once_one_sets_the_password() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let secret = app.handed_out("ada").await.unwrap();
    let passwords: Vec<_> = (0..10).map(|number| format!("green tea at dusk {number}")).collect();
    let answers = join_all(passwords.iter().map(async |password| app.redeem(&secret, password).await)).await;
    let set: Vec<_> = passwords
        .iter()
        .zip(answers)
        .filter(|(_, answer)| answer.status == 204)
        .map(|(set, _)| set)
        .collect();
    assert_eq!(set.len(), 1);
    app.sign_in_with("ada", set[0]).await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_mail_server_the_operator_hands_out_a_page() {
    let app = TestApp::start().await;
    app.person("ada").await;
    app.ask_reset("ada@example.org").await.refused(ProblemCode::NoMail);
    let secret = app.handed_out("ADA").await.unwrap();
    app.redeem(&secret, OTHER).await.is(204);
    app.sign_in_with("ada", OTHER).await.is(200);
    let unknown = app.handed_out("eve").await.unwrap_err().to_string();
    assert!(unknown.contains("no account of the name eve"), "{unknown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_address_gets_letters_only_if_its_owner_set_it() {
    let mut office = PostOffice::open().await;
    let app = office.app().await;
    let (ada, eve) = (app.person("ada").await, app.person("eve").await);
    // As somebody does who found a tab open.
    app.run("UPDATE sessions SET proven_at = now() - interval '11 minutes'").await;
    ada.change_email("thief@example.org").await.is(200);
    app.ask_reset("thief@example.org").await.is(202);
    app.ask_reset("ada@example.org").await.is(202);
    assert!(office.receives().await.contains("To: ada@example.org"));
    // Once more, and the first address still counts.
    ada.change_email("thief2@example.org").await.is(200);
    app.ask_reset("ada@example.org").await.is(202);
    assert!(office.receives().await.contains("To: ada@example.org"));

    let proof = json!({ "current_password": PASSWORD });
    ada.post("/auth/proof/")
        .json(&json!({ "current_password": "wrong" }))
        .await
        .refused(ProblemCode::Invalid);
    ada.post("/auth/proof/").json(&proof).await.is(204);
    ada.change_email("new@example.org").await.is(200);
    app.ask_reset("ada@example.org").await.is(202);
    app.ask_reset("new@example.org").await.is(202);
    assert!(office.receives().await.contains("To: new@example.org"));
    app.ask_reset(&eve.email).await.is(202);
    assert!(office.receives().await.contains("To: eve@example.org"), "and none to the first");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_never_says_what_a_request_says_of_the_host() {
    let mut office = PostOffice::open().await;
    let app = office.app().await;
    app.person("ada").await;
    let lured = app
        .ask_reset("ada@example.org")
        .header("host", "evil.example")
        .header("x-forwarded-host", "evil.example");
    lured.await.is(202);
    let letter = office.receives().await;
    assert!(letter.contains(PUBLIC_URL) && !letter.contains("evil"), "{letter}");
}
