//! What every response carries, and who else's pages may read it.

use backend::config::RateLimits;
use reqwest::Method;
use serde_json::json;
use shared::problem::ProblemCode;

use crate::{
    app::{Answer, Call, FRIEND, PASSWORD, TestApp},
    listener::knock,
    web::keeps_promises,
};

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_response_is_safe() {
    let app = TestApp::with(|config| config.limits.rate_limits = RateLimits::On).await;
    let (ada, tea) = app.tea().await;
    let brian = app.person("brian").await;
    let sign_in = |name: &str, password: &str| {
        app.web.post("/auth/jwt/create/").json(&json!({ "username": name, "password": password }))
    };
    let messages = format!("/api/chats/{tea}/messages/");
    let kinds: Vec<(u16, Call)> = vec![
        (200, app.web.get("/healthz")),
        (200, ada.get("/auth/me/")),
        (200, sign_in("ada", PASSWORD)),
        (
            204,
            ada.post("/auth/password/")
                .json(&json!({ "new_password": "x1!kLm99q", "current_password": PASSWORD })),
        ),
        (400, ada.say(&tea, " ")),
        (400, ada.post(&messages).body("application/json", "{")),
        (401, app.web.get("/auth/me/")),
        (403, brian.add(&tea, "eve")),
        (404, ada.join("nowhere")),
        (404, ada.get("/nothing")),
        (404, app.web.get("/nothing.wasm")),
        (405, app.web.get("/auth/jwt/create/")),
        (409, ada.get(&format!("/api/chats/{tea}/changes/?after=99"))),
        (413, ada.post(&messages).body("application/json", "x".repeat(100 * 1024))),
        (415, ada.post(&messages).body("text/plain", "tea")),
    ];
    for (status, call) in kinds {
        // What every answer carries is looked at for all of them.
        let answer = call.await.is(status);
        assert_eq!(answer.header("cache-control"), "no-store", "{answer:?}");
    }
    for path in ["/", "/chats", &format!("/chats/{tea}"), "/auth"] {
        app.web.get(path).await;
    }
    let mut last = sign_in("ada", "wrong").await;
    while last.status != 429 {
        last = sign_in("ada", "wrong").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answers_to_a_handshake_are_safe_too() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let authorization = format!("JWT {}", ada.token);
    let (_listener, response) = knock(&app.web, &[("authorization", &authorization)]).await.unwrap();
    keeps_promises("101", response.headers());
    let refused = knock(&app.web, &[("origin", "https://evil.example")]).await.err().unwrap();
    keeps_promises("403", refused.response.headers());
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_are_told_to_stay_with_https_where_it_is_served() {
    let app = TestApp::with(|config| config.public_url = Some("https://chat.example.org".into())).await;
    let answer = app.web.get("/healthz").await.is(200);
    assert_eq!(answer.header("strict-transport-security"), "max-age=31536000; includeSubDomains");
    assert!(
        answer.header("content-security-policy").contains("wss://chat.example.org"),
        "{:?}",
        answer.headers
    );
    let plain = TestApp::start().await;
    assert_eq!(plain.web.get("/healthz").await.header("strict-transport-security"), "");
}

fn preflight(app: &TestApp, origin: &str, path: &str, method: &str) -> Call {
    app.web
        .call(&Method::OPTIONS, path)
        .header("origin", origin)
        .header("access-control-request-method", method)
        .header("access-control-request-headers", "authorization, content-type")
}

#[track_caller]
fn allows_nobody(answer: &Answer) {
    let told: Vec<_> =
        answer.headers.keys().filter(|name| name.as_str() == "access-control-allow-origin").collect();
    assert!(told.is_empty(), "{answer:?} {:?}", answer.headers);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_a_configured_origin_may_use_the_api() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let calls = [
        ("/auth/jwt/create/", "POST"),
        ("/auth/me/", "PUT"),
        ("/api/chats/", "POST"),
        (&format!("/api/chats/{tea}/"), "PATCH"),
        (&format!("/api/chats/{tea}/messages/"), "GET"),
    ];
    for (path, method) in calls {
        let answer = preflight(&app, FRIEND, path, method).await;
        assert!((200..300).contains(&answer.status), "{answer:?}");
        assert_eq!(answer.header("access-control-allow-origin"), FRIEND);
        let headers = answer.header("access-control-allow-headers").to_ascii_lowercase();
        assert!(headers.contains("authorization") && headers.contains("content-type"), "{headers}");
        assert!(answer.header("access-control-allow-methods").contains(method));
    }
    for call in [ada.get("/auth/me/"), app.web.get("/auth/me/"), ada.join("nowhere"), app.web.get("/healthz")]
    {
        let answer = call.header("origin", FRIEND).await;
        assert_eq!(answer.header("access-control-allow-origin"), FRIEND, "{answer:?}");
        assert!(answer.header("vary").to_ascii_lowercase().contains("origin"), "{:?}", answer.headers);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preflight_that_asks_for_too_much_is_a_problem() {
    let app = TestApp::start().await;
    for (method, headers) in [("TRACE", "authorization"), ("POST", "x-secret")] {
        let answer = app
            .web
            .call(&Method::OPTIONS, "/api/chats/")
            .header("origin", FRIEND)
            .header("access-control-request-method", method)
            .header("access-control-request-headers", headers)
            .await;
        let problem = answer.refused(ProblemCode::ForeignOrigin);
        assert!(problem.detail.to_lowercase().contains("request"), "{problem:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_other_origins_may_not() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    for origin in
        ["https://evil.example", "null", "http://localhost:8081", "http://localhost:8080.evil.example"]
    {
        allows_nobody(&preflight(&app, origin, "/api/chats/", "POST").await);
        allows_nobody(&ada.get("/auth/me/").header("origin", origin).await.is(200));
    }
    let closed = TestApp::with(|config| config.allowed_origins.clear()).await;
    allows_nobody(&preflight(&closed, FRIEND, "/api/chats/", "POST").await);
    allows_nobody(&closed.web.get("/healthz").header("origin", FRIEND).await.is(200));
}
