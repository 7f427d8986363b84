//! How requests that cannot be understood are refused: always as a problem document, never as a fault of the server.

use reqwest::Method;
use serde_json::json;
use shared::problem::{FieldCode, ProblemCode};

use crate::app::{Answer, PASSWORD, Person, TestApp};

const REQUIRED: &str = "This field is required.";

/// Every call that has a body, with its fields.
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
        (Method::POST, "/auth/proof/".into(), vec!["current_password"]),
        (Method::PUT, "/auth/second_factor/".into(), vec!["one_time_code"]),
        (Method::PUT, "/auth/password_resets/".into(), vec!["token", "new_password"]),
        (Method::POST, "/auth/users/delete/".into(), vec!["current_password"]),
        (Method::PATCH, format!("/api/chats/{tea}/"), vec!["username"]),
        (Method::POST, format!("/api/chats/{tea}/messages/"), vec!["message"]),
    ]
}

async fn ask_all(check: impl AsyncFn(&Person, &Method, &str, &[&str])) {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    for (method, path, fields) in calls(&tea) {
        check(&ada, &method, &path, &fields).await;
    }
    app.web.post("/auth/jwt/create/").json(&json!({ "username": "ada", "password": PASSWORD })).await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_fields_are_all_named_at_the_top_level() {
    ask_all(async |ada, method, path, fields| {
        let form = "application/x-www-form-urlencoded";
        for (kind, body) in [("application/json", "{}"), ("application/json", ""), (form, "")] {
            let answer = ada.call(method, path).body(kind, body).await;
            for field in fields {
                assert_eq!(answer.value()[field], json!([REQUIRED]), "{answer:?}");
            }
            let problem = answer.refused(ProblemCode::Invalid);
            let named: Vec<_> =
                problem.errors.iter().map(|error| (error.field.as_str(), error.code)).collect();
            assert_eq!(named, fields.iter().map(|field| (*field, FieldCode::Required)).collect::<Vec<_>>());
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn null_and_what_is_no_text_is_refused() {
    ask_all(async |ada, method, path, fields| {
        let wrong = [
            (json!(null), FieldCode::Null),
            (json!([1]), FieldCode::NotText),
            (json!({}), FieldCode::NotText),
        ];
        for (value, code) in wrong {
            let body: serde_json::Map<_, _> =
                fields.iter().map(|field| ((*field).to_owned(), value.clone())).collect();
            let problem = ada.call(method, path).json(&body).await.refused(ProblemCode::Invalid);
            assert!(problem.errors.iter().all(|error| error.code == code), "{problem:?}");
            assert_eq!(problem.errors.len(), fields.len());
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn null_characters_are_refused_in_every_field() {
    ask_all(async |ada, method, path, fields| {
        for field in fields {
            let answer =
                ada.call(method, path).body("application/json", format!(r#"{{"{field}":"a\u0000b"}}"#)).await;
            let problem = answer.refused(ProblemCode::Invalid);
            let code = problem.errors.iter().find(|error| error.field == *field).unwrap().code;
            assert_eq!(code, FieldCode::NullCharacter, "{method} {path} {field}");
            let form =
                ada.call(method, path).body("application/x-www-form-urlencoded", format!("{field}=%00"));
            form.await.refused(ProblemCode::Invalid);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn json_that_cannot_be_read_is_a_parse_error() {
    ask_all(async |ada, method, path, fields| {
        let field = fields[0];
        let deep = format!(r#"{{"{field}":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
        let lone = format!(r#"{{"{field}":"\ud800"}}"#);
        for body in ["{", "tea", r#"{"a":}"#, r#"{"a":1} x"#, &deep, &lone] {
            let problem = ada.call(method, path).body("application/json", body.to_owned()).await;
            let problem = problem.refused(ProblemCode::Malformed);
            assert!(problem.detail.starts_with("JSON parse error - "), "{}", problem.detail);
        }
        for body in [&b"[]"[..], b"7", b"null", b"{\"a\":\"\xff\"}"] {
            let answer = ada.call(method, path).body("application/json", body).await;
            answer.refused(ProblemCode::Malformed);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_that_cannot_be_read_are_refused() {
    ask_all(async |ada, method, path, _| {
        let form = ada.call(method, path).body("application/x-www-form-urlencoded", "a=%ff");
        form.await.refused(ProblemCode::Malformed);
        for kind in ["multipart/form-data", "multipart/form-data; boundary=x"] {
            ada.call(method, path).body(kind, "--y nonsense").await.refused(ProblemCode::Malformed);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_kinds_of_bodies_are_unsupported() {
    ask_all(async |ada, method, path, _| {
        for kind in ["text/plain", "application/xml", "image/png"] {
            let problem =
                ada.call(method, path).body(kind, "tea").await.refused(ProblemCode::UnsupportedMediaType);
            assert_eq!(problem.detail, format!("Unsupported media type \"{kind}\" in request."));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_too_large_is_refused() {
    ask_all(async |ada, method, path, _| {
        for kind in
            ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
        {
            let answer: Answer = ada.call(method, path).body(kind, "x".repeat(100 * 1024)).await;
            answer.refused(ProblemCode::TooLarge);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_method_that_an_address_does_not_have_is_refused_with_those_that_it_has() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let allowed = [
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
        ("/auth/proof/", "POST"),
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
        (&format!("/api/chats/{tea}/read_position/"), "GET, PUT"),
        (&format!("/api/chats/{tea}/mute/"), "PUT"),
        (&format!("/api/chats/{tea}/"), "GET, PATCH, DELETE"),
        (&format!("/api/chats/{tea}/uri/"), "POST"),
        (&format!("/api/chats/{tea}/links/"), "GET, POST"),
        (&format!("/api/chats/{tea}/links/1/"), "DELETE"),
        (&format!("/api/chats/{tea}/links/1/members/"), "GET"),
        (&format!("/api/chats/{tea}/messages/"), "GET, POST, DELETE"),
        (&format!("/api/chats/{tea}/messages/1/"), "DELETE"),
        (&format!("/api/chats/{tea}/settings/"), "PATCH"),
        (&format!("/api/chats/{tea}/members/me/"), "DELETE"),
        (&format!("/api/chats/{tea}/members/1/"), "PUT"),
        (&format!("/api/chats/{tea}/changes/"), "GET"),
        (&format!("/api/chats/{tea}/events/"), "GET"),
        ("/readyz", "GET, HEAD"),
        ("/api/socket/", "GET"),
        ("/healthz/", "GET, HEAD"),
        ("/chats/", "GET, HEAD"),
    ];
    for (path, allowed) in allowed {
        for path in [path, path.trim_end_matches('/')] {
            for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
                if allowed.split(", ").any(|allowed| allowed == method.as_str()) {
                    continue;
                }
                for answer in [app.web.call(&method, path).await, ada.call(&method, path).await] {
                    assert_eq!(answer.header("allow"), allowed, "{answer:?}");
                    let detail = format!("Method \"{method}\" not allowed.");
                    assert_eq!(answer.refused(ProblemCode::MethodNotAllowed).detail, detail);
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn absurd_numbers_in_a_query_are_refused() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let absurd = ["-1", "abc", "", "1.5", "1e3", "99999999999999999999", "0x10", "%00", "١"];
    let places = [("messages", "before"), ("messages", "after"), ("messages", "limit"), ("changes", "after")];
    for (noun, name) in places {
        ada.get(&format!("/api/chats/{tea}/{noun}/?{name}=1")).await.is(200);
        for value in absurd {
            let answer = ada.get(&format!("/api/chats/{tea}/{noun}/?{name}={value}")).await;
            let errors = answer.refused(ProblemCode::Invalid).errors;
            assert_eq!(errors[0].field, name, "{name}={value}");
        }
        ada.get(&format!("/api/chats/{tea}/{noun}/?{name}=%ff")).await.refused(ProblemCode::Malformed);
    }
    ada.get(&format!("/api/chats/{tea}/messages/?before={}", i64::MAX)).await.is(200);
    ada.get(&format!("/api/chats/{tea}/messages/?after={}", i64::MAX)).await.is(200);
    let answer = ada.get(&format!("/api/chats/{tea}/changes/?epoch=tea")).await;
    assert_eq!(answer.refused(ProblemCode::Invalid).errors[0].code, FieldCode::NotUuid);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_address_is_answered_as_a_problem() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
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
        ada.get(path).await.refused(ProblemCode::NotFound);
        ada.post(path).await.refused(ProblemCode::NotFound);
    }
}
