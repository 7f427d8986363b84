//! The OpenAPI document and the page that shows it.

use serde_json::Value;
use shared::problem::ProblemCode;

use crate::support::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn openapi_document_and_page_are_served() {
    let app = TestApp::spawn().await;
    let document = app.http.get("/api/openapi.json").await.assert_status(200);
    assert_eq!(document.header("content-type"), "application/json");
    let document: Value = document.json();
    assert!(jsonschema::draft202012::meta::is_valid(&document["components"]["schemas"]["MessagePosted"]));
    assert_eq!(document["paths"]["/auth/jwt/create/"]["post"]["tags"][0], "tokens");

    let page = app.http.get("/api/docs/").await.assert_status(200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let files: Vec<_> = page.text.split('"').filter(|text| text.starts_with("/api/docs/")).collect();
    assert_eq!(files.len(), 3, "{files:?}");
    for file in files {
        app.http.get(file).header("accept-encoding", "gzip").await.assert_status(200);
    }
    app.http.get("/api/docs/nothing.js").await.assert_problem(ProblemCode::NotFound);
    app.http.get("/api/docs/..%2fpage.js").await.assert_problem(ProblemCode::NotFound);
}
