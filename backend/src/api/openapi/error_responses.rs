//! The error responses: one for each status, with its problem codes.

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
    api::route_table::Route,
    auth::policy::access::{Decision, Principal},
    http::middleware::error_headers::PROBLEM_JSON,
};

/// Possible for every request.
const ALWAYS: [u16; 4] = [408, 429, 500, 503];
/// Possible for every request with a body.
const WITH_BODY: [u16; 3] = [400, 413, 415];

/// All responses by name.
pub fn all() -> impl Iterator<Item = (String, RefOr<Response>)> {
    let mut codes = BTreeMap::<u16, Vec<String>>::new();
    for (name, code) in problem_codes() {
        codes.entry(code.status()).or_default().push(format!("`{name}`"));
    }
    codes.into_iter().map(|(status, codes)| {
        let description = format!("{}: {}.", reason_phrase(status), codes.join(", "));
        let content = Content::new(Some(Ref::from_schema_name("Problem")));
        let response = ResponseBuilder::new()
            .description(description)
            .content("application/json", content.clone())
            .content(PROBLEM_JSON, content);
        (response_name(status), RefOr::T(response.build()))
    })
}

/// All codes, as the schema lists them.
fn problem_codes() -> Vec<(String, ProblemCode)> {
    let schema = serde_json::to_value(ProblemCode::schema()).unwrap_or_default();
    let mut names: Vec<_> = schema.get("oneOf").and_then(Value::as_array).into_iter().flatten().collect();
    names.extend(Some(&schema));
    let names = names.into_iter().filter_map(|schema| schema.get("enum")?.as_array()).flatten();
    names
        .filter_map(|name| Some((name.as_str()?.to_owned(), serde_json::from_value(name.clone()).ok()?)))
        .collect()
}

/// Adds the errors of an operation: those of its policy, and those of invalid requests.
pub fn add(operation: &mut Operation, route: &Route) {
    let statuses = possible_statuses(operation, route);
    let responses = &mut operation.responses.responses;
    for status in statuses {
        responses.insert(status.to_string(), Ref::from_response_name(response_name(status)).into());
    }
    for (status, response) in responses {
        if let RefOr::T(response) = response
            && response.description.is_empty()
        {
            reason_phrase(status.parse().unwrap_or_default()).clone_into(&mut response.description);
        }
    }
}

fn possible_statuses(operation: &Operation, route: &Route) -> Vec<u16> {
    let declared = operation.responses.responses.iter();
    // One with a description of its own is no problem document.
    let declared = declared.filter(|(_, response)| !is_described(response));
    let declared = declared.filter_map(|(status, _)| status.parse().ok());
    let mut statuses: Vec<u16> = declared.filter(|status| *status >= 400).chain(ALWAYS).collect();
    statuses.extend(Principal::ALL.into_iter().filter_map(
        |principal| match route.policy.decide(principal) {
            Decision::Allowed => None,
            Decision::Unauthenticated => Some(401),
            Decision::Forbidden => Some(403),
            Decision::NotFound => Some(404),
        },
    ));
    if route.path.contains('{') {
        statuses.push(404);
    }
    if route.path.contains("{uri}") {
        // The chat was deleted.
        statuses.push(410);
    }
    if operation.request_body.is_some() {
        statuses.extend(WITH_BODY);
    }
    if operation.parameters.iter().flatten().any(is_query) {
        statuses.push(400);
    }
    statuses
}

fn is_described(response: &RefOr<Response>) -> bool {
    matches!(response, RefOr::T(response) if !response.description.is_empty())
}

fn is_query(parameter: &RefOr<Parameter>) -> bool {
    matches!(parameter, RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Query)
}

fn response_name(status: u16) -> String {
    format!("Error{status}")
}

fn reason_phrase(status: u16) -> &'static str {
    StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or_default()
}
