//! Codes beside the password.

use backend::{auth::second_factor::totp, config::RateLimits};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use shared::{
    credentials::Token,
    problem::{FieldCode, ProblemCode},
    second_factor::{Enrolment, RecoveryCodes, SecondFactor},
};

use crate::app::{Answer, Call, PASSWORD, Person, TestApp};

/// A device that makes codes.
struct Device([u8; 20]);

impl Device {
    fn of(enrolment: &Enrolment) -> Self {
        let bytes = totp_rs::Secret::try_from_base32(&enrolment.secret).unwrap();
        Self(bytes.as_bytes().try_into().unwrap())
    }

    /// What it shows so many steps of 30 seconds from now.
    fn shows(&self, steps: i64) -> String {
        let now = chrono::Utc::now().timestamp() + 30 * steps;
        totp(&self.0, "-").unwrap().generate(now.unsigned_abs()).to_string()
    }
}

impl Person {
    fn second_factor(&self, method: &Method) -> Call {
        self.call(method, "/auth/second_factor/")
    }

    async fn has(&self) -> SecondFactor {
        self.second_factor(&Method::GET).await.is(200).read()
    }

    /// Turns it on, with the code of a step before, so that the present one is still good.
    async fn turns_on(&self) -> (Device, RecoveryCodes) {
        let device = Device::of(&self.second_factor(&Method::POST).await.is(200).read());
        let code = json!({ "one_time_code": device.shows(-1) });
        (device, self.second_factor(&Method::PUT).json(&code).await.is(200).read())
    }
}

fn sign_in(app: &TestApp, code: &Value) -> Call {
    let body = json!({ "username": "ada", "password": PASSWORD, "one_time_code": code });
    app.web.post("/auth/jwt/create/").json(&body)
}

#[track_caller]
fn is_wrong(answer: Answer) {
    let problem = answer.refused(ProblemCode::Invalid);
    assert_eq!(
        (problem.errors[0].field.as_str(), problem.errors[0].code),
        ("one_time_code", FieldCode::WrongCode)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn once_it_is_on_a_sign_in_takes_the_password_and_a_code() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    assert_eq!(ada.has().await, SecondFactor { on: false, recovery_codes: 0 });
    let enrolment: Enrolment = ada.second_factor(&Method::POST).await.is(200).read();
    assert_eq!(
        enrolment.uri,
        format!("otpauth://totp/Chatire:ada?secret={}&issuer=Chatire", enrolment.secret)
    );
    sign_in(&app, &Value::Null).await.is(200);
    let device = Device::of(&enrolment);
    is_wrong(ada.second_factor(&Method::PUT).json(&json!({ "one_time_code": "000000" })).await);
    sign_in(&app, &Value::Null).await.is(200);
    let codes =
        ada.second_factor(&Method::PUT).json(&json!({ "one_time_code": device.shows(-1) })).await.is(200);
    assert_eq!(codes.read::<RecoveryCodes>().codes.len(), 10);
    assert_eq!(ada.has().await, SecondFactor { on: true, recovery_codes: 10 });

    for missing in [Value::Null, json!(""), json!("  ")] {
        let answer = sign_in(&app, &missing).await;
        assert!(answer.value()["non_field_errors"][0].is_string(), "{answer:?}");
        answer.refused(ProblemCode::CodeNeeded);
    }
    for wrong in ["000000", "12345", "1234567", "abcdef", "\u{0661}23456", &device.shows(-3)] {
        is_wrong(sign_in(&app, &json!(wrong)).await);
    }
    let body = json!({ "username": "ada", "password": "wrong", "one_time_code": device.shows(0) });
    app.web.post("/auth/jwt/create/").json(&body).await.refused(ProblemCode::WrongCredentials);
    // As people type it.
    let shown = device.shows(0);
    let spaced = format!(" {} {} ", &shown[..3], &shown[3..]);
    let Token { token } = sign_in(&app, &json!(spaced)).await.is(200).read();
    Person { token, ..ada }.get("/auth/me/").await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_good_once() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let (device, _) = ada.turns_on().await;
    let code = json!(device.shows(0));
    let answers = join_all((0..8).map(async |_| sign_in(&app, &code).await)).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    is_wrong(sign_in(&app, &code).await);
    is_wrong(sign_in(&app, &json!(device.shows(-1))).await);
    // The next one is good already: clocks differ.
    sign_in(&app, &json!(device.shows(1))).await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn recovery_codes_stand_in_once_each_and_can_be_renewed() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    ada.post("/auth/recovery_codes/").await.refused(ProblemCode::Conflict);
    let (_, RecoveryCodes { codes }) = ada.turns_on().await;
    let typed = json!(codes[0].replace('-', "").to_uppercase());
    sign_in(&app, &typed).await.is(200);
    is_wrong(sign_in(&app, &json!(codes[0])).await);
    assert_eq!(ada.has().await.recovery_codes, 9);
    let renewed: RecoveryCodes = ada.post("/auth/recovery_codes/").await.is(200).read();
    is_wrong(sign_in(&app, &json!(codes[1])).await);
    sign_in(&app, &json!(renewed.codes[1])).await.is(200);
    let stored = "SELECT count(*) FROM recovery_codes AS row WHERE row::text LIKE";
    assert_eq!(app.count(&format!("{stored} '%{}%'", renewed.codes[2])).await, 0, "only hashes are stored");
    let eve = app.person("eve").await;
    eve.turns_on().await;
    let body = json!({ "username": "eve", "password": PASSWORD, "one_time_code": renewed.codes[3] });
    is_wrong(app.web.post("/auth/jwt/create/").json(&body).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_turned_on_and_off_only_by_who_has_just_shown_who_they_are() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let (device, _) = ada.turns_on().await;
    ada.second_factor(&Method::POST).await.refused(ProblemCode::Conflict);
    app.run("UPDATE sessions SET proven_at = now() - interval '11 minutes'").await;
    for call in [
        ada.second_factor(&Method::POST),
        ada.second_factor(&Method::PUT).json(&json!({ "one_time_code": device.shows(0) })),
        ada.second_factor(&Method::DELETE),
        ada.post("/auth/recovery_codes/"),
    ] {
        call.await.refused(ProblemCode::ProofNeeded);
    }
    // The password alone does not show it any more.
    let proof = |code: Value| {
        ada.post("/auth/proof/").json(&json!({ "current_password": PASSWORD, "one_time_code": code }))
    };
    proof(Value::Null).await.refused(ProblemCode::CodeNeeded);
    is_wrong(proof(json!("000000")).await);
    ada.second_factor(&Method::DELETE).await.refused(ProblemCode::ProofNeeded);
    proof(json!(device.shows(0))).await.is(204);
    ada.second_factor(&Method::DELETE).await.is(204);
    assert_eq!(ada.has().await, SecondFactor { on: false, recovery_codes: 0 });
    sign_in(&app, &Value::Null).await.is(200);
    assert_eq!(app.count("SELECT count(*) FROM second_factors").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_reads_the_database_can_make_no_codes() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let (device, _) = ada.turns_on().await;
    let row = app.sql().await.query_one("SELECT sealed_secret FROM second_factors", &[]).await.unwrap();
    let sealed: Vec<u8> = row.get(0);
    assert!(!sealed.windows(20).any(|part| part == device.0));
    // Nor use one account's for another.
    let eve = app.person("eve").await;
    eve.turns_on().await;
    app.run("UPDATE second_factors SET sealed_secret = (SELECT sealed_secret FROM second_factors ORDER BY user_id LIMIT 1), \
             last_step = 0").await;
    let body = json!({ "username": "eve", "password": PASSWORD, "one_time_code": device.shows(0) });
    app.web.post("/auth/jwt/create/").json(&body).await.refused(ProblemCode::Internal);
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_cannot_be_tried_out() {
    let app = TestApp::with(|config| {
        config.limits.rate_limits = RateLimits::On;
        config.limits.limit_sign_ins = "1000/min".parse().unwrap();
    })
    .await;
    let ada = app.person("ada").await;
    let (device, _) = ada.turns_on().await;
    for _ in 0..5 {
        is_wrong(sign_in(&app, &json!("000000")).await);
    }
    sign_in(&app, &json!(device.shows(0))).await.refused(ProblemCode::TooManyRequests);
    let proof = |code: &str| {
        ada.post("/auth/proof/").json(&json!({ "current_password": PASSWORD, "one_time_code": code }))
    };
    for _ in 0..5 {
        is_wrong(proof("000000").await);
    }
    proof(&device.shows(0)).await.refused(ProblemCode::TooManyRequests);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_password_leaves_it_on_and_the_operator_takes_it_away() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    ada.turns_on().await;
    let url = crate::database::url(&app.database);
    for (without, needed) in [(false, true), (true, false)] {
        let page = backend::operator::reset_password(&app.app.config, &url, "ada", without).await.unwrap();
        let token = page.rsplit_once('#').unwrap().1;
        let body = json!({ "token": token, "new_password": PASSWORD });
        app.web.call(&Method::PUT, "/auth/password_resets/").json(&body).await.is(204);
        let answer = sign_in(&app, &Value::Null).await;
        if needed {
            answer.refused(ProblemCode::CodeNeeded);
        } else {
            answer.is(200);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_it_on_the_password_alone_changes_nothing_that_matters() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let (device, _) = ada.turns_on().await;
    let another = "violet tea at half past";
    let changes = |password: &str| {
        [
            ("/auth/username/", json!({ "new_username": "countess", "current_password": password })),
            ("/auth/password/", json!({ "new_password": another, "current_password": password })),
            ("/auth/users/delete/", json!({ "current_password": another })),
        ]
    };
    app.run("UPDATE sessions SET proven_at = now() - interval '11 minutes'").await;
    for (path, body) in changes(PASSWORD) {
        ada.post(path).json(&body).await.refused(ProblemCode::ProofNeeded);
    }
    let proof = json!({ "current_password": PASSWORD, "one_time_code": device.shows(0) });
    ada.post("/auth/proof/").json(&proof).await.is(204);
    for (path, body) in changes(PASSWORD) {
        ada.post(path).json(&body).await.is(204);
    }
}
