//! Middleware around every request.

pub mod close_on_unread_body;
pub mod cors_error;
pub mod request_timeout;
pub mod security_headers;
