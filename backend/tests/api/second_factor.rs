//! Time-based one-time passwords and recovery codes.

use std::time::Duration;

use backend::{auth::totp::build_totp, clock::Clock, config::RateLimits};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use shared::{
    credentials::AccessToken,
    problem::{FieldCode, ProblemCode},
    second_factor::{RecoveryCodes, SecondFactorStatus, TotpEnrolment},
};

use crate::support::{ApiRequest, ApiResponse, PASSWORD, TestApp, TestUser};

const STEP: Duration = Duration::from_secs(30);

/// An authenticator app.
struct TotpDevice {
    secret: [u8; 20],
    clock: Clock,
}

impl TotpDevice {
    fn new(app: &TestApp, enrolment: &TotpEnrolment) -> Self {
        let bytes = totp_rs::Secret::try_from_base32(&enrolment.secret).unwrap();
        Self { secret: bytes.as_bytes().try_into().unwrap(), clock: app.state.clock.clone() }
    }

    /// The code that is valid `steps` × 30 seconds from now.
    fn code(&self, steps: i64) -> String {
        let time = self.clock.timestamp() + 30 * steps;
        build_totp(&self.secret, "-").unwrap().generate(time.unsigned_abs()).to_string()
    }
}

impl TestUser {
    fn second_factor(&self, method: &Method) -> ApiRequest {
        self.request(method, "/auth/second_factor/")
    }

    async fn second_factor_status(&self) -> SecondFactorStatus {
        self.second_factor(&Method::GET).await.assert_status(200).json()
    }

    /// Enables the second factor, and lets a step pass, so that the current code is unused.
    async fn enable_second_factor(&self, app: &TestApp) -> (TotpDevice, RecoveryCodes) {
        let enrolment = self.second_factor(&Method::POST).await.assert_status(200).json();
        let device = TotpDevice::new(app, &enrolment);
        let code = json!({ "one_time_code": device.code(0) });
        let codes = self.second_factor(&Method::PUT).json(&code).await.assert_status(200).json();
        app.advance_clock(STEP);
        (device, codes)
    }
}

fn sign_in(app: &TestApp, code: &Value) -> ApiRequest {
    let body = json!({ "username": "ada", "password": PASSWORD, "one_time_code": code });
    app.http.post("/auth/jwt/create/").json(&body)
}

#[track_caller]
fn assert_wrong_code(response: ApiResponse) {
    let problem = response.assert_problem(ProblemCode::Invalid);
    assert_eq!(
        (problem.errors[0].field.as_str(), problem.errors[0].code),
        ("one_time_code", FieldCode::WrongCode)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_in_requires_code_with_second_factor() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    assert_eq!(ada.second_factor_status().await, SecondFactorStatus { on: false, recovery_codes: 0 });
    let enrolment: TotpEnrolment = ada.second_factor(&Method::POST).await.assert_status(200).json();
    assert_eq!(
        enrolment.uri,
        format!("otpauth://totp/Chatire:ada?secret={}&issuer=Chatire", enrolment.secret)
    );
    sign_in(&app, &Value::Null).await.assert_status(200);
    let device = TotpDevice::new(&app, &enrolment);
    assert_wrong_code(ada.second_factor(&Method::PUT).json(&json!({ "one_time_code": "000000" })).await);
    sign_in(&app, &Value::Null).await.assert_status(200);
    let codes = ada
        .second_factor(&Method::PUT)
        .json(&json!({ "one_time_code": device.code(0) }))
        .await
        .assert_status(200);
    app.advance_clock(STEP);
    assert_eq!(codes.json::<RecoveryCodes>().codes.len(), 10);
    assert_eq!(ada.second_factor_status().await, SecondFactorStatus { on: true, recovery_codes: 10 });

    for missing in [Value::Null, json!(""), json!("  ")] {
        let response = sign_in(&app, &missing).await;
        assert!(response.value()["non_field_errors"][0].is_string(), "{response:?}");
        response.assert_problem(ProblemCode::SecondFactorRequired);
    }
    for wrong in ["000000", "12345", "1234567", "abcdef", "\u{0661}23456", &device.code(-3)] {
        assert_wrong_code(sign_in(&app, &json!(wrong)).await);
    }
    let body = json!({ "username": "ada", "password": "wrong", "one_time_code": device.code(0) });
    app.http.post("/auth/jwt/create/").json(&body).await.assert_problem(ProblemCode::WrongCredentials);
    // With spaces, as users type it.
    let shown = device.code(0);
    let spaced = format!(" {} {} ", &shown[..3], &shown[3..]);
    let AccessToken { token } = sign_in(&app, &json!(spaced)).await.assert_status(200).json();
    TestUser { token, ..ada }.get("/auth/me/").await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn totp_code_is_valid_once() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    let (device, _) = ada.enable_second_factor(&app).await;
    let code = json!(device.code(0));
    let responses = join_all((0..8).map(async |_| sign_in(&app, &code).await)).await;
    assert_eq!(responses.iter().filter(|response| response.status == 200).count(), 1);
    assert_wrong_code(sign_in(&app, &code).await);
    assert_wrong_code(sign_in(&app, &json!(device.code(-1))).await);
    // The next code is accepted, because clocks differ.
    sign_in(&app, &json!(device.code(1))).await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn recovery_codes_work_once_and_are_renewable() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    ada.post("/auth/recovery_codes/").await.assert_problem(ProblemCode::Conflict);
    let (_, RecoveryCodes { codes }) = ada.enable_second_factor(&app).await;
    let typed = json!(codes[0].replace('-', "").to_uppercase());
    sign_in(&app, &typed).await.assert_status(200);
    assert_wrong_code(sign_in(&app, &json!(codes[0])).await);
    assert_eq!(ada.second_factor_status().await.recovery_codes, 9);
    let renewed: RecoveryCodes = ada.post("/auth/recovery_codes/").await.assert_status(200).json();
    assert_wrong_code(sign_in(&app, &json!(codes[1])).await);
    sign_in(&app, &json!(renewed.codes[1])).await.assert_status(200);
    let stored = "SELECT count(*) FROM recovery_codes AS row WHERE row::text LIKE";
    assert_eq!(
        app.query_count(&format!("{stored} '%{}%'", renewed.codes[2])).await,
        0,
        "only hashes are stored"
    );
    let eve = app.create_user("eve").await;
    eve.enable_second_factor(&app).await;
    let body = json!({ "username": "eve", "password": PASSWORD, "one_time_code": renewed.codes[3] });
    assert_wrong_code(app.http.post("/auth/jwt/create/").json(&body).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn second_factor_changes_need_reauthentication() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    let (device, _) = ada.enable_second_factor(&app).await;
    ada.second_factor(&Method::POST).await.assert_problem(ProblemCode::Conflict);
    app.execute_sql("UPDATE sessions SET reauthenticated_at = now() - interval '11 minutes'").await;
    for request in [
        ada.second_factor(&Method::POST),
        ada.second_factor(&Method::PUT).json(&json!({ "one_time_code": device.code(0) })),
        ada.second_factor(&Method::DELETE),
        ada.post("/auth/recovery_codes/"),
    ] {
        request.await.assert_problem(ProblemCode::ReauthenticationRequired);
    }
    // The password alone no longer suffices.
    let proof = |code: Value| {
        ada.post("/auth/reauthentication/")
            .json(&json!({ "current_password": PASSWORD, "one_time_code": code }))
    };
    proof(Value::Null).await.assert_problem(ProblemCode::SecondFactorRequired);
    assert_wrong_code(proof(json!("000000")).await);
    ada.second_factor(&Method::DELETE).await.assert_problem(ProblemCode::ReauthenticationRequired);
    proof(json!(device.code(0))).await.assert_status(204);
    ada.second_factor(&Method::DELETE).await.assert_status(204);
    assert_eq!(ada.second_factor_status().await, SecondFactorStatus { on: false, recovery_codes: 0 });
    sign_in(&app, &Value::Null).await.assert_status(200);
    assert_eq!(app.query_count("SELECT count(*) FROM second_factors").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn stored_totp_secret_is_encrypted_per_user() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    let (device, _) = ada.enable_second_factor(&app).await;
    let row = app.sql().await.query_one("SELECT encrypted_secret FROM second_factors", &[]).await.unwrap();
    let sealed: Vec<u8> = row.get(0);
    assert!(!sealed.windows(20).any(|part| part == device.secret));
    // The secret of one account cannot be used for another.
    let eve = app.create_user("eve").await;
    eve.enable_second_factor(&app).await;
    app.execute_sql("UPDATE second_factors SET encrypted_secret = (SELECT encrypted_secret FROM second_factors ORDER BY user_id LIMIT 1), \
             last_step = 0").await;
    let body = json!({ "username": "eve", "password": PASSWORD, "one_time_code": device.code(0) });
    app.http.post("/auth/jwt/create/").json(&body).await.assert_problem(ProblemCode::Internal);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_codes_are_rate_limited() {
    let app = TestApp::spawn_with(|config| {
        config.limits.rate_limits = RateLimits::On;
        config.limits.limit_sign_ins = "1000/min".parse().unwrap();
    })
    .await;
    let ada = app.create_user("ada").await;
    let (device, _) = ada.enable_second_factor(&app).await;
    for _ in 0..5 {
        assert_wrong_code(sign_in(&app, &json!("000000")).await);
    }
    sign_in(&app, &json!(device.code(0))).await.assert_problem(ProblemCode::TooManyRequests);
    let proof = |code: &str| {
        ada.post("/auth/reauthentication/")
            .json(&json!({ "current_password": PASSWORD, "one_time_code": code }))
    };
    for _ in 0..5 {
        assert_wrong_code(proof("000000").await);
    }
    proof(&device.code(0)).await.assert_problem(ProblemCode::TooManyRequests);
}

#[tokio::test(flavor = "multi_thread")]
async fn password_reset_keeps_second_factor() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    ada.enable_second_factor(&app).await;
    let url = crate::support::database::url(&app.database);
    for (without, needed) in [(false, true), (true, false)] {
        let page = backend::cli::reset_password::reset_password(&app.state.config, &url, "ada", without)
            .await
            .unwrap();
        let token = page.rsplit_once('#').unwrap().1;
        let body = json!({ "token": token, "new_password": PASSWORD });
        app.http.request(&Method::PUT, "/auth/password_resets/").json(&body).await.assert_status(204);
        let response = sign_in(&app, &Value::Null).await;
        if needed {
            response.assert_problem(ProblemCode::SecondFactorRequired);
        } else {
            response.assert_status(200);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn password_alone_cannot_change_account() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    let (device, _) = ada.enable_second_factor(&app).await;
    let another = "violet tea at half past";
    let changes = |password: &str| {
        [
            ("/auth/username/", json!({ "new_username": "countess", "current_password": password })),
            ("/auth/password/", json!({ "new_password": another, "current_password": password })),
            ("/auth/users/delete/", json!({ "current_password": another })),
        ]
    };
    app.execute_sql("UPDATE sessions SET reauthenticated_at = now() - interval '11 minutes'").await;
    for (path, body) in changes(PASSWORD) {
        ada.post(path).json(&body).await.assert_problem(ProblemCode::ReauthenticationRequired);
    }
    let proof = json!({ "current_password": PASSWORD, "one_time_code": device.code(0) });
    ada.post("/auth/reauthentication/").json(&proof).await.assert_status(204);
    for (path, body) in changes(PASSWORD) {
        ada.post(path).json(&body).await.assert_status(204);
    }
}
