//! Turns an [`ApiError`] into an HTTP response. Internal errors are logged here, once.

use std::collections::BTreeMap;

use actix_web::{
    HttpResponse, ResponseError,
    http::{StatusCode, header},
};
use serde::Serialize;
use shared::problem::{Problem, ProblemCode};

use crate::error::ApiError;

/// A problem document with one array of sentences for each invalid field at its top level, as in the original.
#[derive(Serialize)]
struct ProblemBody<'a> {
    #[serde(flatten)]
    problem: &'a Problem,
    #[serde(flatten)]
    fields: BTreeMap<&'a str, Vec<&'a str>>,
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.code().status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        match self {
            Self::Internal(error) => tracing::error!(error = format!("{error:#}"), "request failed"),
            Self::Rejected(_) => {}
        }
        let problem = self.problem();
        let mut response = HttpResponse::build(self.status_code());
        if problem.status == 401 {
            response.insert_header((header::WWW_AUTHENTICATE, r#"JWT realm="api""#));
        }
        if let Some(seconds) = problem.retry_after {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        response.json(ProblemBody { problem: &problem, fields: group_by_field(&problem) })
    }
}

/// Members of the problem document itself. A field of the same name is listed in `errors` only.
const PROBLEM_MEMBERS: [&str; 7] = ["type", "title", "status", "detail", "code", "retry_after", "errors"];

/// A failed sign-in has its sentence under `non_field_errors`, as in the original.
fn group_by_field(problem: &Problem) -> BTreeMap<&str, Vec<&str>> {
    let mut fields: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let errors = problem.errors.iter();
    for error in errors.filter(|error| !PROBLEM_MEMBERS.contains(&error.field.as_str())) {
        fields.entry(&error.field).or_default().push(&error.detail);
    }
    if matches!(
        problem.code,
        ProblemCode::WrongCredentials
            | ProblemCode::SecondFactorRequired
            | ProblemCode::PasskeyRejected
            | ProblemCode::TokenRejected
    ) {
        fields.entry("non_field_errors").or_default().push(&problem.detail);
    }
    fields
}
