//! The client, as it was built into `dist/` and embedded; a development build reads the folder at every request.

mod answer;
mod inline;
mod names;
mod policy;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use actix_web::{HttpRequest, HttpResponse};
pub use policy::content_security_policy;

/// The page that is the client.
const INDEX: &str = "index.html";

#[derive(rust_embed::RustEmbed)]
#[folder = "../dist"]
struct Dist;

/// One file, or one of its compressed forms.
struct File {
    bytes: Cow<'static, [u8]>,
    sha256: [u8; 32],
}

/// Where files come from: `dist/`, or a test's own.
type Files = fn(&str) -> Option<File>;

fn dist(path: &str) -> Option<File> {
    let file = Dist::get(path)?;
    Some(File { bytes: file.data, sha256: file.metadata.sha256_hash() })
}

/// Answers with the client, for every address that it shows something at.
pub fn page(request: &HttpRequest) -> HttpResponse {
    answer::page(request, dist)
}

/// Answers with the file of the request's path; for a browser that wants a page where there is none, with the client,
/// which says so. None: there is no such file, and the caller wants no page.
pub fn file_or_missing(request: &HttpRequest) -> Option<HttpResponse> {
    answer::file_or_missing(request, dist)
}
