//! Links in messages, and the path that a sign-in returns to.

use markdown::links::{Token, display_host, is_allowed_url, tokenize};
use shared::return_path::sanitize_return_path;
use url::Url;

use crate::markdown::assert_allowed_url;

const SITE: &str = "https://chat.example";

/// Tokens concatenate to the text, links lead to the host they show, and a sign-in returns to this site.
pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    check_tokens(text);
    check_display_host(text);
    check_return_path(text);
}

fn check_tokens(text: &str) {
    let mut joined = String::new();
    for token in tokenize(text) {
        let (Token::Text(part) | Token::Link(part)) = token;
        if matches!(token, Token::Link(_)) {
            assert_allowed_url(part);
        }
        joined.push_str(part);
    }
    assert_eq!(joined, text, "the concatenated tokens are the text");
}

/// Compares only hosts that browsers do not rewrite.
fn check_display_host(url: &str) {
    if !is_allowed_url(url) {
        return;
    }
    assert_allowed_url(url);
    let host = display_host(url);
    let is_plain = host.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'.') && !host.is_empty();
    if let Ok(parsed) = Url::parse(url)
        && is_plain
        && parsed.scheme() != "mailto"
    {
        assert_eq!(parsed.host_str(), Some(host), "{url:?}");
    }
}

fn check_return_path(path: &str) {
    let site = Url::parse(SITE).expect("a URL");
    let target = site.join(sanitize_return_path(path)).expect("a sanitized path is valid");
    assert_eq!(target.origin(), site.origin(), "{path:?} leads to {target}");
    assert!(!target.path().eq("/auth"), "{path:?} leads back to the sign-in page");
}
