//! SECURITY.md: each promise, and what checks it.

use std::collections::BTreeSet;

use super::{File, Offence};

const DOCUMENT: &str = "SECURITY.md";
const PROMISES: &str = "## How it is kept";
const CHECKS: &str = "## What checks it";

/// Those that check something by themselves.
const COMMANDS: [&str; 2] = ["cargo xtask test", "cargo xtask fuzz"];

/// Each promise has something that checks it, which is there.
pub fn are_checked(files: &[File]) -> Vec<Offence> {
    let Some(document) = files.iter().find(|file| file.path == DOCUMENT) else { return Vec::new() };
    let (promises, checks) = (rows(&document.text, PROMISES), rows(&document.text, CHECKS));
    let given: BTreeSet<_> = promises.iter().map(|(name, _)| *name).collect();
    let checked: BTreeSet<_> = checks.iter().map(|(name, _)| *name).collect();
    let differences = given.symmetric_difference(&checked);
    let mut offences: Vec<_> =
        differences.map(|name| format!("{DOCUMENT}: “{name}” is not both promised and checked")).collect();
    for (name, checks) in checks {
        let mut checks = checks.split('`').skip(1).step_by(2).peekable();
        if checks.peek().is_none() {
            offences.push(format!("{DOCUMENT}: nothing checks “{name}”"));
        }
        offences.extend(
            checks
                .filter(|check| !is_there(check, files))
                .map(|check| format!("{DOCUMENT}: {check}, which checks “{name}”, does not exist")),
        );
    }
    offences
}

/// The rows of the table under a heading: what it is about, and the rest.
fn rows<'a>(text: &'a str, heading: &str) -> Vec<(&'a str, &'a str)> {
    let Some((_, section)) = text.split_once(heading) else { return Vec::new() };
    let section = section.split("\n## ").next().unwrap_or_default();
    let cells =
        section.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | "));
    cells.filter(|(name, _)| !name.is_empty()).collect()
}

/// A command, a file, or a test that is not left out.
fn is_there(check: &str, files: &[File]) -> bool {
    if COMMANDS.contains(&check) {
        return true;
    }
    if check.contains('.') {
        return files.iter().any(|file| format!("/{}", file.path).ends_with(&format!("/{check}")));
    }
    let head = format!("fn {check}()");
    files.iter().filter(|file| file.kind() == "rs").any(|file| is_test(&file.text, &head))
}

/// What stands above it says so.
fn is_test(text: &str, head: &str) -> bool {
    let lines: Vec<_> = text.lines().collect();
    let Some(at) = lines.iter().position(|line| line.contains(head)) else { return false };
    let above = lines.iter().take(at).rev().map(|line| line.trim()).take_while(|line| line.starts_with("#["));
    let attributes: Vec<_> = above.collect();
    let is_test = |line: &&str| line.starts_with("#[test]") || line.starts_with("#[tokio::test");
    attributes.iter().any(is_test) && !attributes.iter().any(|line| line.starts_with("#[ignore"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::files;

    fn offences(promises: &str, checks: &str) -> usize {
        let text = format!("{PROMISES}\n{promises}\n\n{CHECKS}\n{checks}\n\n## More\n| other | x |");
        let source = "#[test]\nfn they_are_hashed() {}\n\n#[test]\n#[ignore]\nfn they_are_looked_at() {}\n\nfn a_helper() {}";
        are_checked(&files(&[(DOCUMENT, &text), ("src/a.rs", source), ("e2e/a.test.js", "")])).len()
    }

    #[test]
    fn a_promise_that_nothing_checks_is_an_offence() {
        let promise = "| | |\n|---|---|\n| passwords | hashed |";
        assert_eq!(
            offences(promise, "| passwords | `they_are_hashed`, `a.test.js`, `cargo xtask test` |"),
            0
        );
        assert_eq!(offences(promise, "| passwords | by looking |"), 1);
        assert_eq!(offences(promise, "| passwords | `they_are_salted`, `b.test.js` |"), 2);
        assert_eq!(offences(promise, ""), 1);
        assert_eq!(
            offences(promise, "| passwords | `they_are_looked_at`, `a_helper`, `cargo xtask dance` |"),
            3
        );
        assert_eq!(offences("", "| passwords | `they_are_hashed` |"), 1);
    }
}
