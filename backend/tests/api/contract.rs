//! The API of the original application: every call in every encoding, with and without a trailing slash.

use reqwest::Method;
use serde_json::Value;

use crate::support::{ApiRequest, ApiResponse, HttpClient, PASSWORD, TestApp, TestUser, field_names};

const USER: [&str; 5] = ["email", "first_name", "id", "last_name", "username"];
const NEW_PASSWORD: &str = "green tea at five";

#[derive(Clone, Copy)]
enum Encoding {
    Json,
    Form,
    /// As jQuery sends it.
    FormWithCharset,
    Multipart,
}

/// A client of the original API.
struct LegacyClient<'a> {
    http: &'a HttpClient,
    encoding: Encoding,
    slash: &'static str,
}

impl LegacyClient<'_> {
    fn request(&self, method: &Method, path: &str, body: &[(&str, &str)]) -> ApiRequest {
        self.encode(self.http.request(method, &format!("{path}{}", self.slash)), body)
    }

    fn post(&self, path: &str, body: &[(&str, &str)]) -> ApiRequest {
        self.request(&Method::POST, path, body)
    }

    fn encode(&self, call: ApiRequest, body: &[(&str, &str)]) -> ApiRequest {
        match self.encoding {
            Encoding::Json => call.json(&body.iter().copied().collect::<std::collections::HashMap<_, _>>()),
            Encoding::Form => call.form(body),
            Encoding::FormWithCharset => {
                let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(body).finish();
                call.body("application/x-www-form-urlencoded; charset=UTF-8", form)
            }
            Encoding::Multipart => call.multipart(body),
        }
    }

    async fn create_account(&self, name: &str) -> String {
        let email = format!("{name}@example.org");
        let sign_up = [("email", email.as_str()), ("username", name), ("password", PASSWORD)];
        let account = json(&self.post("/auth/users/create", &sign_up).await.assert_status(201));
        assert_eq!(field_names(&account), ["email", "id", "username"]);
        assert_eq!((&account["email"], &account["username"]), (&email.into(), &name.into()));
        self.sign_in(name, PASSWORD).await
    }

    async fn sign_in(&self, name: &str, password: &str) -> String {
        let sign_in = [("username", name), ("password", password)];
        token_of(&self.post("/auth/jwt/create", &sign_in).await)
    }

    async fn check(&self) {
        let name = format!("ada{}", self.slash.len());
        let ada = self.create_account(&name).await;
        self.check_tokens(&ada).await;
        let name = self.check_account(&ada, &name).await;
        let eve_name = format!("eve{}", self.slash.len());
        let eve = self.create_account(&eve_name).await;
        self.check_chat((&ada, &name), (&eve, &eve_name)).await;
        let deletion = self.post("/auth/users/delete", &[("current_password", NEW_PASSWORD)]);
        assert_no_content(&with_token(deletion, &ada).await);
    }

    async fn check_tokens(&self, ada: &str) {
        assert_eq!(token_of(&self.post("/auth/jwt/verify", &[("token", ada)]).await), ada);
        for path in ["/auth/jwt/refresh", "/this/is/hard/to/find"] {
            let fresh = token_of(&self.post(path, &[("token", ada)]).await);
            assert_eq!(token_of(&self.post("/auth/jwt/verify", &[("token", &fresh)]).await), fresh);
        }
    }

    /// Returns the new name.
    async fn check_account(&self, ada: &str, name: &str) -> String {
        let path = format!("/auth/me{}", self.slash);
        let me = json(&with_token(self.http.get(&path), ada).await.assert_status(200));
        assert_eq!(field_names(&me), ["email", "id", "username"]);
        assert_eq!(me["username"], name);
        for (method, email) in [(Method::PUT, "put@example.org"), (Method::PATCH, "")] {
            let changed = self.request(&method, "/auth/me", &[("email", email)]);
            let changed = json(&with_token(changed, ada).await.assert_status(200));
            assert_eq!(
                (field_names(&changed), &changed["email"]),
                (vec!["email", "id", "username"], &email.into())
            );
            assert_eq!(json(&with_token(self.http.get(&path), ada).await.assert_status(200)), changed);
        }
        let change = [("new_password", NEW_PASSWORD), ("current_password", PASSWORD)];
        assert_no_content(&with_token(self.post("/auth/password", &change), ada).await);
        let new_name = format!("{name}.lovelace");
        let change = [("new_username", new_name.as_str()), ("current_password", NEW_PASSWORD)];
        assert_no_content(&with_token(self.post("/auth/username", &change), ada).await);
        self.sign_in(&new_name, NEW_PASSWORD).await;
        new_name
    }

    async fn check_chat(&self, (ada, ada_name): (&str, &str), (eve, eve_name): (&str, &str)) {
        let started = json(&with_token(self.post("/api/chats", &[]), ada).await.assert_status(200));
        assert_eq!(started["status"], "SUCCESS");
        assert_eq!(started["message"], "New chat session created");
        let chat = format!("/api/chats/{}", started["uri"].as_str().unwrap());

        let join = self.request(&Method::PATCH, &chat, &[("username", eve_name)]);
        let joined = json(&with_token(join, eve).await.assert_status(200));
        assert_eq!(joined["status"], "SUCCESS");
        assert_eq!(joined["message"], format!("{eve_name} joined the chat"));
        assert_user(&joined["user"], eve_name);
        assert_user(&joined["members"][0], ada_name);
        assert_user(&joined["members"][1], eve_name);
        assert_eq!(joined["members"].as_array().unwrap().len(), 2);

        let messages = format!("{chat}/messages");
        for message in ["tea?", " a+b & c=d%20\n\"é\" 🫖 "] {
            let posted = self.post(&messages, &[("message", message)]);
            let posted = json(&with_token(posted, eve).await.assert_status(200));
            assert_eq!((&posted["status"], &posted["uri"]), (&"SUCCESS".into(), &started["uri"]));
            assert_eq!(posted["message"], message);
            assert_user(&posted["user"], eve_name);
        }
        let history = json(
            &with_token(self.http.get(&format!("{messages}{}", self.slash)), ada).await.assert_status(200),
        );
        assert!(history["id"].is_i64() && history["uri"] == started["uri"], "{history}");
        let texts: Vec<_> = history["messages"].as_array().unwrap().iter().map(|m| &m["message"]).collect();
        assert_eq!(texts, ["tea?", " a+b & c=d%20\n\"é\" 🫖 "], "oldest first, unchanged");
        assert_user(&history["messages"][0]["user"], eve_name);
    }
}

fn with_token(call: ApiRequest, token: &str) -> ApiRequest {
    call.header("authorization", &format!("JWT {token}"))
}

#[track_caller]
fn json(response: &ApiResponse) -> Value {
    assert_eq!(response.header("content-type"), "application/json", "{response:?}");
    response.value()
}

#[track_caller]
fn token_of(response: &ApiResponse) -> String {
    assert_eq!(response.status, 200, "{response:?}");
    let body = json(response);
    assert_eq!(field_names(&body), ["token"]);
    body["token"].as_str().unwrap().to_owned()
}

#[track_caller]
fn assert_no_content(response: &ApiResponse) {
    assert_eq!((response.status, response.text.as_str()), (204, ""), "{response:?}");
}

#[track_caller]
fn assert_user(value: &Value, name: &str) {
    assert!(USER.iter().all(|field| value.get(field).is_some()), "{value}");
    assert!(value["id"].is_i64(), "{value}");
    assert_eq!((&value["username"], &value["first_name"]), (&name.into(), &"".into()));
}

async fn check_contract(encoding: Encoding) {
    let app = TestApp::spawn().await;
    for slash in ["/", ""] {
        LegacyClient { http: &app.http, encoding, slash }.check().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn contract_holds_for_json() {
    check_contract(Encoding::Json).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn contract_holds_for_forms() {
    check_contract(Encoding::Form).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn contract_holds_for_jquery_forms() {
    check_contract(Encoding::FormWithCharset).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn contract_holds_for_multipart() {
    check_contract(Encoding::Multipart).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chat_responses_have_exactly_documented_fields() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let started = ada.post("/api/chats/").await.value();
    assert_eq!(field_names(&started), ["chat", "message", "status", "uri"]);
    let joined = ada.try_join(&tea).await.value();
    assert_eq!(
        field_names(&joined),
        ["chat", "epoch", "head", "members", "message", "status", "uri", "user"]
    );
    assert_eq!(field_names(&joined["user"]), USER);
    assert_eq!(
        field_names(&joined["members"][0]),
        ["created_at", "email", "first_name", "id", "last_name", "revision", "role", "seq", "username"]
    );
    let posted = ada.try_send_message(&tea, "hello").await.value();
    let of_message = ["client_id", "created_at", "id", "message", "revision", "seq", "user"];
    let mut of_post = [&of_message[..], &["status", "uri"]].concat();
    of_post.sort_unstable();
    assert_eq!(field_names(&posted), of_post);
    assert_eq!(field_names(&posted["user"]), USER);
    let history = ada.get(&format!("/api/chats/{tea}/messages/")).await.value();
    assert_eq!(field_names(&history), ["earlier", "epoch", "head", "id", "messages", "uri"]);
    assert_eq!(field_names(&history["messages"][0]), of_message);
}

#[tokio::test(flavor = "multi_thread")]
async fn authorization_scheme_is_case_insensitive() {
    let app = TestApp::spawn().await;
    let TestUser { token, name, .. } = app.create_user("ada").await;
    for scheme in ["JWT", "jwt", "Jwt", "Bearer", "bearer", "bEARER", "Token", "token", "TOKEN"] {
        let me = app.http.get("/auth/me/").header("authorization", &format!("{scheme} {token}")).await;
        assert_eq!(me.assert_status(200).value()["username"], name, "{scheme}");
    }
    for scheme in ["Basic", "JWTs", ""] {
        app.http
            .get("/auth/me/")
            .header("authorization", &format!("{scheme} {token}"))
            .await
            .assert_status(401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn chat_creation_accepts_any_body() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    ada.post("/api/chats/").await.assert_status(200);
    for kind in ["application/json", "application/x-www-form-urlencoded; charset=UTF-8", "text/plain", "x"] {
        ada.post("/api/chats/").body(kind, "").await.assert_status(200);
    }
    ada.post("/api/chats/").body("text/plain", "tea").await.assert_status(200);
    ada.post("/api/chats/").multipart(&[("a", "b")]).await.assert_status(200);
}
