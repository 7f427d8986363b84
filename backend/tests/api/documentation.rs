//! What the server says of itself: the OpenAPI document, and the page that shows it.

use serde_json::Value;
use shared::problem::ProblemCode;

use crate::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn programs_and_people_read_what_may_be_asked() {
    let app = TestApp::start().await;
    let document = app.web.get("/api/openapi.json").await.is(200);
    assert_eq!(document.header("content-type"), "application/json");
    let document: Value = document.read();
    assert!(jsonschema::draft202012::meta::is_valid(&document["components"]["schemas"]["Posted"]));
    assert_eq!(document["paths"]["/auth/jwt/create/"]["post"]["tags"][0], "tokens");

    let page = app.web.get("/api/docs/").await.is(200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let files: Vec<_> = page.text.split('"').filter(|text| text.starts_with("/api/docs/")).collect();
    assert_eq!(files.len(), 3, "{files:?}");
    for file in files {
        app.web.get(file).header("accept-encoding", "gzip").await.is(200);
    }
    app.web.get("/api/docs/nothing.js").await.refused(ProblemCode::NotFound);
    app.web.get("/api/docs/..%2fpage.js").await.refused(ProblemCode::NotFound);
}
