//! The client and its files, and a word on the server's health.

use std::path::Path;

use reqwest::Method;
use serde_json::json;
use shared::problem::ProblemCode;

use crate::app::{Answer, TestApp};

/// The tests also run where the client was not built; then its place says so.
#[track_caller]
fn shows_the_client(answer: &Answer, status: u16) {
    let is_built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dist/chat/index.html").exists();
    if is_built {
        assert_eq!(answer.status, status, "{answer:?}");
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
        assert!(answer.text.contains("<html"), "{answer:?}");
    } else {
        assert_eq!(answer.status, 503, "{answer:?}");
        assert!(answer.text.contains("cargo xtask build"), "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_shows_the_client_to_whoever_asks() {
    let app = TestApp::start().await;
    let (_, tea) = app.tea().await;
    let chat = format!("/chats/{tea}");
    for path in ["/", "/chats", "/chats/", &chat, "/chats/nowhere/", "/auth", "/auth/", "/reset", "/settings"]
    {
        shows_the_client(&app.web.get(path).await, 200);
    }
    assert_eq!(app.count("SELECT count(*) FROM members").await, 1, "looking joins nobody");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_page_is_the_client_for_a_browser_and_a_problem_for_a_program() {
    let app = TestApp::start().await;
    for path in ["/nothing", "/chats/a/b", "/favicon.none"] {
        let browser = app.web.get(path).header("accept", "text/html,application/xhtml+xml,*/*;q=0.8").await;
        shows_the_client(&browser, 404);
        app.web.get(path).header("accept", "*/*").await.refused(ProblemCode::NotFound);
        app.web.get(path).await.refused(ProblemCode::NotFound);
        app.web.post(path).header("accept", "text/html").await.refused(ProblemCode::NotFound);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_file_outside_the_client_can_be_fetched() {
    let app = TestApp::start().await;
    let ways = [
        "/../Cargo.toml",
        "/%2e%2e/Cargo.toml",
        "/..%2fCargo.toml",
        "/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "//etc/passwd",
    ];
    for path in ways {
        let answer = app.web.get(path).await;
        assert_eq!(answer.status, 404, "{answer:?}");
        assert!(!answer.text.contains("[package]") && !answer.text.contains("root:"), "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_says_that_it_is_well() {
    let app = TestApp::start().await;
    for path in ["/healthz", "/healthz/"] {
        assert_eq!(app.web.get(path).await.is(200).value(), json!({ "status": "ok" }));
        assert_eq!(app.web.call(&Method::HEAD, path).await.is(200).text, "");
    }
}
