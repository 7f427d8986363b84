//! Finding the links in a text, and telling where they may lead.

const MAILTO: &str = "mailto:";

/// A part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// No link.
    Text(&'a str),
    /// An address of `http` or `https`.
    Link(&'a str),
}

/// Cuts a text at its http and https links. The pieces joined are the text.
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let (mut pieces, mut told, mut from) = (Vec::new(), 0, 0);
    while let Some(start) = next_scheme(text, from) {
        let (before, tail) = text.split_at(start);
        let length = if before.ends_with(char::is_alphanumeric) { 0 } else { link_length(tail) };
        if length == 0 {
            from = start + 1;
            continue;
        }
        pieces.extend(before.get(told..).filter(|text| !text.is_empty()).map(Piece::Text));
        pieces.extend(tail.get(..length).map(Piece::Link));
        (told, from) = (start + length, start + length);
    }
    pieces.extend(text.get(told..).filter(|text| !text.is_empty()).map(Piece::Text));
    pieces
}

/// Where the next scheme begins, from there on.
fn next_scheme(text: &str, from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    let starts = rest.match_indices(['h', 'H']).map(|(at, _)| from + at);
    starts.into_iter().find(|at| scheme(text, *at).is_some())
}

/// The length of the scheme that begins at `at`.
fn scheme(text: &str, at: usize) -> Option<usize> {
    let has = |prefix: &str| {
        text.get(at..at + prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    ["https://", "http://"].into_iter().find(|prefix| has(prefix)).map(str::len)
}

/// How much of `text`, which begins with a scheme, is the link; nothing if no host follows.
fn link_length(text: &str) -> usize {
    let scheme = scheme(text, 0).unwrap_or_default();
    let ends = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '`');
    let mut link = until_stray_bracket(text.split(ends).next().unwrap_or_default());
    // The point after a link ends the sentence, and a bracket that was opened before it is not part of it.
    let count = |bracket| link.matches(bracket).count();
    let (round, square) = (count('('), count('['));
    let (mut round_ends, mut square_ends) = (count(')'), count(']'));
    while let Some(last) = link.chars().next_back() {
        let closes = match last {
            ')' => round_ends > round,
            ']' => square_ends > square,
            _ => matches!(
                last,
                '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' | '…' | '。' | '，' | '”' | '’'
            ),
        };
        if !closes {
            break;
        }
        round_ends -= usize::from(last == ')');
        square_ends -= usize::from(last == ']');
        link = link.strip_suffix(last).unwrap_or_default();
    }
    let host =
        link.get(scheme..).is_some_and(|host| host.starts_with(|c: char| c.is_alphanumeric() || c == '['));
    if host { link.len() } else { 0 }
}

/// No address has a `]` but after a `[`: in `[https://a.org](https://b.org)` are two.
fn until_stray_bracket(link: &str) -> &str {
    let mut open = 0_usize;
    let stray = link.find(|c| match c {
        '[' => {
            open += 1;
            false
        }
        ']' => open.checked_sub(1).map(|left| open = left).is_none(),
        _ => false,
    });
    stray.and_then(|at| link.get(..at)).unwrap_or(link)
}

/// Whether a link may lead there: to a page or a letter, and as it is written. A browser passes over blanks and control
/// characters and so could see another scheme than is seen here.
pub fn may_lead_to(address: &str) -> bool {
    let odd = |c: char| c.is_whitespace() || c.is_control();
    !address.contains(odd) && (is_page(address) || is_letter(address))
}

fn is_page(address: &str) -> bool {
    scheme(address, 0).is_some() && link_length(address) > 0
}

/// To whoever it names, and nobody besides.
fn is_letter(address: &str) -> bool {
    let Some((scheme, letter)) = address.split_at_checked(MAILTO.len()) else { return false };
    let (to, more) = letter.split_once('?').unwrap_or((letter, ""));
    let is_harmless = |field: &str| {
        let name = field.split('=').next().unwrap_or_default();
        ["", "subject", "body"].iter().any(|known| name.eq_ignore_ascii_case(known))
    };
    scheme.eq_ignore_ascii_case(MAILTO) && to.contains('@') && more.split('&').all(is_harmless)
}

/// Who is behind an address: the host of a page, the receiver of a letter.
pub fn host(address: &str) -> &str {
    let Some(scheme) = scheme(address, 0) else {
        return address.get(MAILTO.len()..).and_then(|to| to.split('?').next()).unwrap_or_default();
    };
    let authority = address.get(scheme..).and_then(|rest| rest.split(['/', '?', '#', '\\']).next());
    // A name before the host is for the server, and a favourite disguise.
    authority.and_then(|authority| authority.rsplit('@').next()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Piece::*, *};

    #[test]
    fn links_are_found_and_the_text_around_them_stays() {
        assert_eq!(
            pieces("see https://example.org/a?b=c#d, or HTTP://x.org."),
            [
                Text("see "),
                Link("https://example.org/a?b=c#d"),
                Text(", or "),
                Link("HTTP://x.org"),
                Text("."),
            ]
        );
        assert_eq!(pieces("no link\nhere"), [Text("no link\nhere")]);
        assert_eq!(pieces(""), []);
    }

    #[test]
    fn brackets_belong_to_a_link_only_in_pairs() {
        assert_eq!(pieces("(https://x.org/a)"), [Text("("), Link("https://x.org/a"), Text(")")]);
        assert_eq!(pieces("https://x.org/a_(b)"), [Link("https://x.org/a_(b)")]);
        assert_eq!(
            pieces("[https://x.org](http://[::1]:80/)"),
            [Text("["), Link("https://x.org"), Text("]("), Link("http://[::1]:80/"), Text(")")]
        );
    }

    #[test]
    fn nothing_but_http_becomes_a_link() {
        for text in [
            "javascript:alert(1)",
            "data:text/html,x",
            "https://",
            "http:// x",
            "xhttps://a.org",
            "ftp://a.org",
        ] {
            assert_eq!(pieces(text), [Text(text)]);
        }
    }

    #[test]
    fn the_pieces_joined_are_the_text() {
        for text in [
            "ähttps://é.org/ü…",
            "h",
            "http://a.org!!! http://b.org)))",
            "👩‍👩‍👧 https://x.org/👍 end",
            "hhttp://",
        ] {
            let joined: String = pieces(text)
                .iter()
                .map(|p| match p {
                    Text(t) | Link(t) => *t,
                })
                .collect();
            assert_eq!(joined, text);
        }
    }

    #[test]
    fn a_link_says_who_is_behind_it() {
        for (address, expected) in [
            ("https://example.org/a@b", "example.org"),
            ("HTTP://bank.example@evil.example", "evil.example"),
            ("https://evil.example\\@bank.example", "evil.example"),
            ("https://evil.example:8080?@bank.example", "evil.example:8080"),
            ("http://[::1]:80/", "[::1]:80"),
            ("mailto:ada@example.org?subject=tea&body=at%20four", "ada@example.org"),
        ] {
            assert!(may_lead_to(address), "{address}");
            assert_eq!(host(address), expected);
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
            assert!(!may_lead_to(address), "{address:?}");
        }
    }
}
