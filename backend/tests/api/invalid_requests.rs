//! Invalid requests get a problem document, never a server error.

use reqwest::Method;
use serde_json::json;
use shared::problem::{FieldCode, ProblemCode};

use crate::support::{ApiResponse, PASSWORD, TestApp, TestUser};

const REQUIRED: &str = "This field is required.";

/// Every request that has a body, with its fields.
fn calls(tea: &str) -> Vec<(Method, String, Vec<&'static str>)> {
    vec![
        (Method::POST, "/auth/users/create/".into(), vec!["username", "password"]),
        (Method::POST, "/auth/jwt/create/".into(), vec!["username", "password"]),
        (Method::POST, "/auth/jwt/verify/".into(), vec!["token"]),
        (Method::POST, "/auth/jwt/refresh/".into(), vec!["token"]),
        (Method::POST, "/this/is/hard/to/find/".into(), vec!["token"]),
        (Method::PUT, "/auth/me/".into(), vec!["email"]),
        (Method::POST, "/auth/password/".into(), vec!["new_password", "current_password"]),
        (Method::POST, "/auth/username/".into(), vec!["new_username", "current_password"]),
        (Method::POST, "/auth/reauthentication/".into(), vec!["current_password"]),
        (Method::PUT, "/auth/second_factor/".into(), vec!["one_time_code"]),
        (Method::PUT, "/auth/password_resets/".into(), vec!["token", "new_password"]),
        (Method::POST, "/auth/users/delete/".into(), vec!["current_password"]),
        (Method::POST, format!("/api/chats/{tea}/messages/"), vec!["message"]),
    ]
}

async fn ask_all(check: impl AsyncFn(&TestUser, &Method, &str, &[&str])) {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    for (method, path, fields) in calls(&tea) {
        check(&ada, &method, &path, &fields).await;
    }
    app.http
        .post("/auth/jwt/create/")
        .json(&json!({ "username": "ada", "password": PASSWORD }))
        .await
        .assert_status(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_fields_are_named_at_top_level() {
    ask_all(async |ada, method, path, fields| {
        let form = "application/x-www-form-urlencoded";
        for (kind, body) in [("application/json", "{}"), ("application/json", ""), (form, "")] {
            let response = ada.request(method, path).body(kind, body).await;
            for field in fields {
                assert_eq!(response.value()[field], json!([REQUIRED]), "{response:?}");
            }
            let problem = response.assert_problem(ProblemCode::Invalid);
            let named: Vec<_> =
                problem.errors.iter().map(|error| (error.field.as_str(), error.code)).collect();
            assert_eq!(named, fields.iter().map(|field| (*field, FieldCode::Required)).collect::<Vec<_>>());
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn null_and_non_text_values_are_rejected() {
    ask_all(async |ada, method, path, fields| {
        let wrong = [
            (json!(null), FieldCode::Null),
            (json!([1]), FieldCode::NotText),
            (json!({}), FieldCode::NotText),
        ];
        for (value, code) in wrong {
            let body: serde_json::Map<_, _> =
                fields.iter().map(|field| ((*field).to_owned(), value.clone())).collect();
            let problem = ada.request(method, path).json(&body).await.assert_problem(ProblemCode::Invalid);
            assert!(problem.errors.iter().all(|error| error.code == code), "{problem:?}");
            assert_eq!(problem.errors.len(), fields.len());
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn null_character_is_rejected_in_every_field() {
    ask_all(async |ada, method, path, fields| {
        for field in fields {
            let response = ada
                .request(method, path)
                .body("application/json", format!(r#"{{"{field}":"a\u0000b"}}"#))
                .await;
            let problem = response.assert_problem(ProblemCode::Invalid);
            let code = problem.errors.iter().find(|error| error.field == *field).unwrap().code;
            assert_eq!(code, FieldCode::NullCharacter, "{method} {path} {field}");
            let form =
                ada.request(method, path).body("application/x-www-form-urlencoded", format!("{field}=%00"));
            form.await.assert_problem(ProblemCode::Invalid);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_json_is_a_parse_error() {
    ask_all(async |ada, method, path, fields| {
        let field = fields[0];
        let deep = format!(r#"{{"{field}":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
        let lone = format!(r#"{{"{field}":"\ud800"}}"#);
        for body in ["{", "tea", r#"{"a":}"#, r#"{"a":1} x"#, &deep, &lone] {
            let problem = ada.request(method, path).body("application/json", body.to_owned()).await;
            let problem = problem.assert_problem(ProblemCode::Malformed);
            assert!(problem.detail.starts_with("JSON parse error - "), "{}", problem.detail);
        }
        for body in [&b"[]"[..], b"7", b"null", b"{\"a\":\"\xff\"}"] {
            let response = ada.request(method, path).body("application/json", body).await;
            response.assert_problem(ProblemCode::Malformed);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_forms_are_rejected() {
    ask_all(async |ada, method, path, _| {
        let form = ada.request(method, path).body("application/x-www-form-urlencoded", "a=%ff");
        form.await.assert_problem(ProblemCode::Malformed);
        for kind in ["multipart/form-data", "multipart/form-data; boundary=x"] {
            ada.request(method, path).body(kind, "--y nonsense").await.assert_problem(ProblemCode::Malformed);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_content_types_are_unsupported() {
    ask_all(async |ada, method, path, _| {
        for kind in ["text/plain", "application/xml", "image/png"] {
            let problem = ada
                .request(method, path)
                .body(kind, "tea")
                .await
                .assert_problem(ProblemCode::UnsupportedMediaType);
            assert_eq!(problem.detail, format!("Unsupported media type \"{kind}\" in request."));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn oversized_body_is_rejected() {
    ask_all(async |ada, method, path, _| {
        for kind in
            ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
        {
            let response: ApiResponse = ada.request(method, path).body(kind, "x".repeat(100 * 1024)).await;
            response.assert_problem(ProblemCode::TooLarge);
        }
    })
    .await;
}

/// Paths and the methods that they allow.
const ALLOWED_METHODS: [(&str, &str); 61] = [
    ("/auth/users/create/", "POST"),
    ("/auth/users/delete/", "POST"),
    ("/auth/jwt/create/", "POST"),
    ("/auth/jwt/verify/", "POST"),
    ("/auth/jwt/refresh/", "POST"),
    ("/this/is/hard/to/find/", "POST"),
    ("/auth/me/", "GET, PUT, PATCH"),
    ("/auth/me/avatar/", "PUT, DELETE"),
    ("/api/avatars/1/", "GET"),
    ("/api/docs/", "GET"),
    ("/api/docs/index.css", "GET"),
    ("/api/openapi.json", "GET"),
    ("/auth/password/", "POST"),
    ("/auth/username/", "POST"),
    ("/auth/tickets/", "POST"),
    ("/auth/reauthentication/", "POST"),
    ("/auth/second_factor/", "GET, POST, PUT, DELETE"),
    ("/auth/recovery_codes/", "POST"),
    ("/auth/exports/", "GET, POST"),
    ("/auth/exports/1/", "GET"),
    ("/auth/exports/1/file/", "GET"),
    ("/auth/passkeys/", "GET, POST"),
    ("/auth/passkeys/registrations/", "POST"),
    ("/auth/passkeys/challenges/", "POST"),
    ("/auth/passkeys/1/", "DELETE"),
    ("/auth/jwt/passkey/", "POST"),
    ("/auth/password_resets/", "POST, PUT"),
    ("/auth/sessions/", "GET, DELETE"),
    ("/auth/sessions/1/", "DELETE"),
    ("/api/chats/", "GET, POST"),
    ("/api/chats/{uri}/read_position/", "GET, PUT"),
    ("/api/chats/{uri}/mute/", "PUT"),
    ("/api/chats/{uri}/", "GET, PATCH, DELETE"),
    ("/api/chats/{uri}/uri/", "POST"),
    ("/api/chats/{uri}/links/", "GET, POST"),
    ("/api/chats/{uri}/links/1/", "DELETE"),
    ("/api/chats/{uri}/links/1/members/", "GET"),
    ("/api/chats/{uri}/messages/", "GET, POST, DELETE"),
    ("/api/chats/{uri}/messages/1/", "PATCH, DELETE"),
    ("/api/chats/{uri}/messages/1/versions/", "GET"),
    ("/api/chats/{uri}/deletions/", "POST"),
    ("/api/chats/{uri}/files/1/", "GET, PUT"),
    ("/api/chats/{uri}/file_tokens/", "POST"),
    ("/api/chats/{uri}/pins/", "GET"),
    ("/api/chats/{uri}/pins/1/", "PUT, DELETE"),
    ("/api/chats/{uri}/messages/1/reactions/", "GET"),
    ("/api/chats/{uri}/messages/1/reactions/x/", "PUT, DELETE"),
    ("/api/chats/{uri}/exports/", "GET, POST"),
    ("/api/chats/{uri}/exports/1/", "GET"),
    ("/api/chats/{uri}/exports/1/file/", "GET"),
    ("/api/chats/{uri}/settings/", "PATCH"),
    ("/api/chats/{uri}/members/me/", "DELETE"),
    ("/api/chats/{uri}/members/1/", "PUT"),
    ("/api/chats/{uri}/changes/", "GET"),
    ("/api/chats/{uri}/search/", "GET"),
    ("/api/search/", "GET"),
    ("/api/chats/{uri}/events/", "GET"),
    ("/readyz", "GET"),
    ("/api/socket/", "GET"),
    ("/healthz/", "GET"),
    ("/chats/", "GET"),
];

#[tokio::test(flavor = "multi_thread")]
async fn wrong_method_lists_allowed_methods() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    for (path, allowed) in ALLOWED_METHODS {
        let path = path.replace("{uri}", &tea);
        let listed = allowed.replace("GET", "GET, HEAD") + ", OPTIONS";
        for path in [path.as_str(), path.trim_end_matches('/')] {
            for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
                if allowed.split(", ").any(|allowed| allowed == method.as_str()) {
                    continue;
                }
                for response in [app.http.request(&method, path).await, ada.request(&method, path).await] {
                    assert_eq!(response.header("allow"), listed, "{response:?}");
                    let detail = format!("Method \"{method}\" not allowed.");
                    assert_eq!(response.assert_problem(ProblemCode::MethodNotAllowed).detail, detail);
                }
            }
            let options = app.http.request(&Method::OPTIONS, path).await.assert_status(204);
            assert_eq!((options.header("allow"), options.text.as_str()), (listed.as_str(), ""));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn head_is_get_without_body() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let chat = format!("/api/chats/{tea}");
    for path in ["/api/openapi.json", "/api/docs/", "/auth/me/", "/api/chats/", &format!("{chat}/messages/")]
    {
        let (get, head) = (ada.get(path).await, ada.request(&Method::HEAD, path).await.assert_status(200));
        assert_eq!((get.status, head.text.as_str()), (200, ""), "{path}");
        for name in ["content-type", "etag", "content-length"] {
            assert_eq!(head.header(name), get.header(name), "{path} {name}");
        }
    }
    // The body of a stream never ends.
    let stream = ada.request(&Method::HEAD, &format!("{chat}/events/")).await.assert_status(200);
    assert_eq!(stream.header("content-type"), "text/event-stream");
    assert_eq!(ada.request(&Method::HEAD, "/api/chats/nowhere/messages/").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn problem_has_its_content_type_if_accepted() {
    let app = TestApp::spawn().await;
    for (accept, expected) in [
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        ("application/json, application/problem+json;q=0.9", "application/problem+json"),
    ] {
        for path in ["/auth/me/", "/auth/jwt/create/", "/nothing/"] {
            let answer = app.http.get(path).header("accept", accept).await;
            assert!(answer.status >= 400 && answer.value()["code"].is_string(), "{answer:?}");
            assert_eq!(answer.header("content-type"), expected, "{accept} {path}");
        }
        let answer = app.http.get("/healthz").header("accept", accept).await;
        assert_eq!(answer.header("content-type"), "application/json");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn compressed_body_is_unsupported() {
    ask_all(async |ada, method, path, _| {
        let compressed = ada.request(method, path).header("content-encoding", "gzip");
        let answer = compressed.body("application/json", &b"\x1f\x8b\x08"[..]).await;
        assert_eq!(answer.header("accept-encoding"), "identity");
        answer.assert_problem(ProblemCode::UnsupportedMediaType);
        let other_type = ada.request(method, path).body("text/plain", "tea").await;
        assert_eq!(other_type.header("accept-encoding"), "", "{other_type:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn repeated_fields_are_malformed() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let messages = format!("/api/chats/{tea}/messages/");
    let multipart =
        "--x\r\nContent-Disposition: form-data; name=\"message\"\r\n\r\ntea\r\n".repeat(2) + "--x--\r\n";
    for request in [
        ada.get(&format!("{messages}?limit=1&limit=2")),
        ada.post(&messages).body("application/json", r#"{"message":"tea","message":"coffee"}"#),
        ada.post(&messages).body("application/x-www-form-urlencoded", "message=tea&message=coffee"),
        ada.post(&messages).body("multipart/form-data; boundary=x", multipart),
    ] {
        let problem = request.await.assert_problem(ProblemCode::Malformed);
        assert!(problem.detail.contains("occurs more than once"), "{problem:?}");
    }
    assert_eq!(app.query_count("SELECT count(*) FROM messages").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_query_numbers_are_rejected() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let absurd = ["-1", "abc", "", "1.5", "1e3", "99999999999999999999", "0x10", "%00", "١"];
    let places = [("messages", "before"), ("messages", "after"), ("messages", "limit"), ("changes", "after")];
    for (noun, name) in places {
        ada.get(&format!("/api/chats/{tea}/{noun}/?{name}=1")).await.assert_status(200);
        for value in absurd {
            let response = ada.get(&format!("/api/chats/{tea}/{noun}/?{name}={value}")).await;
            let errors = response.assert_problem(ProblemCode::Invalid).errors;
            assert_eq!(errors[0].field, name, "{name}={value}");
        }
        ada.get(&format!("/api/chats/{tea}/{noun}/?{name}=%ff")).await.assert_problem(ProblemCode::Malformed);
    }
    ada.get(&format!("/api/chats/{tea}/messages/?before={}", i64::MAX)).await.assert_status(200);
    ada.get(&format!("/api/chats/{tea}/messages/?after={}", i64::MAX)).await.assert_status(200);
    let response = ada.get(&format!("/api/chats/{tea}/changes/?epoch=tea")).await;
    assert_eq!(response.assert_problem(ProblemCode::Invalid).errors[0].code, FieldCode::NotUuid);
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_path_is_a_problem() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    for path in [
        "/api/",
        "/api/tea/",
        "/auth/tea",
        "/tea",
        "/api/chats/a/b/",
        "/..%2f..%2fetc/passwd",
        "/%ff",
        "/%00",
    ] {
        ada.get(path).await.assert_problem(ProblemCode::NotFound);
        ada.post(path).await.assert_problem(ProblemCode::NotFound);
    }
}
