//! Extractors and accessors for parts of a request.

pub mod body;
pub mod client_ip;
pub mod file_body;
pub mod idempotency_key;
pub mod origin;
pub mod upload;

use std::str::FromStr;

use actix_web::{HttpRequest, web::Data};
use anyhow::anyhow;
use shared::problem::ProblemCode;

use crate::{config::Config, error::ApiError};

/// The configuration that the server registered with the application.
pub fn config(request: &HttpRequest) -> Result<&Config, ApiError> {
    let config = request.app_data::<Data<Config>>();
    config.map(Data::get_ref).ok_or_else(|| anyhow!("Config is not registered").into())
}

/// A parameter of the path. One that cannot be parsed names nothing: 404.
pub fn path_parameter<T: FromStr>(request: &HttpRequest, name: &str) -> Result<T, ApiError> {
    let parsed = request.match_info().get(name).and_then(|text| text.parse().ok());
    parsed.ok_or_else(|| ProblemCode::NotFound.into())
}
