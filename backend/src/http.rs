//! What all HTTP requests share: middleware, extractors, error responses and the embedded client.

pub mod assets;
pub mod connection;
mod error;
pub mod extract;
pub mod middleware;
