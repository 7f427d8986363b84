//! The client makes markup from view nodes alone, never from text.

use proc_macro2::{TokenStream, TokenTree};

use super::{Project, ProjectFile, Violation};

const SPELLINGS: [&str; 4] = ["inner_html", "innerHTML", "outer_html", "insert_adjacent_html"];

pub fn check(project: &Project) -> Vec<Violation> {
    let client = project.files.iter().filter(|file| file.path.starts_with("frontend/"));
    client
        .filter(|file| has_raw_html(file))
        .map(|file| format!("{}: markup made from text", file.path))
        .collect()
}

fn has_raw_html(file: &ProjectFile) -> bool {
    let names_it = |text: &str| SPELLINGS.iter().any(|spelling| text.contains(spelling));
    if file.extension() == "rs" {
        // Files that are not valid Rust are violations by themselves.
        return file.text.parse().is_ok_and(|tokens| has_token(tokens, &names_it));
    }
    let code = |line: &str| line.split_once("//").map_or(line, |(code, _)| code).to_owned();
    file.text.lines().map(code).any(|line| names_it(&line))
}

/// Comments are no tokens, except documentation, which is a `#[doc = "…"]`.
fn has_token(tokens: TokenStream, names_it: &impl Fn(&str) -> bool) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => {
            let is_doc = group.stream().into_iter().next().is_some_and(|first| first.to_string() == "doc");
            !is_doc && has_token(group.stream(), names_it)
        }
        other => names_it(&other.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::project;

    #[test]
    fn markup_made_from_text_is_a_violation() {
        for (path, text) in [
            ("frontend/src/chat.rs", "fn f() { view! { <p inner_html=text/> } }"),
            ("frontend/src/chat.rs", "fn f() { Reflect::set(&node, \"innerHTML\", text); }"),
            ("frontend/start.js", "node.innerHTML = text;"),
        ] {
            assert_eq!(
                check(&project(&[(path, text)])),
                [format!("{path}: markup made from text")],
                "{text}"
            );
        }
    }

    #[test]
    fn comments_may_mention_it() {
        let source = "//! Never inner_html.\n// Nor innerHTML.\nfn f() { view! { <p>{text}</p> } }";
        let script = "start(); // no innerHTML";
        assert!(
            check(&project(&[("frontend/src/chat.rs", source), ("frontend/start.js", script)])).is_empty()
        );
    }
}
