//! Finds the links in a text and decides which targets are allowed.

const MAILTO: &str = "mailto:";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token<'a> {
    Text(&'a str),
    /// An http or https URL.
    Link(&'a str),
}

/// Splits a text at its http and https links. The concatenated tokens are the text.
pub fn tokenize(text: &str) -> Vec<Token<'_>> {
    let (mut tokens, mut token_start, mut search_start) = (Vec::new(), 0, 0);
    while let Some(start) = find_scheme(text, search_start) {
        let (before, tail) = text.split_at(start);
        let length = if before.ends_with(char::is_alphanumeric) { 0 } else { link_length(tail) };
        if length == 0 {
            search_start = start + 1;
            continue;
        }
        tokens.extend(before.get(token_start..).filter(|text| !text.is_empty()).map(Token::Text));
        tokens.extend(tail.get(..length).map(Token::Link));
        (token_start, search_start) = (start + length, start + length);
    }
    tokens.extend(text.get(token_start..).filter(|text| !text.is_empty()).map(Token::Text));
    tokens
}

/// The offset of the next scheme at or after `start`.
fn find_scheme(text: &str, start: usize) -> Option<usize> {
    let rest = text.get(start..)?;
    let mut candidates = rest.match_indices(['h', 'H']).map(|(offset, _)| start + offset);
    candidates.find(|offset| scheme_length(text, *offset).is_some())
}

/// The length of the http or https scheme at `offset`.
fn scheme_length(text: &str, offset: usize) -> Option<usize> {
    let has_prefix = |prefix: &str| {
        text.get(offset..offset + prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    ["https://", "http://"].into_iter().find(|prefix| has_prefix(prefix)).map(str::len)
}

/// The length of the link that `text`, which begins with a scheme, begins with; 0 if no host follows.
fn link_length(text: &str) -> usize {
    let scheme = scheme_length(text, 0).unwrap_or_default();
    let is_end = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '`');
    let link = cut_at_unmatched_bracket(text.split(is_end).next().unwrap_or_default());
    let link = trim_trailing_punctuation(link);
    let has_host =
        link.get(scheme..).is_some_and(|host| host.starts_with(|c: char| c.is_alphanumeric() || c == '['));
    if has_host { link.len() } else { 0 }
}

/// Removes what belongs to the sentence around the link: final punctuation, and closing brackets without an opening one.
fn trim_trailing_punctuation(mut link: &str) -> &str {
    let count = |bracket| link.matches(bracket).count();
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

/// A URL has no `]` without a `[` before it: `[https://a.org](https://b.org)` holds two links.
fn cut_at_unmatched_bracket(link: &str) -> &str {
    let mut open = 0_usize;
    let unmatched = link.find(|c| match c {
        '[' => {
            open += 1;
            false
        }
        ']' => open.checked_sub(1).map(|left| open = left).is_none(),
        _ => false,
    });
    unmatched.and_then(|offset| link.get(..offset)).unwrap_or(link)
}

/// Whether a link may have this target: an http, https or mailto URL. White space and control characters are rejected,
/// because browsers skip them and could see another scheme.
pub fn is_allowed_url(url: &str) -> bool {
    let has_blank = url.contains(|c: char| c.is_whitespace() || c.is_control());
    !has_blank && (is_web_url(url) || is_mailto_url(url))
}

fn is_web_url(url: &str) -> bool {
    scheme_length(url, 0).is_some() && link_length(url) > 0
}

/// Only the fields `subject` and `body` are allowed: others, such as `cc`, would add recipients.
fn is_mailto_url(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_at_checked(MAILTO.len()) else { return false };
    let (recipient, fields) = rest.split_once('?').unwrap_or((rest, ""));
    let is_allowed_field = |field: &str| {
        let name = field.split('=').next().unwrap_or_default();
        ["", "subject", "body"].iter().any(|allowed| name.eq_ignore_ascii_case(allowed))
    };
    scheme.eq_ignore_ascii_case(MAILTO) && recipient.contains('@') && fields.split('&').all(is_allowed_field)
}

/// The host of a web URL, with its port, or the recipient of a mailto URL.
pub fn display_host(url: &str) -> &str {
    let Some(scheme) = scheme_length(url, 0) else {
        return url.get(MAILTO.len()..).and_then(|rest| rest.split('?').next()).unwrap_or_default();
    };
    let authority = url.get(scheme..).and_then(|rest| rest.split(['/', '?', '#', '\\']).next());
    // User information before the host is often used to disguise it.
    authority.and_then(|authority| authority.rsplit('@').next()).unwrap_or_default()
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
    fn allowed_url_shows_its_real_host() {
        for (address, expected) in [
            ("https://example.org/a@b", "example.org"),
            ("HTTP://bank.example@evil.example", "evil.example"),
            ("https://evil.example\\@bank.example", "evil.example"),
            ("https://evil.example:8080?@bank.example", "evil.example:8080"),
            ("http://[::1]:80/", "[::1]:80"),
            ("mailto:ada@example.org?subject=tea&body=at%20four", "ada@example.org"),
        ] {
            assert!(is_allowed_url(address), "{address}");
            assert_eq!(display_host(address), expected);
        }
        for address in [
            " https://a.org",
            "java\nscript:alert(1)",
            "mailto:nobody",
            "mailto:?to=a@b.c",
            "https://",
            "//a.org",
            "",
        ] {
            assert!(!is_allowed_url(address), "{address:?}");
        }
    }
}
