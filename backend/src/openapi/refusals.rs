//! Who is refused what: one response for each status, with the codes that come with it.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use serde_json::Value;
use shared::problem::ProblemCode;
use utoipa::{
    PartialSchema,
    openapi::{
        Content, Ref, RefOr, Response, ResponseBuilder,
        path::{Operation, Parameter, ParameterIn},
    },
};

use crate::{
    auth::access::{Actor, Verdict},
    routes::table::Route,
};

/// What may always go wrong: the head, too many requests, a fault, no capacity.
const ALWAYS: [u16; 4] = [408, 429, 500, 503];
/// What may be wrong with a body.
const OF_BODIES: [u16; 3] = [400, 413, 415];

/// By their names.
pub fn all() -> impl Iterator<Item = (String, RefOr<Response>)> {
    let mut codes = BTreeMap::<u16, Vec<String>>::new();
    for (name, code) in known() {
        codes.entry(code.status()).or_default().push(format!("`{name}`"));
    }
    codes.into_iter().map(|(status, codes)| {
        let description = format!("{}: {}.", phrase(status), codes.join(", "));
        let content = Content::new(Some(Ref::from_schema_name("Problem")));
        let response = ResponseBuilder::new().description(description).content("application/json", content);
        (name(status), RefOr::T(response.build()))
    })
}

/// Every code, as the schema lists them.
fn known() -> Vec<(String, ProblemCode)> {
    let schema = serde_json::to_value(ProblemCode::schema()).unwrap_or_default();
    let mut names: Vec<_> = schema.get("oneOf").and_then(Value::as_array).into_iter().flatten().collect();
    names.extend(Some(&schema));
    let names = names.into_iter().filter_map(|schema| schema.get("enum")?.as_array()).flatten();
    names
        .filter_map(|name| Some((name.as_str()?.to_owned(), serde_json::from_value(name.clone()).ok()?)))
        .collect()
}

/// Says of an operation all that may be refused: to those who may not, and to those who ask wrongly.
pub fn add(operation: &mut Operation, route: &Route) {
    let own = operation.responses.responses.keys().filter_map(|status| status.parse().ok());
    let mut refused: Vec<u16> = own.filter(|status| *status >= 400).chain(ALWAYS).collect();
    refused.extend(Actor::ALL.into_iter().filter_map(|actor| match route.access.may(actor) {
        Verdict::Allowed => None,
        Verdict::NotSignedIn => Some(401),
        Verdict::Forbidden => Some(403),
        Verdict::NotFound => Some(404),
    }));
    if route.path.contains('{') {
        refused.push(404);
    }
    if route.path.contains("{uri}") {
        // The chat has ended.
        refused.push(410);
    }
    if operation.request_body.is_some() {
        refused.extend(OF_BODIES);
    }
    let asks = |parameter: &RefOr<Parameter>| matches!(parameter, RefOr::T(it) if it.parameter_in == ParameterIn::Query);
    if operation.parameters.iter().flatten().any(asks) {
        refused.push(400);
    }
    let responses = &mut operation.responses.responses;
    responses.extend(
        refused.into_iter().map(|status| (status.to_string(), Ref::from_response_name(name(status)).into())),
    );
    for (status, response) in responses {
        if let RefOr::T(response) = response
            && response.description.is_empty()
        {
            phrase(status.parse().unwrap_or_default()).clone_into(&mut response.description);
        }
    }
}

fn name(status: u16) -> String {
    format!("Refused{status}")
}

fn phrase(status: u16) -> &'static str {
    StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or_default()
}
