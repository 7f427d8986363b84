//! Tokens: which are good, and what is said of those that are not.

use std::fs;

use jsonwebtoken::{Algorithm, EncodingKey, Header, decode_header, encode};
use serde_json::{Value, json};
use shared::{credentials::Token, problem::ProblemCode};
use uuid::Uuid;

use crate::app::{Answer, PASSWORD, Person, TestApp};

impl TestApp {
    /// A token that the server itself would sign, but for what `change` does to its claims.
    pub fn token_of(&self, person: &Person, lives: i64, change: impl FnOnce(&mut Value)) -> String {
        self.forge(person, lives, Algorithm::HS256, change)
    }

    fn forge(
        &self,
        person: &Person,
        lives: i64,
        algorithm: Algorithm,
        change: impl FnOnce(&mut Value),
    ) -> String {
        let sid = self.app.keys.check(&person.token).map_or_else(|_| Uuid::new_v4(), |claims| claims.sid);
        let now = chrono::Utc::now().timestamp();
        let mut claims = json!({
            "sub": person.id.to_string(), "sid": sid, "typ": "access", "iss": "chatire",
            "aud": "chatire", "iat": now, "exp": now + lives, "orig_iat": now,
        });
        change(&mut claims);
        let key = fs::read(self.data.path().join("signing.key")).unwrap();
        let header = Header { kid: decode_header(&person.token).unwrap().kid, ..Header::new(algorithm) };
        encode(&header, &claims, &EncodingKey::from_secret(&key)).unwrap()
    }

    async fn me_with(&self, token: &str) -> Answer {
        self.web.get("/auth/me/").header("authorization", &format!("JWT {token}")).await
    }
}

#[track_caller]
fn unauthorised(answer: Answer, code: ProblemCode, detail: &str) {
    assert_eq!(answer.header("www-authenticate"), r#"JWT realm="api""#, "{answer:?}");
    assert_eq!(answer.refused(code).detail, detail);
}

const DECODING: &str = "Error decoding signature.";

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_nothing_is_told() {
    let app = TestApp::start().await;
    let (_, tea) = app.tea().await;
    let missing = "Authentication credentials were not provided.";
    for path in ["/auth/me/", &format!("/api/chats/{tea}/messages/"), &format!("/api/chats/{tea}/changes/")] {
        unauthorised(app.web.get(path).await, ProblemCode::NotAuthenticated, missing);
    }
    let messages = format!("/api/chats/{tea}/messages/");
    let paths =
        ["/auth/password/", "/auth/username/", "/auth/users/delete/", "/auth/tickets/", "/api/chats/"];
    for path in paths.into_iter().chain([messages.as_str()]) {
        unauthorised(app.web.post(path).await, ProblemCode::NotAuthenticated, missing);
    }
    let join = app.web.call(&reqwest::Method::PATCH, &format!("/api/chats/{tea}/"));
    unauthorised(join.json(&json!({ "username": "ada" })).await, ProblemCode::NotAuthenticated, missing);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_garbage_or_tampered_with_is_refused() {
    let app = TestApp::start().await;
    let (ada, brian) = (app.person("ada").await, app.person("brian").await);
    app.me_with(&ada.token).await.is(200);
    let parts: Vec<_> = ada.token.split('.').collect();
    let other: Vec<_> = brian.token.split('.').collect();
    let mixed = format!("{}.{}.{}", parts[0], other[1], parts[2]);
    let unsigned = format!("{}.{}.", parts[0], parts[1]);
    for token in ["garbage", "a.b.c", "", &mixed, &unsigned, &ada.token[..ada.token.len() - 2]] {
        let answer = app.me_with(token).await;
        assert_eq!(answer.status, 401, "{token}: {answer:?}");
        assert_eq!(answer.header("www-authenticate"), r#"JWT realm="api""#);
    }
    unauthorised(app.me_with(&mixed).await, ProblemCode::BadToken, DECODING);
    let stronger = app.forge(&ada, 60, Algorithm::HS512, |_| ());
    unauthorised(app.me_with(&stronger).await, ProblemCode::BadToken, DECODING);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_claims_of_a_token_must_be_ours() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    app.me_with(&app.token_of(&ada, 60, |_| ())).await.is(200);
    let now = chrono::Utc::now().timestamp();
    let changes = [
        ("typ", json!("refresh")),
        ("iss", json!("another")),
        ("aud", json!("another")),
        ("sub", json!("ada")),
        ("nbf", json!(now + 60)),
        ("exp", Value::Null),
        ("sid", Value::Null),
    ];
    for (claim, value) in changes {
        let token = app.token_of(&ada, 60, |claims| claims[claim] = value);
        unauthorised(app.me_with(&token).await, ProblemCode::BadToken, DECODING);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_token_is_refused_and_cannot_be_renewed() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let token = app.token_of(&ada, -10, |_| ());
    unauthorised(app.me_with(&token).await, ProblemCode::TokenExpired, "Signature has expired.");
    for path in ["/auth/jwt/verify/", "/auth/jwt/refresh/"] {
        let problem = app.web.post(path).json(&json!({ "token": token })).await;
        assert_eq!(problem.value()["non_field_errors"], json!(["Signature has expired."]));
        problem.refused(ProblemCode::TokenRefused);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_seven_days_ends() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let days = |count: i64| chrono::Utc::now().timestamp() - count * 86_400;
    let young = app.token_of(&ada, 60, |claims| claims["orig_iat"] = json!(days(6)));
    let old = app.token_of(&ada, 60, |claims| claims["orig_iat"] = json!(days(7)));
    let fresh: Token =
        app.web.post("/auth/jwt/refresh/").json(&json!({ "token": young })).await.is(200).read();
    app.me_with(&fresh.token).await.is(200);
    let refused = app.web.post("/auth/jwt/refresh/").json(&json!({ "token": old })).await;
    refused.refused(ProblemCode::TokenRefused);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_of_a_deleted_account_is_refused() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    app.me_with(&ada.token).await.is(200);
    ada.leaves_for_good().await;
    unauthorised(app.me_with(&ada.token).await, ProblemCode::SessionEnded, "This session has ended.");
    for path in ["/auth/jwt/verify/", "/auth/jwt/refresh/"] {
        let answer = app.web.post(path).json(&json!({ "token": ada.token })).await;
        answer.refused(ProblemCode::TokenRefused);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_sign_in_is_told_alike_for_known_and_unknown_names() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let sign_in = |name: &str, password: &str| {
        app.web.post("/auth/jwt/create/").json(&json!({ "username": name, "password": password }))
    };
    sign_in("ada", PASSWORD).await.is(200);
    sign_in("ADA", PASSWORD).await.is(200);
    let (known, unknown) = (sign_in("ada", "wrong password").await, sign_in("nobody", PASSWORD).await);
    assert_eq!(known.text, unknown.text);
    assert_eq!(known.value()["non_field_errors"], json!(["Unable to log in with provided credentials."]));
    known.refused(ProblemCode::WrongCredentials);
    sign_in("ada", &PASSWORD.to_uppercase()).await.is(400);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn the_signing_key_is_its_owners_alone_and_outlives_a_restart() {
    use std::os::unix::fs::PermissionsExt;
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let key = app.data.path().join("signing.key");
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read(&key).unwrap().len(), 32);
    let url = crate::database::url(&app.database);
    let again =
        TestApp::on(app.database.clone(), url, |config| config.data_dir = app.data.path().to_owned()).await;
    again.me_with(&ada.token).await.is(200);
    let stranger = TestApp::start().await;
    stranger.me_with(&ada.token).await.is(401);
}
