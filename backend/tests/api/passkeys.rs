//! Passkeys: making them, and signing in with one.

use reqwest::Method;
use serde_json::{Value, json};
use shared::{
    credentials::Token,
    passkey::{Ceremony, PASSKEYS_MAX, Passkey, Passkeys},
    problem::{FieldCode, ProblemCode},
};

use crate::{
    app::{Answer, Call, Person, TestApp},
    authenticator::{Authenticator, PRESENT},
};

const CHAT: &str = "https://chat.example.org";

async fn started() -> TestApp {
    TestApp::with(|config| config.public_url = Some(CHAT.to_owned())).await
}

impl TestApp {
    /// Asks for any passkey.
    async fn challenge(&self) -> Ceremony<Value> {
        self.web.post("/auth/passkeys/challenges/").header("origin", CHAT).await.is(200).read()
    }

    fn show_passkey(&self, id: impl serde::Serialize, credential: &Value) -> Call {
        let body = json!({ "challenge": id, "credential": credential });
        self.web.post("/auth/jwt/passkey/").header("origin", CHAT).json(&body)
    }

    /// Signs in with a device.
    async fn sign_in_by(&self, device: &mut Authenticator) -> Answer {
        let Ceremony { id, options } = self.challenge().await;
        self.show_passkey(id, &device.shows(&options)).await
    }
}

impl Person {
    async fn begins(&self) -> Ceremony<Value> {
        self.post("/auth/passkeys/registrations/").header("origin", CHAT).await.is(200).read()
    }

    fn add_passkey(&self, id: impl serde::Serialize, label: &str, credential: &Value) -> Call {
        let body = json!({ "registration": id, "label": label, "credential": credential });
        self.post("/auth/passkeys/").header("origin", CHAT).json(&body)
    }

    async fn has_passkey(&self, label: &str) -> Authenticator {
        let mut device = Authenticator::at(CHAT);
        let Ceremony { id, options } = self.begins().await;
        let added = self.add_passkey(id, label, &device.makes(&options)).await.is(201);
        assert_eq!(added.read::<Passkey>().label, label);
        device
    }

    async fn passkeys(&self) -> Vec<Passkey> {
        self.get("/auth/passkeys/").await.is(200).read::<Passkeys>().passkeys
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_signs_in_without_a_name_and_without_a_password() {
    let app = started().await;
    let ada = app.person("ada").await;
    let Ceremony { options, .. } = ada.begins().await;
    assert_eq!(
        (&options["rp"]["id"], &options["rp"]["name"]),
        (&json!("chat.example.org"), &json!("Chatire"))
    );
    assert_eq!(options["user"]["name"], "ada");
    assert_eq!(options["authenticatorSelection"]["residentKey"], "required");
    assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
    let mut device = ada.has_passkey("my phone").await;
    let answer = app.sign_in_by(&mut device).await.is(200);
    assert!(!answer.jar().is_empty(), "a browser is signed in as by a password");
    let Token { token } = answer.read();
    let ada = Person { token, ..ada };
    assert_eq!(ada.get("/auth/me/").await.is(200).value()["username"], "ada");
    let passkeys = ada.passkeys().await;
    assert_eq!((passkeys.len(), passkeys[0].used_at.is_some()), (1, true));
    // It stands for both factors, and shows that the account is theirs.
    app.run(
        "INSERT INTO second_factors (user_id, sealed_secret, confirmed_at) SELECT id, '', now() FROM users",
    )
    .await;
    app.sign_in_by(&mut device).await.is(200);
    app.run("UPDATE sessions SET proven_at = now() - interval '11 minutes'").await;
    ada.post("/auth/passkeys/registrations/").header("origin", CHAT).await.refused(ProblemCode::ProofNeeded);
    let Ceremony { id, options } = app.challenge().await;
    let proof = json!({ "challenge": id, "credential": device.shows(&options) });
    ada.post("/auth/proof/").header("origin", CHAT).json(&proof).await.is(204);
    ada.begins().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_asked_for_is_refused() {
    let app = started().await;
    let (ada, eve) = (app.person("ada").await, app.person("eve").await);
    let mut device = ada.has_passkey("").await;
    let refused = |answer: Answer| {
        assert!(answer.value()["non_field_errors"][0].is_string(), "{answer:?}");
        assert!(answer.headers.get("set-cookie").is_none());
        answer.refused(ProblemCode::PasskeyRefused);
    };
    // The same once more.
    let Ceremony { id, options } = app.challenge().await;
    let shown = device.shows(&options);
    app.show_passkey(id, &shown).await.is(200);
    refused(app.show_passkey(id, &shown).await);
    // For another challenge, or for none.
    let (first, second) = (app.challenge().await, app.challenge().await);
    refused(app.show_passkey(first.id, &device.shows(&second.options)).await);
    refused(app.show_passkey(uuid::Uuid::new_v4(), &device.shows(&second.options)).await);
    // On another page than ours.
    device.origin = "https://chat.example.org.evil.example".to_owned();
    refused(app.sign_in_by(&mut device).await);
    device.origin = CHAT.to_owned();
    // For another server.
    let Ceremony { id, mut options } = app.challenge().await;
    options["rpId"] = json!("evil.example");
    refused(app.show_passkey(id, &device.shows(&options)).await);
    // By a device that did not make sure who it is, and by one that was copied.
    device.flags = PRESENT;
    refused(app.sign_in_by(&mut device).await);
    device.flags = crate::authenticator::VERIFIED;
    app.sign_in_by(&mut device).await.is(200);
    device.count -= 1;
    refused(app.sign_in_by(&mut device).await);
    device.count += 10;
    // With another signature, or another person's name.
    let Ceremony { id, options } = app.challenge().await;
    let mut altered = device.shows(&options);
    altered["response"]["signature"] = json!("MEUCIQ");
    refused(app.show_passkey(id, &altered).await);
    let mut other = eve.has_passkey("").await;
    let Ceremony { id, options } = app.challenge().await;
    let (mut shown, others) = (device.shows(&options), other.shows(&options));
    shown["response"]["userHandle"] = others["response"]["userHandle"].clone();
    refused(app.show_passkey(id, &shown).await);
    for nonsense in [json!({}), json!({ "id": "", "rawId": "!", "type": 7, "response": [] })] {
        refused(app.show_passkey(uuid::Uuid::new_v4(), &nonsense).await);
    }
    let problem = app.show_passkey("7", &json!("text")).await.refused(ProblemCode::Invalid);
    let codes: Vec<_> = problem.errors.iter().map(|error| error.code).collect();
    assert_eq!(codes, [FieldCode::NotUuid, FieldCode::NotObject]);
    // And after all that the right one still is.
    app.sign_in_by(&mut device).await.is(200);
    // Another account's passkey shows nothing of this one.
    let Ceremony { id, options } = app.challenge().await;
    let proof = json!({ "challenge": id, "credential": other.shows(&options) });
    ada.post("/auth/proof/").header("origin", CHAT).json(&proof).await.refused(ProblemCode::PasskeyRefused);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_is_made_by_who_was_asked_and_once() {
    let app = started().await;
    let (ada, eve) = (app.person("ada").await, app.person("eve").await);
    let Ceremony { id, options } = ada.begins().await;
    let made = Authenticator::at(CHAT).makes(&options);
    eve.add_passkey(id, "", &made).await.refused(ProblemCode::PasskeyRefused);
    ada.add_passkey(id, "", &made).await.refused(ProblemCode::PasskeyRefused);
    let Ceremony { id, options } = ada.begins().await;
    let mut device = Authenticator::at(CHAT);
    let made = device.makes(&options);
    ada.add_passkey(id, &"x".repeat(101), &made).await.refused(ProblemCode::Invalid);
    ada.add_passkey(id, "phone", &made).await.is(201);
    ada.add_passkey(id, "phone", &made).await.refused(ProblemCode::PasskeyRefused);
    // The same key for another account.
    let Ceremony { id, options } = eve.begins().await;
    eve.add_passkey(id, "", &device.makes(&options)).await.refused(ProblemCode::Conflict);
    let Ceremony { options, .. } = ada.begins().await;
    assert_eq!(
        options["excludeCredentials"][0]["id"], made["id"],
        "nobody makes a second one on that device"
    );
    for number in 1..PASSKEYS_MAX {
        ada.has_passkey(&format!("{number}")).await;
    }
    let Ceremony { id, options } = ada.begins().await;
    let one_more = Authenticator::at(CHAT).makes(&options);
    ada.add_passkey(id, "", &one_more).await.refused(ProblemCode::Conflict);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_that_was_removed_opens_nothing() {
    let app = started().await;
    let (ada, eve) = (app.person("ada").await, app.person("eve").await);
    let (mut phone, mut laptop) = (ada.has_passkey("phone").await, ada.has_passkey("laptop").await);
    let listed = ada.passkeys().await;
    assert_eq!(listed.iter().map(|key| key.label.as_str()).collect::<Vec<_>>(), ["laptop", "phone"]);
    let path = format!("/auth/passkeys/{}/", listed[1].id);
    eve.call(&Method::DELETE, &path).await.refused(ProblemCode::NotFound);
    app.sign_in_by(&mut phone).await.is(200);
    ada.call(&Method::DELETE, &path).await.is(204);
    app.sign_in_by(&mut phone).await.refused(ProblemCode::PasskeyRefused);
    app.sign_in_by(&mut laptop).await.is(200);
    ada.call(&Method::DELETE, &path).await.refused(ProblemCode::NotFound);
    ada.leaves_for_good().await;
    app.sign_in_by(&mut laptop).await.refused(ProblemCode::PasskeyRefused);
    assert_eq!(app.count("SELECT count(*) FROM passkeys").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn passkeys_belong_to_a_name_and_to_our_pages() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let begin = |origin: &str| ada.post("/auth/passkeys/registrations/").header("origin", origin);
    // This test speaks to a number.
    begin(&format!("http://{}", app.web.address)).await.refused(ProblemCode::NoPasskeys);
    ada.post("/auth/passkeys/registrations/").await.refused(ProblemCode::NoPasskeys);
    begin("https://evil.example").await.refused(ProblemCode::ForeignOrigin);
    let port = app.web.address.rsplit_once(':').unwrap().1;
    let host = format!("localhost:{port}");
    let answer = begin(&format!("http://{host}")).header("host", &host).await.is(200);
    assert_eq!(answer.read::<Ceremony<Value>>().options["rp"]["id"], "localhost");
}
