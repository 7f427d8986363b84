//! The client in `dist/`, embedded into the binary. Development builds read the directory at every request.
//!
//! The client consists of two programs, each with its page and files in a directory. The URLs of files do not contain the
//! directory.

mod content_security_policy;
mod file_names;
mod inline_elements;
mod response;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use actix_web::{HttpRequest, HttpResponse};
pub use content_security_policy::content_security_policy;

/// A program of the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// Chats.
    Chat,
    /// Sign-in and account settings.
    Account,
}

impl Program {
    const ALL: [Self; 2] = [Self::Chat, Self::Account];

    const fn dir(self) -> &'static str {
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

/// A file or one of its compressed forms.
struct File {
    bytes: Cow<'static, [u8]>,
    sha256: [u8; 32],
}

/// Loads a file: from `dist/`, or from a test fixture.
type FileSource = fn(&str) -> Option<File>;

/// Loads a file by its path in `dist/` or in the directory of a program.
fn load_file(path: &str) -> Option<File> {
    let load = |program: Program| Dist::get(&format!("{}/{path}", program.dir()));
    let file = Dist::get(path).or_else(|| Program::ALL.into_iter().find_map(load))?;
    Some(File { bytes: file.data, sha256: file.metadata.sha256_hash() })
}

/// Responds with the page of a program.
pub fn page(request: &HttpRequest, program: Program) -> HttpResponse {
    response::page(request, program, load_file)
}

/// Responds with the file at the path of the request. If there is none, a browser that accepts HTML gets the chat page with
/// status 404, and other clients `None`.
pub fn file_or_missing(request: &HttpRequest) -> Option<HttpResponse> {
    response::file_or_missing(request, load_file)
}
