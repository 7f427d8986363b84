//! Reads Rust just well enough to know which paths it names.

use super::{File, Offence};

/// Markup comes from view nodes alone, never from text.
pub fn no_raw_html(files: &[File]) -> Vec<Offence> {
    let spellings = ["inner_html", "innerHTML", "outer_html", "insert_adjacent_html"];
    let client = files.iter().filter(|file| file.path.starts_with("frontend/"));
    client
        .filter(|file| spellings.iter().any(|spelling| without_comments(&file.text).contains(spelling)))
        .map(|file| format!("{}: markup made from text", file.path))
        .collect()
}

/// Every path that the code names, in `use` and elsewhere, as `a::b::c`.
pub fn paths(source: &str) -> Vec<String> {
    let mut paths = Vec::new();
    let tokens = tokens(&without_comments(source));
    let mut rest = tokens.as_slice();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if is_name(first) {
            rest = path(first.clone(), tail, &mut paths);
        }
    }
    paths
}

/// Reads on from the beginning of a path; of `a::{b, c}` it makes `a::b` and `a::c`.
fn path<'a>(begun: String, rest: &'a [String], paths: &mut Vec<String>) -> &'a [String] {
    match rest {
        [colons, name, tail @ ..] if colons == "::" && (is_name(name) || name == "*") => {
            path(format!("{begun}::{name}"), tail, paths)
        }
        [colons, brace, tail @ ..] if colons == "::" && brace == "{" => group(&begun, tail, paths),
        _ => {
            paths.push(begun);
            rest
        }
    }
}

fn group<'a>(begun: &str, mut rest: &'a [String], paths: &mut Vec<String>) -> &'a [String] {
    while let [first, tail @ ..] = rest {
        rest = if first == "}" {
            return tail;
        } else if is_name(first) {
            path(format!("{begun}::{first}"), tail, paths)
        } else {
            tail
        };
    }
    rest
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Names whole, `::` whole, everything else by the character.
fn tokens(code: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut joined = false;
    for c in code.chars() {
        let word = c.is_alphanumeric() || c == '_';
        match tokens.last_mut() {
            Some(last) if joined && ((word && is_word(last)) || (c == ':' && last == ":")) => last.push(c),
            _ if c.is_whitespace() => {}
            _ => tokens.push(c.into()),
        }
        joined = !c.is_whitespace();
    }
    tokens
}

fn is_word(token: &str) -> bool {
    token.chars().all(|c| c.is_alphanumeric() || c == '_')
}

fn without_comments(source: &str) -> String {
    let code = |line: &str| line.split_once("//").map_or(line, |(code, _)| code).to_owned();
    source.lines().map(code).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::files;

    #[test]
    fn paths_are_read_out_of_groups_and_expressions() {
        let source = "use std::{env, fs::{self, File}};\nuse crate::hub as ear; // std::net\n\
                      fn f() { let x = a::b::<T>(y) + gloo_net::http::Request::get(1); }";
        let paths = paths(source);
        for expected in [
            "std::env",
            "std::fs::self",
            "std::fs::File",
            "crate::hub",
            "a::b",
            "gloo_net::http::Request::get",
        ] {
            assert!(paths.iter().any(|path| path == expected), "{expected} is not in {paths:?}");
        }
        assert!(!paths.iter().any(|path| path.starts_with("std::net")));
    }

    #[test]
    fn markup_made_from_text_is_caught() {
        let told = files(&[("frontend/src/chat.rs", "// never inner_html\nview! { <p>{text}</p> }")]);
        assert!(no_raw_html(&told).is_empty());
        let done = files(&[("frontend/src/chat.rs", "view! { <p inner_html=text/> }")]);
        assert_eq!(no_raw_html(&done), ["frontend/src/chat.rs: markup made from text"]);
    }
}
