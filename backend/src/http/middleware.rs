//! Middleware around every request.

pub mod close_on_unread_body;
pub mod cors_error;
pub mod error_headers;
mod holding_body;
pub mod request_timeout;
pub mod security_headers;
pub mod track_requests;
pub mod warn_of_setup;
