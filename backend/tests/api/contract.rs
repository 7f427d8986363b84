//! The original's calls, every one in every encoding, with and without the slash: the same fields as ever.

use reqwest::Method;
use serde_json::Value;

use crate::app::{Answer, Call, PASSWORD, Person, TestApp, Web, fields};

const USER: [&str; 5] = ["email", "first_name", "id", "last_name", "username"];
const NEW_PASSWORD: &str = "green tea at five";

#[derive(Clone, Copy)]
enum Encoding {
    Json,
    Form,
    /// As jQuery says it.
    FormWithCharset,
    Multipart,
}

/// A program of the original.
struct Program<'a> {
    web: &'a Web,
    encoding: Encoding,
    slash: &'static str,
}

impl Program<'_> {
    fn call(&self, method: &Method, path: &str, body: &[(&str, &str)]) -> Call {
        self.encode(self.web.call(method, &format!("{path}{}", self.slash)), body)
    }

    fn post(&self, path: &str, body: &[(&str, &str)]) -> Call {
        self.call(&Method::POST, path, body)
    }

    fn encode(&self, call: Call, body: &[(&str, &str)]) -> Call {
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

    async fn account(&self, name: &str) -> String {
        let email = format!("{name}@example.org");
        let sign_up = [("email", email.as_str()), ("username", name), ("password", PASSWORD)];
        let account = json(&self.post("/auth/users/create", &sign_up).await.is(201));
        assert_eq!(fields(&account), ["email", "id", "username"]);
        assert_eq!((&account["email"], &account["username"]), (&email.into(), &name.into()));
        self.token(name, PASSWORD).await
    }

    async fn token(&self, name: &str, password: &str) -> String {
        let sign_in = [("username", name), ("password", password)];
        token(&self.post("/auth/jwt/create", &sign_in).await)
    }

    async fn works(&self) {
        let name = format!("ada{}", self.slash.len());
        let ada = self.account(&name).await;
        self.tokens_work(&ada).await;
        let name = self.account_works(&ada, &name).await;
        let eve_name = format!("eve{}", self.slash.len());
        let eve = self.account(&eve_name).await;
        self.chat_works((&ada, &name), (&eve, &eve_name)).await;
        let deletion = self.post("/auth/users/delete", &[("current_password", NEW_PASSWORD)]);
        no_content(&signed(deletion, &ada).await);
    }

    async fn tokens_work(&self, ada: &str) {
        assert_eq!(token(&self.post("/auth/jwt/verify", &[("token", ada)]).await), ada);
        for path in ["/auth/jwt/refresh", "/this/is/hard/to/find"] {
            let fresh = token(&self.post(path, &[("token", ada)]).await);
            assert_eq!(token(&self.post("/auth/jwt/verify", &[("token", &fresh)]).await), fresh);
        }
    }

    /// Returns the new name.
    async fn account_works(&self, ada: &str, name: &str) -> String {
        let path = format!("/auth/me{}", self.slash);
        let me = json(&signed(self.web.get(&path), ada).await.is(200));
        assert_eq!(fields(&me), ["email", "id", "username"]);
        assert_eq!(me["username"], name);
        for (method, email) in [(Method::PUT, "put@example.org"), (Method::PATCH, "")] {
            let changed = self.call(&method, "/auth/me", &[("email", email)]);
            let changed = json(&signed(changed, ada).await.is(200));
            assert_eq!(
                (fields(&changed), &changed["email"]),
                (vec!["email", "id", "username"], &email.into())
            );
            assert_eq!(json(&signed(self.web.get(&path), ada).await.is(200)), changed);
        }
        let change = [("new_password", NEW_PASSWORD), ("current_password", PASSWORD)];
        no_content(&signed(self.post("/auth/password", &change), ada).await);
        let new_name = format!("{name}.lovelace");
        let change = [("new_username", new_name.as_str()), ("current_password", NEW_PASSWORD)];
        no_content(&signed(self.post("/auth/username", &change), ada).await);
        self.token(&new_name, NEW_PASSWORD).await;
        new_name
    }

    async fn chat_works(&self, (ada, ada_name): (&str, &str), (eve, eve_name): (&str, &str)) {
        let started = json(&signed(self.post("/api/chats", &[]), ada).await.is(200));
        assert_eq!(started["status"], "SUCCESS");
        assert_eq!(started["message"], "New chat session created");
        let chat = format!("/api/chats/{}", started["uri"].as_str().unwrap());

        let join = self.call(&Method::PATCH, &chat, &[("username", eve_name)]);
        let joined = json(&signed(join, eve).await.is(200));
        assert_eq!(joined["status"], "SUCCESS");
        assert_eq!(joined["message"], format!("{eve_name} joined the chat"));
        is_user(&joined["user"], eve_name);
        is_user(&joined["members"][0], ada_name);
        is_user(&joined["members"][1], eve_name);
        assert_eq!(joined["members"].as_array().unwrap().len(), 2);

        let messages = format!("{chat}/messages");
        for message in ["tea?", " a+b & c=d%20\n\"é\" 🫖 "] {
            let posted = self.post(&messages, &[("message", message)]);
            let posted = json(&signed(posted, eve).await.is(200));
            assert_eq!((&posted["status"], &posted["uri"]), (&"SUCCESS".into(), &started["uri"]));
            assert_eq!(posted["message"], message);
            is_user(&posted["user"], eve_name);
        }
        let history = json(&signed(self.web.get(&format!("{messages}{}", self.slash)), ada).await.is(200));
        assert!(history["id"].is_i64() && history["uri"] == started["uri"], "{history}");
        let told: Vec<_> = history["messages"].as_array().unwrap().iter().map(|m| &m["message"]).collect();
        assert_eq!(told, ["tea?", " a+b & c=d%20\n\"é\" 🫖 "], "oldest first, and nothing is trimmed");
        is_user(&history["messages"][0]["user"], eve_name);
    }
}

fn signed(call: Call, token: &str) -> Call {
    call.header("authorization", &format!("JWT {token}"))
}

#[track_caller]
fn json(answer: &Answer) -> Value {
    assert_eq!(answer.header("content-type"), "application/json", "{answer:?}");
    answer.value()
}

#[track_caller]
fn token(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{answer:?}");
    let body = json(answer);
    assert_eq!(fields(&body), ["token"]);
    body["token"].as_str().unwrap().to_owned()
}

#[track_caller]
fn no_content(answer: &Answer) {
    assert_eq!((answer.status, answer.text.as_str()), (204, ""), "{answer:?}");
}

#[track_caller]
fn is_user(value: &Value, name: &str) {
    assert!(USER.iter().all(|field| value.get(field).is_some()), "{value}");
    assert!(value["id"].is_i64(), "{value}");
    assert_eq!((&value["username"], &value["first_name"]), (&name.into(), &"".into()));
}

async fn works_in(encoding: Encoding) {
    let app = TestApp::start().await;
    for slash in ["/", ""] {
        Program { web: &app.web, encoding, slash }.works().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_works_in_json() {
    works_in(Encoding::Json).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_works_as_a_form() {
    works_in(Encoding::Form).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_works_as_jquery_sends_it() {
    works_in(Encoding::FormWithCharset).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_works_as_multipart() {
    works_in(Encoding::Multipart).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answers_to_a_post_and_a_reading_have_the_fields_of_the_wire_and_no_others() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let started = ada.post("/api/chats/").await.value();
    assert_eq!(fields(&started), ["chat", "message", "status", "uri"]);
    let joined = ada.join(&tea).await.value();
    assert_eq!(fields(&joined), ["chat", "epoch", "head", "members", "message", "status", "uri", "user"]);
    assert_eq!(fields(&joined["user"]), USER);
    assert_eq!(
        fields(&joined["members"][0]),
        ["created_at", "email", "first_name", "id", "last_name", "revision", "role", "seq", "username"]
    );
    let posted = ada.say(&tea, "hello").await.value();
    let of_message = ["client_id", "created_at", "id", "message", "revision", "seq", "user"];
    let mut of_post = [&of_message[..], &["status", "uri"]].concat();
    of_post.sort_unstable();
    assert_eq!(fields(&posted), of_post);
    assert_eq!(fields(&posted["user"]), USER);
    let history = ada.get(&format!("/api/chats/{tea}/messages/")).await.value();
    assert_eq!(fields(&history), ["earlier", "epoch", "head", "id", "messages", "uri"]);
    assert_eq!(fields(&history["messages"][0]), of_message);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_scheme_of_the_header_is_taken_in_any_case() {
    let app = TestApp::start().await;
    let Person { token, name, .. } = app.person("ada").await;
    for scheme in ["JWT", "jwt", "Jwt", "Bearer", "bearer", "bEARER", "Token", "token", "TOKEN"] {
        let me = app.web.get("/auth/me/").header("authorization", &format!("{scheme} {token}")).await;
        assert_eq!(me.is(200).value()["username"], name, "{scheme}");
    }
    for scheme in ["Basic", "JWTs", ""] {
        app.web.get("/auth/me/").header("authorization", &format!("{scheme} {token}")).await.is(401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_is_started_by_a_body_of_any_kind_or_none() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    ada.post("/api/chats/").await.is(200);
    for kind in ["application/json", "application/x-www-form-urlencoded; charset=UTF-8", "text/plain", "x"] {
        ada.post("/api/chats/").body(kind, "").await.is(200);
    }
    ada.post("/api/chats/").body("text/plain", "tea").await.is(200);
    ada.post("/api/chats/").multipart(&[("a", "b")]).await.is(200);
}
