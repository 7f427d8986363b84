//! Texts of the search for messages.

use shared::problem::{FieldCode, Problem};

use super::errors;

pub const SEARCH_MESSAGES: &str = "Search messages";
pub const MESSAGES: &str = super::MESSAGES;
pub const HINT: &str = "Find words, “exact phrases”, from:name, mentions:me, before:2026-12-24, after:2026-11-01, has:link, has:file or has:image.";
pub const SEARCHING: &str = "Searching…";
pub const NOTHING_FOUND: &str = "No messages found.";
pub const NOTHING_FOUND_YET: &str = "Nothing found in the newer messages.";
pub const INCOMPLETE: &str = "Some messages could not be searched.";
pub const SHOW_MORE: &str = "Show more";

/// No problem: the server could not be reached.
pub fn error(problem: Option<&Problem>) -> String {
    let code = problem.and_then(|problem| problem.errors.first()).map(|error| error.code);
    let text = match code {
        Some(FieldCode::NotADate) => "Write dates like before:2026-12-24.",
        Some(FieldCode::InvalidFilter) => {
            "Use from:name, mentions:me, before:2026-12-24, after:2026-11-01, has:link, has:file or has:image."
        }
        Some(FieldCode::Blank) => "Enter a word to search for.",
        Some(FieldCode::TooLong) => "This is too long. Search for fewer words.",
        _ => return errors::for_request(problem),
    };
    text.to_owned()
}

/// Whether the same search may succeed later.
pub fn is_temporary(problem: Option<&Problem>) -> bool {
    problem.is_none_or(|problem| problem.code.is_transient())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_filter_says_what_to_write() {
        let problem = |code: &str| -> Problem {
            let json = format!(
                r#"{{"type":"about:blank","title":"","status":400,"detail":"","code":"invalid",
                    "errors":[{{"field":"q","code":"{code}","detail":""}}]}}"#
            );
            serde_json::from_str(&json).unwrap()
        };
        assert!(error(Some(&problem("not_a_date"))).contains("before:2026-"));
        assert!(error(Some(&problem("invalid_filter"))).contains("has:link"));
        assert!(!is_temporary(Some(&problem("not_a_date"))) && is_temporary(None));
    }
}
