//! Passkeys: registration and sign-in.

use backend::store::passkeys;
use futures_util::FutureExt;
use reqwest::Method;
use serde_json::{Value, json};
use shared::{
    credentials::AccessToken,
    passkey::{PASSKEYS_MAX, Passkey, PasskeysResponse, WebauthnChallenge},
    problem::{FieldCode, Problem, ProblemCode},
};
use uuid::Uuid;

use crate::sign_in_races::sign_in_during;
use crate::support::{
    ApiRequest, ApiResponse, TestApp, TestUser,
    authenticator::{PRESENT, VERIFIED, VirtualAuthenticator},
};

const ORIGIN: &str = "https://chat.example.org";

async fn spawn_app() -> TestApp {
    TestApp::spawn_with(|config| config.public_url = Some(ORIGIN.to_owned())).await
}

impl TestApp {
    /// Requests a challenge for any passkey.
    async fn passkey_challenge(&self) -> WebauthnChallenge<Value> {
        self.http.post("/auth/passkeys/challenges/").header("origin", ORIGIN).await.assert_status(200).json()
    }

    fn sign_in_with_credential(&self, id: impl serde::Serialize, credential: &Value) -> ApiRequest {
        let body = json!({ "challenge": id, "credential": credential });
        self.http.post("/auth/jwt/passkey/").header("origin", ORIGIN).json(&body)
    }

    /// Signs in with the passkey of an authenticator.
    async fn sign_in_with_passkey(&self, device: &mut VirtualAuthenticator) -> ApiResponse {
        let WebauthnChallenge { id, options } = self.passkey_challenge().await;
        self.sign_in_with_credential(id, &device.get_credential(&options)).await
    }
}

impl TestUser {
    async fn begin_registration(&self) -> WebauthnChallenge<Value> {
        self.post("/auth/passkeys/registrations/").header("origin", ORIGIN).await.assert_status(200).json()
    }

    fn add_passkey(&self, id: impl serde::Serialize, label: &str, credential: &Value) -> ApiRequest {
        let body = json!({ "registration": id, "label": label, "credential": credential });
        self.post("/auth/passkeys/").header("origin", ORIGIN).json(&body)
    }

    async fn register_passkey(&self, label: &str) -> VirtualAuthenticator {
        let mut device = VirtualAuthenticator::new(ORIGIN);
        let WebauthnChallenge { id, options } = self.begin_registration().await;
        let added = self.add_passkey(id, label, &device.create_credential(&options)).await.assert_status(201);
        assert_eq!(added.json::<Passkey>().label, label);
        device
    }

    async fn list_passkeys(&self) -> Vec<Passkey> {
        self.get("/auth/passkeys/").await.assert_status(200).json::<PasskeysResponse>().passkeys
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn passkey_signs_in_without_name_or_password() {
    let app = spawn_app().await;
    let ada = app.create_user("ada").await;
    let WebauthnChallenge { options, .. } = ada.begin_registration().await;
    assert_eq!(
        (&options["rp"]["id"], &options["rp"]["name"]),
        (&json!("chat.example.org"), &json!("Chatire"))
    );
    assert_eq!(options["user"]["name"], "ada");
    assert_eq!(options["authenticatorSelection"]["residentKey"], "required");
    assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
    let mut device = ada.register_passkey("my phone").await;
    let answer = app.sign_in_with_passkey(&mut device).await.assert_status(200);
    assert!(!answer.cookies().is_empty(), "the browser gets the same cookies as by a password");
    let AccessToken { token } = answer.json();
    let ada = TestUser { token, ..ada };
    assert_eq!(ada.get("/auth/me/").await.assert_status(200).value()["username"], "ada");
    let passkeys = ada.list_passkeys().await;
    assert_eq!((passkeys.len(), passkeys[0].used_at.is_some()), (1, true));
    // A passkey counts as both factors and as re-authentication.
    app.execute_sql(
        "INSERT INTO second_factors (user_id, encrypted_secret, confirmed_at) SELECT id, '', now() FROM users",
    )
    .await;
    app.sign_in_with_passkey(&mut device).await.assert_status(200);
    app.execute_sql("UPDATE sessions SET reauthenticated_at = now() - interval '11 minutes'").await;
    ada.post("/auth/passkeys/registrations/")
        .header("origin", ORIGIN)
        .await
        .assert_problem(ProblemCode::ReauthenticationRequired);
    let WebauthnChallenge { id, options } = app.passkey_challenge().await;
    let proof = json!({ "challenge": id, "credential": device.get_credential(&options) });
    ada.post("/auth/reauthentication/").header("origin", ORIGIN).json(&proof).await.assert_status(204);
    ada.begin_registration().await;
}

#[track_caller]
fn assert_rejected(response: &ApiResponse) {
    assert!(response.value()["non_field_errors"][0].is_string(), "{response:?}");
    assert!(response.headers.get("set-cookie").is_none());
    let problem: Problem = response.json();
    assert_eq!((response.status, problem.code), (400, ProblemCode::PasskeyRejected));
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_passkey_assertions_are_rejected() {
    let app = spawn_app().await;
    let mut device = app.create_user("ada").await.register_passkey("").await;
    // A replay.
    let WebauthnChallenge { id, options } = app.passkey_challenge().await;
    let credential = device.get_credential(&options);
    app.sign_in_with_credential(id, &credential).await.assert_status(200);
    assert_rejected(&app.sign_in_with_credential(id, &credential).await);
    // Another challenge, or an unknown one.
    let (first, second) = (app.passkey_challenge().await, app.passkey_challenge().await);
    for id in [first.id, Uuid::new_v4()] {
        let credential = device.get_credential(&second.options);
        assert_rejected(&app.sign_in_with_credential(id, &credential).await);
    }
    // Another origin.
    device.origin = "https://chat.example.org.evil.example".to_owned();
    assert_rejected(&app.sign_in_with_passkey(&mut device).await);
    device.origin = ORIGIN.to_owned();
    // Another relying party.
    let WebauthnChallenge { id, mut options } = app.passkey_challenge().await;
    options["rpId"] = json!("evil.example");
    assert_rejected(&app.sign_in_with_credential(id, &device.get_credential(&options)).await);
    // Without user verification, and by a cloned authenticator.
    device.flags = PRESENT;
    assert_rejected(&app.sign_in_with_passkey(&mut device).await);
    device.flags = VERIFIED;
    app.sign_in_with_passkey(&mut device).await.assert_status(200);
    device.counter -= 1;
    assert_rejected(&app.sign_in_with_passkey(&mut device).await);
    device.counter += 10;
    // The valid passkey still works after all that.
    app.sign_in_with_passkey(&mut device).await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn altered_passkey_assertions_are_rejected() {
    let app = spawn_app().await;
    let (ada, eve) = (app.create_user("ada").await, app.create_user("eve").await);
    let (mut device, mut other) = (ada.register_passkey("").await, eve.register_passkey("").await);
    let WebauthnChallenge { id, options } = app.passkey_challenge().await;
    let mut altered = device.get_credential(&options);
    altered["response"]["signature"] = json!("MEUCIQ");
    assert_rejected(&app.sign_in_with_credential(id, &altered).await);
    let WebauthnChallenge { id, options } = app.passkey_challenge().await;
    let (mut altered, credential) = (device.get_credential(&options), other.get_credential(&options));
    altered["response"]["userHandle"] = credential["response"]["userHandle"].clone();
    assert_rejected(&app.sign_in_with_credential(id, &altered).await);
    for malformed in [json!({}), json!({ "id": "", "rawId": "!", "type": 7, "response": [] })] {
        assert_rejected(&app.sign_in_with_credential(Uuid::new_v4(), &malformed).await);
    }
    let problem = app.sign_in_with_credential("7", &json!("text")).await.assert_problem(ProblemCode::Invalid);
    let codes: Vec<_> = problem.errors.iter().map(|error| error.code).collect();
    assert_eq!(codes, [FieldCode::NotUuid, FieldCode::NotObject]);
    // The valid passkey still works after all that.
    app.sign_in_with_passkey(&mut device).await.assert_status(200);
    // The passkey of another account does not re-authenticate this one.
    let WebauthnChallenge { id, options } = app.passkey_challenge().await;
    let proof = json!({ "challenge": id, "credential": other.get_credential(&options) });
    let response = ada.post("/auth/reauthentication/").header("origin", ORIGIN).json(&proof).await;
    response.assert_problem(ProblemCode::PasskeyRejected);
}

#[tokio::test(flavor = "multi_thread")]
async fn passkey_registration_is_bound_and_single_use() {
    let app = spawn_app().await;
    let (ada, eve) = (app.create_user("ada").await, app.create_user("eve").await);
    let WebauthnChallenge { id, options } = ada.begin_registration().await;
    let created = VirtualAuthenticator::new(ORIGIN).create_credential(&options);
    eve.add_passkey(id, "", &created).await.assert_problem(ProblemCode::PasskeyRejected);
    ada.add_passkey(id, "", &created).await.assert_problem(ProblemCode::PasskeyRejected);
    let WebauthnChallenge { id, options } = ada.begin_registration().await;
    let mut device = VirtualAuthenticator::new(ORIGIN);
    let created = device.create_credential(&options);
    ada.add_passkey(id, &"x".repeat(101), &created).await.assert_problem(ProblemCode::Invalid);
    ada.add_passkey(id, "phone", &created).await.assert_status(201);
    ada.add_passkey(id, "phone", &created).await.assert_problem(ProblemCode::PasskeyRejected);
    // The same credential for another account.
    let WebauthnChallenge { id, options } = eve.begin_registration().await;
    eve.add_passkey(id, "", &device.create_credential(&options)).await.assert_problem(ProblemCode::Conflict);
    let WebauthnChallenge { options, .. } = ada.begin_registration().await;
    assert_eq!(options["excludeCredentials"][0]["id"], created["id"], "the authenticator is excluded");
    for number in 1..PASSKEYS_MAX {
        ada.register_passkey(&format!("{number}")).await;
    }
    let WebauthnChallenge { id, options } = ada.begin_registration().await;
    let one_more = VirtualAuthenticator::new(ORIGIN).create_credential(&options);
    ada.add_passkey(id, "", &one_more).await.assert_problem(ProblemCode::Conflict);
}

#[tokio::test(flavor = "multi_thread")]
async fn removed_passkey_is_rejected() {
    let app = spawn_app().await;
    let (ada, eve) = (app.create_user("ada").await, app.create_user("eve").await);
    let (mut phone, mut laptop) = (ada.register_passkey("phone").await, ada.register_passkey("laptop").await);
    let listed = ada.list_passkeys().await;
    assert_eq!(listed.iter().map(|key| key.label.as_str()).collect::<Vec<_>>(), ["laptop", "phone"]);
    let path = format!("/auth/passkeys/{}/", listed[1].id);
    eve.request(&Method::DELETE, &path).await.assert_problem(ProblemCode::NotFound);
    app.sign_in_with_passkey(&mut phone).await.assert_status(200);
    ada.request(&Method::DELETE, &path).await.assert_status(204);
    app.sign_in_with_passkey(&mut phone).await.assert_problem(ProblemCode::PasskeyRejected);
    app.sign_in_with_passkey(&mut laptop).await.assert_status(200);
    ada.request(&Method::DELETE, &path).await.assert_problem(ProblemCode::NotFound);
    ada.delete_account().await;
    app.sign_in_with_passkey(&mut laptop).await.assert_problem(ProblemCode::PasskeyRejected);
    assert_eq!(app.query_count("SELECT count(*) FROM passkeys").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_in_during_passkey_removal_fails() {
    let app = spawn_app().await;
    let ada = app.create_user("ada").await;
    let mut phone = ada.register_passkey("phone").await;
    let passkey_id = ada.list_passkeys().await[0].id;
    let WebauthnChallenge { id, options } = app.passkey_challenge().await;
    let sign_in = app.sign_in_with_credential(id, &phone.get_credential(&options));
    let response = sign_in_during(&app, sign_in, |connection| {
        async move { passkeys::delete(connection, ada.id, passkey_id).await.map(|deleted| assert!(deleted)) }
            .boxed()
    });
    response.await.assert_problem(ProblemCode::PasskeyRejected);
    assert_eq!(app.query_count("SELECT count(*) FROM sessions").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn passkeys_require_host_name_and_own_origin() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    let begin = |origin: &str| ada.post("/auth/passkeys/registrations/").header("origin", origin);
    // The test connects to an IP address.
    begin(&format!("http://{}", app.http.address)).await.assert_problem(ProblemCode::PasskeysUnavailable);
    ada.post("/auth/passkeys/registrations/").await.assert_problem(ProblemCode::PasskeysUnavailable);
    begin("https://evil.example").await.assert_problem(ProblemCode::CrossOriginForbidden);
    let port = app.http.address.rsplit_once(':').unwrap().1;
    let host = format!("localhost:{port}");
    let answer = begin(&format!("http://{host}")).header("host", &host).await.assert_status(200);
    assert_eq!(answer.json::<WebauthnChallenge<Value>>().options["rp"]["id"], "localhost");
}
