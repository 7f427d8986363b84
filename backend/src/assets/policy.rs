//! What a page of ours may load, run and speak to.

use std::sync::LazyLock;

use actix_web::http::Uri;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use indexmap::IndexSet;
use sha2::{Digest, Sha256};

use super::inline::{self, Inline};
use super::{Program, dist};

/// The inline parts of the pages, as the policy names them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Hashes {
    scripts: String,
    styles: String,
}

/// The policy for every answer. In a release it is always the same for one `public_url`; a development build looks at
/// the client that is on the disk now, so it should ask for each answer.
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
    let socket = public_url.and_then(socket).unwrap_or_default();
    format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'{scripts}; style-src 'self'{styles}; \
         img-src 'self' blob: data:; font-src 'self'; manifest-src 'self'; worker-src 'self'; \
         connect-src 'self'{socket}; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
}

/// Browsers of some years ago do not take a socket for a part of `'self'`.
fn socket(public_url: &str) -> Option<String> {
    let url: Uri = public_url.parse().ok()?;
    let scheme = match url.scheme_str()? {
        "https" => "wss",
        "http" => "ws",
        _ => return None,
    };
    let port = url.port_u16().map(|port| format!(":{port}")).unwrap_or_default();
    // An unusual character could end the directive.
    let host =
        url.host().filter(|host| host.chars().all(|c| c.is_ascii_alphanumeric() || ".-:[]".contains(c)))?;
    Some(format!(" {scheme}://{host}{port}"))
}

fn hashes_of_pages() -> Hashes {
    let pages = Program::ALL.into_iter().filter_map(|program| dist(program.page()));
    let pages: Vec<_> = pages.map(|page| String::from_utf8_lossy(&page.bytes).into_owned()).collect();
    hashes(&pages)
}

fn hashes(pages: &[String]) -> Hashes {
    let found: Vec<_> = pages.iter().map(|page| inline::find(page)).collect();
    Hashes {
        scripts: sources(found.iter().flat_map(|Inline { scripts, .. }| scripts)),
        styles: sources(found.iter().flat_map(|Inline { styles, .. }| styles)),
    }
}

/// What stands in several pages is named once.
fn sources<'a>(texts: impl Iterator<Item = &'a &'a str>) -> String {
    let texts: IndexSet<_> = texts.collect();
    texts.into_iter().flat_map(|text| [" 'sha256-".to_owned(), hash(text), "'".to_owned()]).collect()
}

/// Browsers hash what they have read, in which every line ends alike.
fn hash(text: &str) -> String {
    BASE64_STANDARD.encode(Sha256::digest(text.replace("\r\n", "\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_is_the_strictest_that_runs_the_client() {
        let expected = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
            img-src 'self' blob: data:; font-src 'self'; manifest-src 'self'; worker-src 'self'; connect-src 'self'; \
            base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
        assert_eq!(policy(&Hashes::default(), None), expected);
    }

    #[test]
    fn inline_parts_are_allowed_by_their_hashes() {
        // The example of the specification.
        let page = "<script>alert('Hello, world.');</script><style>p{}</style>".to_owned();
        let found = hashes(&[page.clone(), page]);
        assert_eq!(found.scripts, " 'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='");
        let policy = policy(&found, None);
        assert!(policy.contains("'wasm-unsafe-eval' 'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng=';"));
        assert!(policy.contains("style-src 'self' 'sha256-"), "{policy}");
    }

    #[test]
    fn line_ends_are_hashed_as_browsers_read_them() {
        assert_eq!(hash("a\r\nb"), hash("a\nb"));
    }

    #[test]
    fn sockets_of_our_own_host_are_allowed() {
        assert_eq!(socket("https://chat.example.org/").as_deref(), Some(" wss://chat.example.org"));
        assert_eq!(socket("http://localhost:8000").as_deref(), Some(" ws://localhost:8000"));
        assert_eq!(socket("http://[::1]:8000/").as_deref(), Some(" ws://[::1]:8000"));
    }

    #[test]
    fn an_address_that_could_widen_the_policy_is_ignored() {
        for odd in ["", "/path", "ftp://a", "https://a;script-src *", "https://a;b/", "https://*/"] {
            assert_eq!(socket(odd), None, "{odd}");
        }
    }
}
