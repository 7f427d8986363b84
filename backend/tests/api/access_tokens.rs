//! Access tokens: which are valid, and how invalid ones are rejected.

use std::{fs, time::Duration};

use serde_json::{Value, json};
use shared::{
    credentials::{AccessToken, AuthToken},
    problem::ProblemCode,
};

use crate::support::{ApiResponse, PASSWORD, TestApp};

impl TestApp {
    async fn get_me(&self, token: &str) -> ApiResponse {
        self.http.get("/auth/me/").header("authorization", &format!("JWT {token}")).await
    }
}

#[track_caller]
fn assert_unauthorized(response: ApiResponse, code: ProblemCode, detail: &str) {
    assert_eq!(response.header("www-authenticate"), r#"JWT realm="api""#, "{response:?}");
    assert_eq!(response.assert_problem(code).detail, detail);
}

const DECODING_ERROR: &str = "Error decoding signature.";

#[tokio::test(flavor = "multi_thread")]
async fn missing_token_is_unauthorized_everywhere() {
    let app = TestApp::spawn().await;
    let (_, tea) = app.ada_and_chat().await;
    let missing = "Authentication credentials were not provided.";
    for path in ["/auth/me/", &format!("/api/chats/{tea}/messages/"), &format!("/api/chats/{tea}/changes/")] {
        assert_unauthorized(app.http.get(path).await, ProblemCode::NotAuthenticated, missing);
    }
    let messages = format!("/api/chats/{tea}/messages/");
    let paths =
        ["/auth/password/", "/auth/username/", "/auth/users/delete/", "/auth/tickets/", "/api/chats/"];
    for path in paths.into_iter().chain([messages.as_str()]) {
        assert_unauthorized(app.http.post(path).await, ProblemCode::NotAuthenticated, missing);
    }
    let join = app.http.request(&reqwest::Method::PATCH, &format!("/api/chats/{tea}/"));
    assert_unauthorized(
        join.json(&json!({ "username": "ada" })).await,
        ProblemCode::NotAuthenticated,
        missing,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn tampered_token_is_rejected() {
    let app = TestApp::spawn().await;
    let (ada, brian) = (app.create_user("ada").await, app.create_user("brian").await);
    app.get_me(&ada.token).await.assert_status(200);
    let parts: Vec<_> = ada.token.split('.').collect();
    let other: Vec<_> = brian.token.split('.').collect();
    let mixed = format!("{}.{}.{}", parts[0], other[1], parts[2]);
    let unsigned = format!("{}.{}.", parts[0], parts[1]);
    for token in ["garbage", "a.b.c", "", &mixed, &unsigned, &ada.token[..ada.token.len() - 2]] {
        let response = app.get_me(token).await;
        assert_eq!(response.status, 401, "{token}: {response:?}");
        assert_eq!(response.header("www-authenticate"), r#"JWT realm="api""#);
    }
    assert_unauthorized(app.get_me(&mixed).await, ProblemCode::InvalidToken, DECODING_ERROR);
    let other_algorithm = app.sign_by_hs512(&ada.token);
    assert_unauthorized(app.get_me(&other_algorithm).await, ProblemCode::InvalidToken, DECODING_ERROR);
}

#[tokio::test(flavor = "multi_thread")]
async fn token_claims_are_validated() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    app.get_me(&app.sign_token(&ada, 60, |_| ())).await.assert_status(200);
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
        let token = app.sign_token(&ada, 60, |claims| claims[claim] = value);
        assert_unauthorized(app.get_me(&token).await, ProblemCode::InvalidToken, DECODING_ERROR);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn expired_token_cannot_be_refreshed() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    let token = app.sign_token(&ada, -10, |_| ());
    assert_unauthorized(app.get_me(&token).await, ProblemCode::TokenExpired, "Signature has expired.");
    for path in ["/auth/jwt/verify/", "/auth/jwt/refresh/"] {
        let problem = app.http.post(path).json(&json!({ "token": token })).await;
        assert_eq!(problem.value()["non_field_errors"], json!(["Signature has expired."]));
        problem.assert_problem(ProblemCode::TokenRejected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn token_chain_ends_after_seven_days() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    let days = |count: i64| chrono::Utc::now().timestamp() - count * 86_400;
    let young = app.sign_token(&ada, 60, |claims| claims["orig_iat"] = json!(days(6)));
    let old = app.sign_token(&ada, 60, |claims| claims["orig_iat"] = json!(days(7)));
    let fresh: AccessToken =
        app.http.post("/auth/jwt/refresh/").json(&json!({ "token": young })).await.assert_status(200).json();
    app.get_me(&fresh.token).await.assert_status(200);
    let rejected = app.http.post("/auth/jwt/refresh/").json(&json!({ "token": old })).await;
    rejected.assert_problem(ProblemCode::TokenRejected);
}

#[tokio::test(flavor = "multi_thread")]
async fn token_of_program_works_for_days() {
    let app = TestApp::spawn().await;
    app.create_user("ada").await;
    let token = async |origin: Option<String>| {
        let sign_in = app.sign_in("ada");
        let sign_in = match &origin {
            Some(origin) => sign_in.header("origin", origin),
            None => sign_in,
        };
        sign_in.await.assert_status(200).json::<AccessToken>().token
    };
    let own_page = token(Some(format!("http://{}", app.http.address))).await;
    let program = token(None).await;
    app.advance_clock(Duration::from_mins(20));
    assert_unauthorized(app.get_me(&own_page).await, ProblemCode::TokenExpired, "Signature has expired.");
    app.advance_clock(Duration::from_hours(29 * 24));
    app.get_me(&program).await.assert_status(200);
    app.advance_clock(Duration::from_hours(24));
    assert_unauthorized(app.get_me(&program).await, ProblemCode::TokenExpired, "Signature has expired.");
}

#[tokio::test(flavor = "multi_thread")]
async fn token_of_a_page_of_another_origin_works_for_days() {
    let other = "http://localhost:8080";
    let app = TestApp::spawn_with(|config| config.allowed_origins = vec![other.to_owned()]).await;
    app.create_user("ada").await;
    let response = app.sign_in("ada").header("origin", other).await.assert_status(200);
    app.advance_clock(Duration::from_hours(29 * 24));
    app.get_me(&response.json::<AccessToken>().token).await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn auth_token_signs_in_until_destroyed() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    let created = app.http.post("/auth/token/create/").form(&[("username", "ada"), ("password", PASSWORD)]);
    let created = created.await.assert_status(200);
    assert_eq!(created.find_cookie("chatire_refresh"), None, "a program has no cookies");
    let program = ada.with_token(&created.json::<AuthToken>().auth_token);
    app.advance_clock(Duration::from_hours(24));
    assert_eq!(program.list_sessions().await.len(), 2);
    program.post("/auth/token/destroy/").await.assert_status(204);
    assert_unauthorized(
        app.get_me(&program.token).await,
        ProblemCode::SessionEnded,
        "This session has ended.",
    );
    let wrong = [("username", "ada"), ("password", "wrong password")];
    let wrong = app.http.post("/auth/token/create/").form(&wrong).await;
    wrong.assert_problem(ProblemCode::WrongCredentials);
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_account_token_is_rejected() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    app.get_me(&ada.token).await.assert_status(200);
    ada.delete_account().await;
    assert_unauthorized(app.get_me(&ada.token).await, ProblemCode::SessionEnded, "This session has ended.");
    for path in ["/auth/jwt/verify/", "/auth/jwt/refresh/"] {
        let response = app.http.post(path).json(&json!({ "token": ada.token })).await;
        response.assert_problem(ProblemCode::TokenRejected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_sign_in_gives_same_answer_for_any_name() {
    let app = TestApp::spawn().await;
    app.create_user("ada").await;
    let sign_in = |name: &str, password: &str| {
        app.http.post("/auth/jwt/create/").json(&json!({ "username": name, "password": password }))
    };
    sign_in("ada", PASSWORD).await.assert_status(200);
    sign_in("ADA", PASSWORD).await.assert_status(200);
    let (known, unknown) = (sign_in("ada", "wrong password").await, sign_in("nobody", PASSWORD).await);
    assert_eq!(known.text, unknown.text);
    assert_eq!(known.value()["non_field_errors"], json!(["Unable to log in with provided credentials."]));
    known.assert_problem(ProblemCode::WrongCredentials);
    sign_in("ada", &PASSWORD.to_uppercase()).await.assert_status(400);
}

#[tokio::test(flavor = "multi_thread")]
async fn longest_username_signs_in() {
    let app = TestApp::spawn().await;
    for name in ["x".repeat(150), "名".repeat(150)] {
        app.create_user(&name).await;
        app.sign_in(&name).await.assert_status(200);
    }
    let problem = app.sign_in(&"x".repeat(255)).await.assert_status(400).value();
    assert_eq!(problem["errors"][0]["code"], "too_long", "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn password_may_be_typed_in_any_unicode_form() {
    let app = TestApp::spawn().await;
    let user = json!({ "username": "ada", "password": "p\u{e4}ssw\u{f6}rter 12 gr\u{fc}n" });
    app.http.post("/auth/users/create/").json(&user).await.assert_status(201);
    for password in
        ["pa\u{308}sswo\u{308}rter 12 gru\u{308}n", "p\u{e4}ssw\u{f6}rter \u{ff11}\u{ff12} gr\u{fc}n"]
    {
        let user = json!({ "username": "ada", "password": password });
        app.http.post("/auth/jwt/create/").json(&user).await.assert_status(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn email_signs_in_to_its_only_account() {
    let app = TestApp::spawn().await;
    let create = |name: &str, email: &str| {
        let user = json!({ "username": name, "email": email, "password": PASSWORD });
        app.http.post("/auth/users/create/").json(&user)
    };
    create("ada", "Ada@example.org").await.assert_status(201);
    let token: AccessToken = app.sign_in("ada@example.org").await.assert_status(200).json();
    assert_eq!(app.get_me(&token.token).await.value()["username"], "ada");
    create("brian@example.org", "").await.assert_status(201);
    create("cleo", "brian@example.org").await.assert_status(201);
    let token: AccessToken = app.sign_in("brian@example.org").await.assert_status(200).json();
    assert_eq!(app.get_me(&token.token).await.value()["username"], "brian@example.org");
    create("dora", "ada@example.org").await.assert_status(201);
    app.sign_in("ada@example.org").await.assert_problem(ProblemCode::WrongCredentials);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn signing_key_is_private_and_survives_restart() {
    use std::os::unix::fs::PermissionsExt;
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    let key = app.data_dir.path().join("signing.key");
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read(&key).unwrap().len(), 32);
    let again = app.spawn_again().await;
    again.get_me(&ada.token).await.assert_status(200);
    let stranger = TestApp::spawn().await;
    stranger.get_me(&ada.token).await.assert_status(401);
}
