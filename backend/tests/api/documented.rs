//! What the OpenAPI document says of an answer, for whoever wants to know whether it is true.

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex},
};

use backend::openapi;
use jsonschema::Validator;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde_json::{Value, json};

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(openapi::document()).unwrap());
/// By the place of the schema in the document; made when it is first needed.
static VALIDATORS: LazyLock<Mutex<HashMap<String, &'static Validator>>> = LazyLock::new(Mutex::default);

/// Looks at an answer: its status, its kind and its body are among those that are documented. What is no part of the API is
/// not documented.
#[track_caller]
pub fn tells_of(what: &str, status: u16, headers: &HeaderMap, body: &str) {
    let (method, path) = what.split_once(' ').unwrap();
    let path = path.split('?').next().unwrap();
    let Some((pattern, item)) = DOCUMENT["paths"].as_object().unwrap().iter().find(|(it, _)| fits(it, path))
    else {
        return;
    };
    // Of methods that a path does not have, the rules for all paths speak.
    let Some(operation) = item.get(method.to_ascii_lowercase()) else { return };
    let documented = &operation["responses"][status.to_string()];
    assert!(documented.is_object(), "{what}: {status} is not documented: {body}");
    let documented = match documented["$ref"].as_str() {
        Some(place) => DOCUMENT.pointer(&place[1..]).unwrap(),
        None => documented,
    };
    let kind = headers.get(CONTENT_TYPE).map_or("", |kind| kind.to_str().unwrap());
    let kind = kind.split(';').next().unwrap();
    let Some(content) = documented["content"].as_object().filter(|_| method != "HEAD") else {
        return assert!(body.is_empty(), "{what}: {status} is documented without a body: {body}");
    };
    assert!(content.contains_key(kind) || content.contains_key("*/*"), "{what}: {status} comes as {kind}");
    if kind == "application/json" {
        let place = format!("{pattern} {method} {status}");
        let value = serde_json::from_str(body).unwrap();
        let found = validator(place, &content[kind]["schema"]).iter_errors(&value);
        let wrong: Vec<_> = found.map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(wrong.is_empty(), "{what}: {status} is not as documented: {wrong:?}\n{body}");
    }
}

fn fits(pattern: &str, path: &str) -> bool {
    let parts = |path: &str| path.trim_end_matches('/').split('/').map(str::to_owned).collect::<Vec<_>>();
    let (pattern, path) = (parts(pattern), parts(path));
    let same = |(pattern, part): (&String, &String)| pattern.starts_with('{') || pattern == part;
    pattern.len() == path.len() && pattern.iter().zip(&path).all(same)
}

fn validator(place: String, schema: &Value) -> &'static Validator {
    VALIDATORS.lock().unwrap().entry(place).or_insert_with(|| {
        let mut schema = schema.clone();
        schema["components"] = json!({ "schemas": DOCUMENT["components"]["schemas"] });
        Box::leak(Box::new(jsonschema::draft202012::new(&schema).unwrap()))
    })
}
