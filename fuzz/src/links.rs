//! Links in messages, and the path that a sign-in returns to.

use markdown::links::{Token, display_host, is_allowed_url, shown_url, tokenize};
use shared::return_path::sanitize_return_path;
use url::Url;

use crate::markdown::assert_allowed_url;

const SITE: &str = "https://chat.example";

/// Tokens concatenate to the text, links lead to the host they show, and a sign-in returns to this site.
pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    check_tokens(text);
    check_shown_host(text);
    check_return_path(text);
}

fn check_tokens(text: &str) {
    let mut joined = String::new();
    for token in tokenize(text) {
        let (Token::Text(part) | Token::Link(part)) = token;
        if matches!(token, Token::Link(_)) {
            assert!(is_allowed_url(part), "{part:?}");
            check_shown_host(part);
        }
        joined.push_str(part);
    }
    assert_eq!(joined, text, "the concatenated tokens are the text");
}

/// A link shows the host that a browser opens.
fn check_shown_host(url: &str) {
    if !is_allowed_url(url) {
        return;
    }
    assert_allowed_url(url);
    let Ok(parsed) = Url::parse(url) else { return };
    let Some(host) = parsed.host_str() else { return };
    let port = parsed.port().map(|port| format!(":{port}")).unwrap_or_default();
    let host = format!("{host}{port}");
    assert_eq!(display_host(parsed.as_str()), host, "{url:?}");
    let shown = shown_url(url, parsed.as_str());
    let authority = shown.split('/').nth(2).unwrap_or_default();
    let authority = authority.split(['?', '#']).next().unwrap_or_default();
    assert!(authority.eq_ignore_ascii_case(&host), "{url:?} is shown as {shown:?} and leads to {parsed}");
    let is_disguised = shown.contains(|c: char| !c.is_ascii_graphic() && !c.is_alphanumeric());
    assert!(!is_disguised, "{url:?} is shown as {shown:?}");
}

fn check_return_path(path: &str) {
    let site = Url::parse(SITE).expect("a URL");
    let target = site.join(sanitize_return_path(path)).expect("a sanitized path is valid");
    assert_eq!(target.origin(), site.origin(), "{path:?} leads to {target}");
    assert!(!target.path().eq("/auth"), "{path:?} leads back to the sign-in page");
}
