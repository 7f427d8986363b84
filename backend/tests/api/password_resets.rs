//! Password resets.

use backend::{cli::reset_password, store};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use shared::problem::{FieldCode, ProblemCode};

use crate::support::{
    ApiRequest, ApiResponse, PASSWORD, TestApp, TestUser, database,
    smtp::{PUBLIC_URL, SmtpServer, reset_token},
};

const NEW_PASSWORD: &str = "green tea at dusk";

impl TestApp {
    fn request_reset(&self, email: &str) -> ApiRequest {
        self.http.post("/auth/password_resets/").json(&json!({ "email": email }))
    }

    fn redeem_reset(&self, token: &str, password: &str) -> ApiRequest {
        let body = json!({ "token": token, "new_password": password });
        self.http.request(&Method::PUT, "/auth/password_resets/").json(&body)
    }

    fn sign_in_with(&self, name: &str, password: &str) -> ApiRequest {
        let body = json!({ "username": name, "password": password });
        self.http.post("/auth/jwt/create/").json(&body)
    }

    /// Creates a reset token as the operator does.
    async fn operator_reset_token(&self, name: &str) -> anyhow::Result<String> {
        let page =
            reset_password::reset_password(&self.state.config, &database::url(&self.database), name, false)
                .await?;
        Ok(page.rsplit_once('#').unwrap().1.to_owned())
    }
}

impl TestUser {
    fn update_email(&self, email: &str) -> ApiRequest {
        self.request(&Method::PATCH, "/auth/me/").json(&json!({ "email": email }))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reset_email_works_once_and_ends_sessions() {
    let mut smtp = SmtpServer::start().await;
    let app = smtp.spawn_app().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut socket = ada.open_socket_in(&tea).await;
    app.request_reset("ADA@example.org").await.assert_status(202);
    let email = smtp.recv_email().await;
    assert!(
        email.contains("To: ada@example.org") && email.contains("From: Chatire <chat@example.org>"),
        "{email}"
    );
    assert!(email.contains("the account \"ada\""), "{email}");
    let secret = reset_token(&email);
    app.request_reset("ada@example.org").await.assert_status(202);
    let second = reset_token(&smtp.recv_email().await);

    let weak = app.redeem_reset(&secret, "password").await.assert_problem(ProblemCode::Invalid);
    assert_eq!(weak.errors[0].code, FieldCode::CommonPassword);
    app.sign_in_with("ada", PASSWORD).await.assert_status(200);
    app.redeem_reset(&secret, NEW_PASSWORD).await.assert_status(204);
    assert_eq!(socket.recv_close().await, shared::socket::close::TOKEN_EXPIRED);
    ada.get("/auth/me/").await.assert_problem(ProblemCode::SessionEnded);
    app.sign_in_with("ada", PASSWORD).await.assert_problem(ProblemCode::WrongCredentials);
    app.sign_in_with("ada", NEW_PASSWORD).await.assert_status(200);
    for used in [&secret, &second, "nonsense"] {
        app.redeem_reset(used, NEW_PASSWORD).await.assert_problem(ProblemCode::ResetTokenInvalid);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reset_request_hides_whether_email_is_known() {
    let mut smtp = SmtpServer::start().await;
    let app = smtp.spawn_app().await;
    app.create_user("ada").await;
    let names = |response: &ApiResponse| {
        let mut names: Vec<_> = response.headers.keys().map(ToString::to_string).collect();
        names.sort_unstable();
        names
    };
    let (known, unknown) =
        (app.request_reset("ada@example.org").await, app.request_reset("eve@example.org").await);
    assert_eq!((known.status, &known.text, names(&known)), (202, &unknown.text, names(&unknown)));
    assert_eq!(unknown.status, 202);
    assert!(smtp.recv_email().await.contains("To: ada@example.org"));
    // Guests and deleted accounts have no password.
    let brian = app.create_user("brian").await;
    brian.delete_account().await;
    app.request_reset("brian@example.org").await.assert_status(202);
    app.request_reset("ada@example.org").await.assert_status(202);
    assert!(smtp.recv_email().await.contains("To: ada@example.org"), "the next e-mail is hers");
    assert_eq!(app.query_count("SELECT count(*) FROM password_resets").await, 2);
    for bad in ["", "ada", "ada@"] {
        app.request_reset(bad).await.assert_problem(ProblemCode::Invalid);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reset_emails_are_limited_per_mailbox() {
    let mut smtp = SmtpServer::start().await;
    let app = smtp.spawn_app().await;
    let (ada, _brian) = (app.create_user("ada").await, app.create_user("brian").await);
    for number in 0..3 {
        app.request_reset(&ada.email).await.assert_status(202);
        assert!(smtp.recv_email().await.contains("ada@example.org"));
        // Another account that names the same mailbox gets none of its own.
        let other = app.create_user(&format!("stranger{number}")).await;
        other.update_email("Ada@example.org").await.assert_status(200);
    }
    for email in ["ada@example.org", "Ada@example.org"] {
        app.request_reset(email).await.assert_status(202);
    }
    app.request_reset("brian@example.org").await.assert_status(202);
    assert!(smtp.recv_email().await.contains("To: brian@example.org"), "a fourth was not sent");
    app.execute_sql("UPDATE password_reset_emails SET sent_at = now() - interval '61 minutes'").await;
    app.request_reset(&ada.email).await.assert_status(202);
    assert!(smtp.recv_email().await.contains("To: ada@example.org"));
    backend::jobs::guest_cleanup::delete_expired(&app.state.db).await.unwrap();
    assert_eq!(app.query_count("SELECT count(*) FROM password_reset_emails").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_reset_requests_send_three_emails() {
    let mut smtp = SmtpServer::start().await;
    let app = smtp.spawn_app().await;
    let (ada, _brian) = (app.create_user("ada").await, app.create_user("brian").await);
    let insert = async |number: u8| {
        let tokens = [(ada.id, vec![number])];
        let mut connection = app.state.db.get().await.unwrap();
        store::password_resets::insert_for_email(&mut connection, &ada.email, &tokens).await.unwrap()
    };
    let sent = join_all((0..8).map(insert)).await;
    assert_eq!(sent.into_iter().filter(|is_sent| *is_sent).count(), 3);
    assert_eq!(app.query_count("SELECT count(*) FROM password_resets").await, 3);
    app.request_reset(&ada.email).await.assert_status(202);
    app.request_reset("brian@example.org").await.assert_status(202);
    assert!(smtp.recv_email().await.contains("To: brian@example.org"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_reset_email_names_all_accounts() {
    let mut smtp = SmtpServer::start().await;
    let app = smtp.spawn_app().await;
    let ada = app.create_user("ada").await;
    for (name, email) in [("countess", "ada@example.org"), ("stranger", "ADA@example.org")] {
        app.create_user(name).await.update_email(email).await.assert_status(200);
    }
    app.request_reset(&ada.email).await.assert_status(202);
    let email = smtp.recv_email().await;
    assert!(email.contains("the account \"ada\"") && email.contains("the account \"countess\""), "{email}");
    assert!(!email.contains("stranger"), "the address differs: {email}");
    let links: Vec<_> = email.lines().filter(|line| line.starts_with(PUBLIC_URL)).collect();
    assert_eq!(links.len(), 2, "{email}");
    let (_, second) = links[1].rsplit_once('#').unwrap();
    app.redeem_reset(second, NEW_PASSWORD).await.assert_status(204);
    app.sign_in_with("countess", NEW_PASSWORD).await.assert_status(200);
    app.sign_in_with("ada", PASSWORD).await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn reset_token_is_hashed_and_expires() {
    let app = TestApp::spawn().await;
    app.create_user("ada").await;
    let secret = app.operator_reset_token("ada").await.unwrap();
    let stored = format!("SELECT count(*) FROM password_resets WHERE secret_hash = sha256('{secret}')");
    assert_eq!(app.query_count(&stored).await, 1);
    app.execute_sql("UPDATE password_resets SET created_at = now() - interval '61 minutes'").await;
    app.redeem_reset(&secret, NEW_PASSWORD).await.assert_problem(ProblemCode::ResetTokenInvalid);
    app.execute_sql("UPDATE password_resets SET created_at = now() - interval '59 minutes'").await;
    app.redeem_reset(&secret, NEW_PASSWORD).await.assert_status(204);
    app.execute_sql("INSERT INTO password_resets SELECT 'x', id, now() - interval '2 days' FROM users").await;
    backend::jobs::guest_cleanup::delete_expired(&app.state.db).await.unwrap();
    assert_eq!(app.query_count("SELECT count(*) FROM password_resets").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_reset_redemptions_apply_once() {
    let app = TestApp::spawn().await;
    app.create_user("ada").await;
    let secret = app.operator_reset_token("ada").await.unwrap();
    let passwords: Vec<_> = (0..10).map(|number| format!("green tea at dusk {number}")).collect();
    let responses =
        join_all(passwords.iter().map(async |password| app.redeem_reset(&secret, password).await)).await;
    let set: Vec<_> = passwords
        .iter()
        .zip(responses)
        .filter(|(_, response)| response.status == 204)
        .map(|(set, _)| set)
        .collect();
    assert_eq!(set.len(), 1);
    app.sign_in_with("ada", set[0]).await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn operator_can_create_reset_link() {
    let app = TestApp::spawn().await;
    app.create_user("ada").await;
    app.request_reset("ada@example.org").await.assert_problem(ProblemCode::EmailUnavailable);
    let secret = app.operator_reset_token("ADA").await.unwrap();
    app.redeem_reset(&secret, NEW_PASSWORD).await.assert_status(204);
    app.sign_in_with("ada", NEW_PASSWORD).await.assert_status(200);
    let unknown = app.operator_reset_token("eve").await.unwrap_err().to_string();
    assert!(unknown.contains("no account with the username eve"), "{unknown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn new_email_needs_reauthentication_for_resets() {
    let mut smtp = SmtpServer::start().await;
    let app = smtp.spawn_app().await;
    let (ada, eve) = (app.create_user("ada").await, app.create_user("eve").await);
    // As a stranger does with an open tab.
    app.execute_sql("UPDATE sessions SET reauthenticated_at = now() - interval '11 minutes'").await;
    ada.update_email("thief@example.org").await.assert_status(200);
    app.request_reset("thief@example.org").await.assert_status(202);
    app.request_reset("ada@example.org").await.assert_status(202);
    assert!(smtp.recv_email().await.contains("To: ada@example.org"));
    // After another change the first address still counts.
    ada.update_email("thief2@example.org").await.assert_status(200);
    app.request_reset("ada@example.org").await.assert_status(202);
    assert!(smtp.recv_email().await.contains("To: ada@example.org"));

    let proof = json!({ "current_password": PASSWORD });
    ada.post("/auth/reauthentication/")
        .json(&json!({ "current_password": "wrong" }))
        .await
        .assert_problem(ProblemCode::Invalid);
    ada.post("/auth/reauthentication/").json(&proof).await.assert_status(204);
    ada.update_email("new@example.org").await.assert_status(200);
    app.request_reset("ada@example.org").await.assert_status(202);
    app.request_reset("new@example.org").await.assert_status(202);
    assert!(smtp.recv_email().await.contains("To: new@example.org"));
    app.request_reset(&eve.email).await.assert_status(202);
    assert!(smtp.recv_email().await.contains("To: eve@example.org"), "none to the former address");
}

#[tokio::test(flavor = "multi_thread")]
async fn reset_email_ignores_host_header() {
    let mut smtp = SmtpServer::start().await;
    let app = smtp.spawn_app().await;
    app.create_user("ada").await;
    let lured = app
        .request_reset("ada@example.org")
        .header("host", "evil.example")
        .header("x-forwarded-host", "evil.example");
    lured.await.assert_status(202);
    let email = smtp.recv_email().await;
    assert!(email.contains(PUBLIC_URL) && !email.contains("evil"), "{email}");
}
