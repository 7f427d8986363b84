//! Checks responses against the OpenAPI document.

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex},
};

use backend::api::{openapi, routes::ROUTES};
use jsonschema::Validator;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde_json::{Value, json};

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(&openapi::document(ROUTES)).unwrap());
/// By path, method and status; compiled on first use.
static VALIDATORS: LazyLock<Mutex<HashMap<String, &'static Validator>>> = LazyLock::new(Mutex::default);

/// Asserts that status, content type and body of a response are documented. Paths outside the API are not checked.
#[track_caller]
pub fn assert_documented(request: &str, status: u16, headers: &HeaderMap, body: &str) {
    let (method, path) = request.split_once(' ').unwrap();
    let path = path.split('?').next().unwrap();
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let Some((pattern, item)) = paths.iter().find(|(pattern, _)| matches(pattern, path)) else { return };
    // Methods that a path does not have are covered by the rules for all paths.
    let Some(operation) = item.get(method.to_ascii_lowercase()) else { return };
    let response = &operation["responses"][status.to_string()];
    assert!(response.is_object(), "{request}: {status} is not documented: {body}");
    let response = match response["$ref"].as_str() {
        Some(reference) => DOCUMENT.pointer(&reference[1..]).unwrap(),
        None => response,
    };
    let content_type = headers.get(CONTENT_TYPE).map_or("", |value| value.to_str().unwrap());
    let content_type = content_type.split(';').next().unwrap();
    let Some(content) = response["content"].as_object().filter(|_| method != "HEAD") else {
        return assert!(body.is_empty(), "{request}: {status} is documented without a body: {body}");
    };
    let is_documented = content.contains_key(content_type) || content.contains_key("*/*");
    assert!(is_documented, "{request}: {status} has the content type {content_type}");
    if content_type == "application/json" {
        let key = format!("{pattern} {method} {status}");
        let value = serde_json::from_str(body).unwrap();
        let found = validator(key, &content[content_type]["schema"]).iter_errors(&value);
        let errors: Vec<_> = found.map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{request}: {status} is not as documented: {errors:?}\n{body}");
    }
}

fn matches(pattern: &str, path: &str) -> bool {
    let parts = |path: &str| path.trim_end_matches('/').split('/').map(str::to_owned).collect::<Vec<_>>();
    let (pattern, path) = (parts(pattern), parts(path));
    let same = |(pattern, part): (&String, &String)| pattern.starts_with('{') || pattern == part;
    pattern.len() == path.len() && pattern.iter().zip(&path).all(same)
}

fn validator(key: String, schema: &Value) -> &'static Validator {
    VALIDATORS.lock().unwrap().entry(key).or_insert_with(|| {
        let mut schema = schema.clone();
        schema["components"] = json!({ "schemas": DOCUMENT["components"]["schemas"] });
        Box::leak(Box::new(jsonschema::draft202012::new(&schema).unwrap()))
    })
}
