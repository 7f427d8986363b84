//! Finds the links in a text, decides which targets are allowed, and what a link shows of its target.

use super::steps;

const MAILTO: &str = "mailto:";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token<'a> {
    Text(&'a str),
    /// An http or https URL.
    Link(&'a str),
}

/// Splits a text at its http and https links. The concatenated tokens are the text.
pub fn tokenize(text: &str) -> Vec<Token<'_>> {
    steps::add(text.len());
    let (mut tokens, mut token_start, mut search_start) = (Vec::new(), 0, 0);
    while let Some(start) = find_scheme(text, search_start) {
        let (before, tail) = text.split_at(start);
        let is_in_word = before.ends_with(char::is_alphanumeric);
        let Some(end) = (!is_in_word).then(|| find_link_end(tail)).flatten() else {
            search_start = start + 1;
            continue;
        };
        search_start = start + end;
        let (link, after) = tail.split_at(end);
        // An invisible character would make what follows look like a part of the link.
        if after.starts_with(is_invisible_control) {
            continue;
        }
        let link = trim_trailing_punctuation(link);
        tokens.extend(before.get(token_start..).filter(|text| !text.is_empty()).map(Token::Text));
        tokens.push(Token::Link(link));
        token_start = start + link.len();
    }
    tokens.extend(text.get(token_start..).filter(|text| !text.is_empty()).map(Token::Text));
    tokens
}

/// The offset of the next scheme at or after `start`.
fn find_scheme(text: &str, start: usize) -> Option<usize> {
    let rest = text.get(start..)?;
    let mut candidates = rest.match_indices(['h', 'H']).map(|(offset, _)| start + offset);
    let found = candidates.find(|offset| scheme_length(text, *offset).is_some());
    steps::add(found.map_or(text.len(), |found| found + 1) - start);
    found
}

/// The length of the http or https scheme at `offset`.
fn scheme_length(text: &str, offset: usize) -> Option<usize> {
    let has_prefix = |prefix: &str| {
        steps::add(prefix.len());
        text.get(offset..offset + prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    ["https://", "http://"].into_iter().find(|prefix| has_prefix(prefix)).map(str::len)
}

/// Where the link ends that `text`, which begins with a scheme, begins with.
fn find_link_end(text: &str) -> Option<usize> {
    // First, because a text of many schemes without a host would otherwise be read to its end from each of them.
    authority(text)?.split(is_link_end).next().filter(|authority| is_host(authority))?;
    let mut open_brackets = 0_usize;
    let end = text.find(|c| match c {
        '[' => {
            open_brackets += 1;
            false
        }
        // A URL has no `]` without a `[` before it: `[https://a.org](https://b.org)` holds two links.
        ']' => open_brackets.checked_sub(1).map(|left| open_brackets = left).is_none(),
        _ => is_link_end(c),
    });
    let end = end.unwrap_or(text.len());
    steps::add(end);
    Some(end)
}

fn is_link_end(c: char) -> bool {
    is_blank_or_control(c) || matches!(c, '<' | '>' | '"' | '`')
}

/// Browsers skip some of these characters in a URL, and could see another scheme or host.
pub(super) fn is_blank_or_control(c: char) -> bool {
    c.is_whitespace() || c.is_control()
}

fn is_invisible_control(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\r' | '\t')
}

/// The host of a web URL, with its port.
fn authority(url: &str) -> Option<&str> {
    let authority = url.get(scheme_length(url, 0)?..)?.split(['/', '?', '#', '\\']).next()?;
    steps::add(authority.len() * 2);
    Some(authority)
}

/// A user name before the host is often used to disguise it.
fn is_host(authority: &str) -> bool {
    authority.starts_with(|c: char| c.is_alphanumeric() || c == '[') && !authority.contains('@')
}

/// Removes what belongs to the sentence around the link: final punctuation, and closing brackets without an opening one.
fn trim_trailing_punctuation(mut link: &str) -> &str {
    let count = |bracket| link.matches(bracket).count();
    steps::add(link.len() * 4);
    let (round_open, square_open) = (count('('), count('['));
    let (mut round_closed, mut square_closed) = (count(')'), count(']'));
    while let Some(last) = link.chars().next_back() {
        let is_trailing = match last {
            ')' => round_closed > round_open,
            ']' => square_closed > square_open,
            _ => matches!(
                last,
                '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' | '…' | '。' | '，' | '”' | '’'
            ),
        };
        if !is_trailing {
            break;
        }
        round_closed -= usize::from(last == ')');
        square_closed -= usize::from(last == ']');
        link = link.strip_suffix(last).unwrap_or_default();
    }
    link
}

/// Whether a link may have this target: an http, https or mailto URL.
pub fn is_allowed_url(url: &str) -> bool {
    let is_web_url = || authority(url).is_some_and(is_host) && !url.contains(is_blank_or_control);
    is_mailto_url(url) || is_web_url()
}

/// Only the fields `subject` and `body` are allowed: others, such as `cc`, would add recipients.
fn is_mailto_url(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_at_checked(MAILTO.len()) else { return false };
    if !scheme.eq_ignore_ascii_case(MAILTO) || !rest.bytes().all(is_mailto_byte) {
        return false;
    }
    let (recipient, fields) = rest.split_once('?').unwrap_or((rest, ""));
    let is_allowed_field = |field: &str| {
        let name = field.split('=').next().unwrap_or_default();
        ["", "subject", "body"].iter().any(|allowed| name.eq_ignore_ascii_case(allowed))
    };
    recipient.contains('@') && fields.split('&').all(is_allowed_field)
}

/// ASCII, because a letter of another script can look like one of the recipient's host.
fn is_mailto_byte(byte: u8) -> bool {
    steps::add(1);
    byte.is_ascii_graphic() && !matches!(byte, b'[' | b']' | b'(' | b')' | b'<' | b'>' | b'"' | b'\\')
}

/// The host of a web URL, with its port, or the recipient of a mailto URL. `canonical` is the URL as the browser writes
/// it: with the host in lower case and in Punycode.
pub fn display_host(canonical: &str) -> &str {
    let recipient = || canonical.get(MAILTO.len()..).and_then(|rest| rest.split('?').next());
    authority(canonical).or_else(recipient).unwrap_or_default()
}

/// The text of a bare link: as written, if it shows the host that it leads to. Otherwise `canonical`, the URL as the
/// browser writes it, which has no letters that look like others, and no characters that look like a slash or a dot.
pub fn shown_url<'a>(written: &'a str, canonical: &'a str) -> &'a str {
    let (written_host, host) =
        (authority(written).unwrap_or_default(), authority(canonical).unwrap_or_default());
    let is_same = written_host.eq_ignore_ascii_case(host);
    let is_plain = |c: char| if c.is_ascii() { c != '\\' } else { c.is_alphanumeric() };
    if is_same && written.chars().all(is_plain) { written } else { canonical }
}

#[cfg(test)]
mod tests {
    use super::{Token::*, *};

    #[test]
    fn tokenize_text_with_links_keeps_surrounding_text() {
        assert_eq!(
            tokenize("see https://example.org/a?b=c#d, or HTTP://x.org."),
            [
                Text("see "),
                Link("https://example.org/a?b=c#d"),
                Text(", or "),
                Link("HTTP://x.org"),
                Text("."),
            ]
        );
        assert_eq!(tokenize("no link\nhere"), [Text("no link\nhere")]);
        assert_eq!(tokenize(""), []);
    }

    #[test]
    fn tokenize_unbalanced_brackets_excluded_from_link() {
        assert_eq!(tokenize("(https://x.org/a)"), [Text("("), Link("https://x.org/a"), Text(")")]);
        assert_eq!(tokenize("https://x.org/a_(b)"), [Link("https://x.org/a_(b)")]);
        assert_eq!(
            tokenize("[https://x.org](http://[::1]:80/)"),
            [Text("["), Link("https://x.org"), Text("]("), Link("http://[::1]:80/"), Text(")")]
        );
    }

    #[test]
    fn tokenize_other_schemes_stay_text() {
        for text in [
            "javascript:alert(1)",
            "data:text/html,x",
            "https://",
            "http:// x",
            "xhttps://a.org",
            "ftp://a.org",
        ] {
            assert_eq!(tokenize(text), [Text(text)]);
        }
    }

    #[test]
    fn tokens_concatenated_equal_the_text() {
        for text in [
            "ähttps://é.org/ü…",
            "h",
            "http://a.org!!! http://b.org)))",
            "👩‍👩‍👧 https://x.org/👍 end",
            "hhttp://",
        ] {
            let joined: String = tokenize(text)
                .iter()
                .map(|p| match p {
                    Text(t) | Link(t) => *t,
                })
                .collect();
            assert_eq!(joined, text);
        }
    }

    #[test]
    fn url_that_misleads_is_not_allowed() {
        for address in [
            "https://example.org/a@b",
            "http://[::1]:80/",
            "mailto:ada@example.org?subject=tea&body=at%20four",
        ] {
            assert!(is_allowed_url(address), "{address}");
        }
        for address in [
            "https://ebay.com@evil.example/",
            "HTTP://bank.example:80@evil.example",
            "https://a.org\u{1}.evil.example",
            " https://a.org",
            "java\nscript:alert(1)",
            "mailto:nobody",
            "mailto:?to=a@b.c",
            "mailto:ada@ebаy.com",
            "https://",
            "//a.org",
            "",
        ] {
            assert!(!is_allowed_url(address), "{address:?}");
            assert!(!tokenize(address).contains(&Link(address)), "{address:?}");
        }
        for text in ["https://ebay.com@evil.example/", "see https://evil.example.\u{1}ebay.com"] {
            assert_eq!(tokenize(text), [Text(text)]);
        }
    }

    #[test]
    fn display_host_is_the_canonical_host() {
        for (canonical, host) in [
            ("http://xn--eby-7cd.com/", "xn--eby-7cd.com"),
            ("https://evil.example/@bank.example", "evil.example"),
            ("https://evil.example:8080/?@bank.example", "evil.example:8080"),
            ("http://[::1]:80/", "[::1]:80"),
            ("mailto:ada@example.org?subject=tea", "ada@example.org"),
        ] {
            assert_eq!(display_host(canonical), host);
        }
    }

    #[test]
    fn shown_url_names_the_host_it_leads_to() {
        for (written, canonical) in [
            ("https://Example.org", "https://example.org/"),
            ("http://127.0.0.1:8000/a?b#c", "http://127.0.0.1:8000/a?b#c"),
            ("https://de.example/wiki/Köln", "https://de.example/wiki/K%C3%B6ln"),
        ] {
            assert_eq!(shown_url(written, canonical), written);
        }
        for (written, canonical) in [
            ("http://ebаy.com/login", "http://xn--eby-7cd.com/login"),
            ("https://example.org⁄path.evil.example", "https://example.xn--orgpath-3d7c.evil.example/"),
            ("https://evil.example\\@bank.example", "https://evil.example/@bank.example"),
            ("https://0x7f.1/", "https://127.0.0.1/"),
            ("https://a.org\u{ad}.evil.example/", "https://a.org.evil.example/"),
            ("https://a.org/b⁄c", "https://a.org/b%E2%81%84c"),
            ("https://a.org/\u{202e}c", "https://a.org/%E2%80%AEc"),
        ] {
            assert_eq!(shown_url(written, canonical), canonical);
        }
    }
}
