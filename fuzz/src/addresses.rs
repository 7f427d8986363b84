//! Addresses in texts and links.

#[path = "../../frontend/src/session/safe_path.rs"]
mod safe_path;

use shared::markdown::links::{Piece, host, may_lead_to, pieces};
use url::Url;

use crate::markdown::leads_somewhere_good;

const HERE: &str = "https://chat.example";

/// Links are found without a change to the text, lead where they say, and nobody is sent to another site after signing
/// in.
pub fn holds(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    finds_links(text);
    says_where_it_leads(text);
    stays_here(text);
}

fn finds_links(text: &str) {
    let mut joined = String::new();
    for piece in pieces(text) {
        let (Piece::Text(part) | Piece::Link(part)) = piece;
        if matches!(piece, Piece::Link(_)) {
            leads_somewhere_good(part);
        }
        joined.push_str(part);
    }
    assert_eq!(joined, text, "the pieces joined are the text");
}

/// As far as a host is written as browsers write it.
fn says_where_it_leads(address: &str) {
    if !may_lead_to(address) {
        return;
    }
    leads_somewhere_good(address);
    let said = host(address);
    let is_plain = said.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'.') && !said.is_empty();
    if let Ok(url) = Url::parse(address)
        && is_plain
        && url.scheme() != "mailto"
    {
        assert_eq!(url.host_str(), Some(said), "{address:?}");
    }
}

fn stays_here(wanted: &str) {
    let path = safe_path::safe(wanted);
    let here = Url::parse(HERE).expect("an address");
    let there = here.join(path).expect("a path of ours is one");
    assert_eq!(there.origin(), here.origin(), "{wanted:?} leads to {there}");
    assert!(!there.path().eq("/auth"), "{wanted:?} leads back to signing in");
}
