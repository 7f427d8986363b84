//! The client, as it was built into `dist/` and embedded; a development build reads the folder at every request. It is two
//! programs, each with its page and files in a folder of its own; their files are asked for as if those were one.

mod answer;
mod inline;
mod names;
mod policy;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use actix_web::{HttpRequest, HttpResponse};
pub use policy::content_security_policy;

/// A program of the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// Starting chats, joining them, and talking.
    Chat,
    /// Signing in, and what is one's own.
    Account,
}

impl Program {
    const ALL: [Self; 2] = [Self::Chat, Self::Account];

    const fn folder(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Account => "account",
        }
    }

    const fn page(self) -> &'static str {
        match self {
            Self::Chat => "chat/index.html",
            Self::Account => "account/index.html",
        }
    }
}

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

/// By its path in `dist/`, or below the folder of either program.
fn dist(path: &str) -> Option<File> {
    let below = |program: Program| Dist::get(&format!("{}/{path}", program.folder()));
    let file = Dist::get(path).or_else(|| Program::ALL.into_iter().find_map(below))?;
    Some(File { bytes: file.data, sha256: file.metadata.sha256_hash() })
}

/// Answers with a program, for every address that it shows something at.
pub fn page(request: &HttpRequest, program: Program) -> HttpResponse {
    answer::page(request, program, dist)
}

/// Answers with the file of the request's path; for a browser that wants a page where there is none, with the chat,
/// which says so. None: there is no such file, and the caller wants no page.
pub fn file_or_missing(request: &HttpRequest) -> Option<HttpResponse> {
    answer::file_or_missing(request, dist)
}
