//! The pages of the client, and the health check.

use std::path::Path;

use reqwest::Method;
use serde_json::json;
use shared::problem::ProblemCode;

use crate::support::{ApiResponse, TestApp};

/// The tests also run without a built client; then the server answers how to build it.
#[track_caller]
fn shows_the_client(response: &ApiResponse, status: u16) {
    let is_built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dist/chat/index.html").exists();
    if is_built {
        assert_eq!(response.status, status, "{response:?}");
        assert_eq!(response.header("content-type"), "text/html; charset=utf-8");
        assert!(response.text.contains("<html"), "{response:?}");
    } else {
        assert_eq!(response.status, 503, "{response:?}");
        assert!(response.text.contains("cargo xtask build"), "{response:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_serves_the_client() {
    let app = TestApp::spawn().await;
    let (_, tea) = app.ada_and_chat().await;
    let chat = format!("/chats/{tea}");
    for path in ["/", "/chats", "/chats/", &chat, "/chats/nowhere/", "/auth", "/auth/", "/reset", "/settings"]
    {
        shows_the_client(&app.http.get(path).await, 200);
    }
    assert_eq!(app.query_count("SELECT count(*) FROM members").await, 1, "opening a page joins no chat");
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_page_is_html_or_problem_by_accept() {
    let app = TestApp::spawn().await;
    for path in ["/nothing", "/chats/a/b", "/favicon.none"] {
        let browser = app.http.get(path).header("accept", "text/html,application/xhtml+xml,*/*;q=0.8").await;
        shows_the_client(&browser, 404);
        app.http.get(path).header("accept", "*/*").await.assert_problem(ProblemCode::NotFound);
        app.http.get(path).await.assert_problem(ProblemCode::NotFound);
        app.http.post(path).header("accept", "text/html").await.assert_problem(ProblemCode::NotFound);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn path_traversal_is_not_found() {
    let app = TestApp::spawn().await;
    let ways = [
        "/../Cargo.toml",
        "/%2e%2e/Cargo.toml",
        "/..%2fCargo.toml",
        "/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "//etc/passwd",
    ];
    for path in ways {
        let response = app.http.get(path).await;
        assert_eq!(response.status, 404, "{response:?}");
        assert!(!response.text.contains("[package]") && !response.text.contains("root:"), "{response:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn health_check_returns_ok() {
    let app = TestApp::spawn().await;
    for path in ["/healthz", "/healthz/"] {
        assert_eq!(app.http.get(path).await.assert_status(200).value(), json!({ "status": "ok" }));
        assert_eq!(app.http.request(&Method::HEAD, path).await.assert_status(200).text, "");
    }
}
