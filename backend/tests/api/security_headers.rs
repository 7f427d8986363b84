//! Security headers of responses, and CORS.

use backend::config::RateLimits;
use reqwest::Method;
use serde_json::json;
use shared::{paths, problem::ProblemCode};

use crate::support::{
    ALLOWED_ORIGIN, ApiRequest, ApiResponse, PASSWORD, TestApp, assert_security_headers, open_websocket,
};

#[tokio::test(flavor = "multi_thread")]
async fn every_response_has_security_headers() {
    let app = TestApp::spawn_with(|config| config.limits.rate_limits = RateLimits::On).await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_user("brian").await;
    let sign_in = |name: &str, password: &str| {
        app.http.post("/auth/jwt/create/").json(&json!({ "username": name, "password": password }))
    };
    let messages = format!("/api/chats/{tea}/messages/");
    let kinds: Vec<(u16, ApiRequest)> = vec![
        (200, app.http.get("/healthz")),
        (200, ada.get("/auth/me/")),
        (200, sign_in("ada", PASSWORD)),
        (
            204,
            ada.post("/auth/password/")
                .json(&json!({ "new_password": "x1!kLm99q", "current_password": PASSWORD })),
        ),
        (400, ada.try_send_message(&tea, " ")),
        (400, ada.post(&messages).body("application/json", "{")),
        (401, app.http.get("/auth/me/")),
        (403, brian.try_add_member(&tea, "eve")),
        (404, ada.try_join("nowhere")),
        (404, ada.get("/nothing")),
        (404, app.http.get("/nothing.wasm")),
        (405, app.http.get("/auth/jwt/create/")),
        (409, ada.get(&format!("/api/chats/{tea}/changes/?after=99"))),
        (413, ada.post(&messages).body("application/json", "x".repeat(100 * 1024))),
        (415, ada.post(&messages).body("text/plain", "tea")),
    ];
    for (status, request) in kinds {
        // The client asserts the security headers of every response.
        let answer = request.await.assert_status(status);
        assert_eq!(answer.header("cache-control"), "no-store", "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_and_limited_responses_have_headers() {
    let app = TestApp::spawn_with(|config| config.limits.rate_limits = RateLimits::On).await;
    let (_, tea) = app.ada_and_chat().await;
    // The client asserts the security headers of every response.
    for path in ["/", "/chats", &format!("/chats/{tea}"), "/auth", paths::DOCS] {
        app.http.get(path).await;
    }
    let sign_in = json!({ "username": "ada", "password": "wrong" });
    while app.http.post("/auth/jwt/create/").json(&sign_in).await.status != 429 {}
}

#[tokio::test(flavor = "multi_thread")]
async fn handshake_responses_have_security_headers() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    let authorization = format!("JWT {}", ada.token);
    let (_listener, response) =
        open_websocket(&app.http, &[("authorization", &authorization)]).await.unwrap();
    assert_security_headers("101", response.headers());
    let rejected = open_websocket(&app.http, &[("origin", "https://evil.example")]).await.err().unwrap();
    assert_security_headers("403", rejected.response.headers());
}

#[tokio::test(flavor = "multi_thread")]
async fn hsts_is_sent_for_https_public_url() {
    let app = TestApp::spawn_with(|config| config.public_url = Some("https://chat.example.org".into())).await;
    for path in ["/healthz", paths::DOCS] {
        let answer = app.http.get(path).await.assert_status(200);
        assert_eq!(answer.header("strict-transport-security"), "max-age=31536000; includeSubDomains");
    }
    let page = app.http.get(paths::DOCS).await;
    assert!(page.header("content-security-policy").contains("wss://chat.example.org"), "{:?}", page.headers);
    let plain = TestApp::spawn().await;
    assert_eq!(plain.http.get("/healthz").await.header("strict-transport-security"), "");
}

fn preflight(app: &TestApp, origin: &str, path: &str, method: &str) -> ApiRequest {
    app.http
        .request(&Method::OPTIONS, path)
        .header("origin", origin)
        .header("access-control-request-method", method)
        .header("access-control-request-headers", "authorization, content-type")
}

#[track_caller]
fn assert_no_cors(answer: &ApiResponse) {
    assert!(!answer.headers.contains_key("access-control-allow-origin"), "{answer:?} {:?}", answer.headers);
}

#[tokio::test(flavor = "multi_thread")]
async fn allowed_origin_gets_cors_headers() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let requests = [
        ("/auth/jwt/create/", "POST"),
        ("/auth/me/", "PUT"),
        ("/api/chats/", "POST"),
        (&format!("/api/chats/{tea}/"), "PATCH"),
        (&format!("/api/chats/{tea}/messages/"), "GET"),
    ];
    for (path, method) in requests {
        let answer = preflight(&app, ALLOWED_ORIGIN, path, method).await;
        assert!((200..300).contains(&answer.status), "{answer:?}");
        assert_eq!(answer.header("access-control-allow-origin"), ALLOWED_ORIGIN);
        let headers = answer.header("access-control-allow-headers").to_ascii_lowercase();
        assert!(headers.contains("authorization") && headers.contains("content-type"), "{headers}");
        assert!(answer.header("access-control-allow-methods").contains(method));
    }
    for request in
        [ada.get("/auth/me/"), app.http.get("/auth/me/"), ada.try_join("nowhere"), app.http.get("/healthz")]
    {
        let answer = request.header("origin", ALLOWED_ORIGIN).await;
        assert_eq!(answer.header("access-control-allow-origin"), ALLOWED_ORIGIN, "{answer:?}");
        assert!(answer.header("vary").to_ascii_lowercase().contains("origin"), "{:?}", answer.headers);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn page_of_allowed_origin_can_resume_a_stream() {
    let app = TestApp::spawn().await;
    let asked = ["authorization", "last-event-id", "if-none-match", "idempotency-key"];
    for method in ["GET", "HEAD"] {
        let answer = app
            .http
            .request(&Method::OPTIONS, "/api/chats/tea/events/")
            .header("origin", ALLOWED_ORIGIN)
            .header("access-control-request-method", method)
            .header("access-control-request-headers", &asked.join(", "))
            .await;
        let answer = answer.assert_status(200);
        let allowed = answer.header("access-control-allow-headers").to_ascii_lowercase();
        assert!(asked.iter().all(|name| allowed.contains(name)), "{allowed}");
        assert!(answer.header("access-control-allow-methods").contains(method), "{answer:?}");
    }
    let answer = app.http.get("/healthz").header("origin", ALLOWED_ORIGIN).await;
    let exposed = answer.header("access-control-expose-headers").to_ascii_lowercase();
    for name in ["allow", "etag", "retry-after", "idempotency-replayed"] {
        assert!(exposed.split(", ").any(|exposed| exposed == name), "{name}: {exposed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn excessive_preflight_is_a_problem() {
    let app = TestApp::spawn().await;
    for (method, headers) in [("TRACE", "authorization"), ("POST", "x-secret")] {
        let answer = app
            .http
            .request(&Method::OPTIONS, "/api/chats/")
            .header("origin", ALLOWED_ORIGIN)
            .header("access-control-request-method", method)
            .header("access-control-request-headers", headers)
            .await;
        let problem = answer.assert_problem(ProblemCode::CrossOriginForbidden);
        assert!(problem.detail.to_lowercase().contains("request"), "{problem:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_origins_get_no_cors_headers() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    for origin in
        ["https://evil.example", "null", "http://localhost:8081", "http://localhost:8080.evil.example"]
    {
        assert_no_cors(&preflight(&app, origin, "/api/chats/", "POST").await);
        assert_no_cors(&ada.get("/auth/me/").header("origin", origin).await.assert_status(200));
    }
    let closed = TestApp::spawn_with(|config| config.allowed_origins.clear()).await;
    assert_no_cors(&preflight(&closed, ALLOWED_ORIGIN, "/api/chats/", "POST").await);
    let answer = closed.http.get("/healthz").header("origin", ALLOWED_ORIGIN).await.assert_status(200);
    assert_no_cors(&answer);
    for name in ["vary", "access-control-expose-headers"] {
        assert_eq!(answer.header(name), "", "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn policy_of_ipv6_address_has_valid_sources() {
    let app = TestApp::spawn_with(|config| config.public_url = Some("http://[::1]:8000".into())).await;
    let response = app.http.get(paths::DOCS).await.assert_status(200);
    let policy = response.header("content-security-policy");
    assert!(policy.contains("connect-src 'self';") && !policy.contains('['), "{policy}");
}
