//! What all HTTP requests share: middleware, extractors, error responses and the embedded client.

pub mod assets;
mod error;
pub mod extract;
pub mod middleware;
