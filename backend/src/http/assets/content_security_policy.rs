//! The Content-Security-Policy header.

use std::sync::LazyLock;

use actix_web::http::Uri;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use indexmap::IndexSet;
use sha2::{Digest, Sha256};

use super::{
    Program,
    inline_elements::{InlineElements, find},
    load_file,
};

/// The hash sources of the inline elements of all pages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Hashes {
    scripts: String,
    styles: String,
}

/// The policy for a response. In a release build it is constant for a `public_url`. A development build reads the current
/// client from the disk each time.
pub fn content_security_policy(public_url: Option<&str>) -> String {
    static EMBEDDED: LazyLock<Hashes> = LazyLock::new(hashes_of_pages);
    if cfg!(debug_assertions) {
        policy(&hashes_of_pages(), public_url)
    } else {
        policy(&EMBEDDED, public_url)
    }
}

fn policy(hashes: &Hashes, public_url: Option<&str>) -> String {
    let Hashes { scripts, styles } = hashes;
    let socket = public_url.and_then(websocket_source).unwrap_or_default();
    format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'{scripts}; style-src 'self'{styles}; \
         img-src 'self' blob: data:; media-src 'self'; font-src 'self'; manifest-src 'self'; worker-src 'self'; \
         connect-src 'self'{socket}; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
}

/// In older browsers, `'self'` does not include WebSockets. An IPv6 address is no valid source, so that there it has to do.
fn websocket_source(public_url: &str) -> Option<String> {
    let url: Uri = public_url.parse().ok()?;
    let scheme = match url.scheme_str()? {
        "https" => "wss",
        "http" => "ws",
        _ => return None,
    };
    let port = url.port_u16().map(|port| format!(":{port}")).unwrap_or_default();
    // Other characters could end the directive.
    let host =
        url.host().filter(|host| host.chars().all(|c| c.is_ascii_alphanumeric() || ".-".contains(c)))?;
    Some(format!(" {scheme}://{host}{port}"))
}

fn hashes_of_pages() -> Hashes {
    let pages = Program::ALL.into_iter().filter_map(|program| load_file(program.page()));
    let pages: Vec<_> = pages.map(|page| String::from_utf8_lossy(&page.bytes).into_owned()).collect();
    hashes(&pages)
}

fn hashes(pages: &[String]) -> Hashes {
    let found: Vec<_> = pages.iter().map(|page| find(page)).collect();
    Hashes {
        scripts: hash_sources(found.iter().flat_map(|InlineElements { scripts, .. }| scripts)),
        styles: hash_sources(found.iter().flat_map(|InlineElements { styles, .. }| styles)),
    }
}

/// Without duplicates.
fn hash_sources<'a>(texts: impl Iterator<Item = &'a &'a str>) -> String {
    let texts: IndexSet<_> = texts.collect();
    texts.into_iter().flat_map(|text| [" 'sha256-".to_owned(), hash(text), "'".to_owned()]).collect()
}

/// Browsers normalize line ends before they hash.
fn hash(text: &str) -> String {
    BASE64_STANDARD.encode(Sha256::digest(text.replace("\r\n", "\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policy_is_minimal() {
        let expected = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
            img-src 'self' blob: data:; media-src 'self'; font-src 'self'; manifest-src 'self'; worker-src 'self'; connect-src 'self'; \
            base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
        assert_eq!(policy(&Hashes::default(), None), expected);
    }

    #[test]
    fn inline_elements_are_allowed_by_hash() {
        // The example of the specification.
        let page = "<script>alert('Hello, world.');</script><style>p{}</style>".to_owned();
        let found = hashes(&[page.clone(), page]);
        assert_eq!(found.scripts, " 'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='");
        let policy = policy(&found, None);
        assert!(policy.contains("'wasm-unsafe-eval' 'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng=';"));
        assert!(policy.contains("style-src 'self' 'sha256-"), "{policy}");
    }

    #[test]
    fn line_ends_are_normalized_before_hashing() {
        assert_eq!(hash("a\r\nb"), hash("a\nb"));
    }

    #[test]
    fn websocket_of_public_url_is_allowed() {
        assert_eq!(websocket_source("https://chat.example.org/").as_deref(), Some(" wss://chat.example.org"));
        assert_eq!(websocket_source("http://localhost:8000").as_deref(), Some(" ws://localhost:8000"));
    }

    #[test]
    fn invalid_source_is_left_out() {
        let unsafe_urls = ["", "/path", "ftp://a", "https://a;script-src *", "https://a;b/", "https://*/"];
        for odd in unsafe_urls.into_iter().chain(["http://[::1]:8000/"]) {
            assert_eq!(websocket_source(odd), None, "{odd}");
        }
    }
}
