//! SECURITY.md: every claim has a check, and every check exists.

use std::collections::BTreeSet;

use super::{Project, Violation, functions};

const DOCUMENT: &str = "SECURITY.md";
const CLAIMS: &str = "## Measures";
const CHECKS: &str = "## Tests";
/// What users can make the server store or hold; the last column has the tests.
const CAUSES: &str = "## What users can cause";

/// Commands that count as checks.
const COMMANDS: [&str; 2] = ["cargo xtask test", "cargo xtask fuzz"];

pub fn check(project: &Project) -> Vec<Violation> {
    let Some(document) = project.files.iter().find(|file| file.path == DOCUMENT) else { return Vec::new() };
    let (Some(claims), Some(checks)) = (rows(&document.text, CLAIMS), rows(&document.text, CHECKS)) else {
        return vec![format!("{DOCUMENT}: needs a table below `{CLAIMS}` and one below `{CHECKS}`")];
    };
    let claimed: BTreeSet<_> = claims.iter().map(|(name, _)| *name).collect();
    let checked: BTreeSet<_> = checks.iter().map(|(name, _)| *name).collect();
    let mut violations: Vec<_> = claimed
        .symmetric_difference(&checked)
        .map(|name| format!("{DOCUMENT}: `{name}` is not in both tables"))
        .collect();
    let tests = test_names(project);
    for (name, checks) in checks {
        let mut checks = checks.split('`').skip(1).step_by(2).peekable();
        if checks.peek().is_none() {
            violations.push(format!("{DOCUMENT}: no check for `{name}`"));
        }
        let missing = checks.filter(|check| !exists(check, project, &tests));
        violations.extend(
            missing.map(|check| format!("{DOCUMENT}: {check}, which checks `{name}`, does not exist")),
        );
    }
    for (name, row) in rows(&document.text, CAUSES).unwrap_or_default() {
        let checks = row.rsplit(" | ").next().unwrap_or_default();
        let missing = checks.split('`').skip(1).step_by(2).filter(|check| !tests.contains(*check));
        violations
            .extend(missing.map(|check| format!("{DOCUMENT}: the test {check} of `{name}` does not exist")));
        if !checks.contains('`') {
            violations.push(format!("{DOCUMENT}: no test for `{name}`"));
        }
    }
    violations
}

/// The rows of the table below a heading, without its head: the name, and the rest.
fn rows<'a>(text: &'a str, heading: &str) -> Option<Vec<(&'a str, &'a str)>> {
    let (_, section) = text.split_once(&format!("{heading}\n"))?;
    let section = section.split("\n## ").next().unwrap_or_default();
    let body = section.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
    Some(body.filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | ")).collect())
}

/// A command, a file, or a test that is not ignored.
fn exists(check: &str, project: &Project, tests: &BTreeSet<String>) -> bool {
    if COMMANDS.contains(&check) {
        return true;
    }
    if check.contains('.') {
        return project.files.iter().any(|file| format!("/{}", file.path).ends_with(&format!("/{check}")));
    }
    tests.contains(check)
}

fn test_names(project: &Project) -> BTreeSet<String> {
    let functions = project.rust.iter().flat_map(functions::list);
    functions
        .filter(|function| function.attributes.is_test && !function.attributes.is_ignored)
        .map(|function| function.name)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::project;

    fn violations(claims: &str, checks: &str) -> usize {
        let table = |rows| format!("| Measure | Rule |\n|---|---|\n{rows}\n");
        let text =
            format!("{CLAIMS}\n{}\n{CHECKS}\n{}\n## More\n| other | x |", table(claims), table(checks));
        let source = "#[test]\nfn passwords_are_hashed() {}\n\n#[test]\n#[ignore]\nfn slow_test() {}\n\nfn a_helper() {}";
        check(&project(&[(DOCUMENT, &text), ("src/a.rs", source), ("e2e/a.test.js", "")])).len()
    }

    #[test]
    fn claim_without_check_is_a_violation() {
        let claim = "| passwords | hashed |";
        for (expected, checks) in [
            (0, "| passwords | `passwords_are_hashed`, `a.test.js`, `cargo xtask test` |"),
            (1, "| passwords | by review |"),
            (2, "| passwords | `passwords_are_salted`, `b.test.js` |"),
            (1, ""),
            (3, "| passwords | `slow_test`, `a_helper`, `cargo xtask dance` |"),
        ] {
            assert_eq!(violations(claim, checks), expected, "{checks}");
        }
        assert_eq!(violations("", "| passwords | `passwords_are_hashed` |"), 1);
    }

    #[test]
    fn cause_without_test_is_a_violation() {
        let tables = [CLAIMS, CHECKS].map(|heading| format!("{heading}\n| a | b |\n|---|---|\n")).join("\n");
        let source = "#[test]\nfn limit_is_ten() {}";
        for (expected, checks) in [(0, "`limit_is_ten`"), (1, "`limit_is_two`"), (1, "by review")] {
            let text =
                format!("{tables}\n{CAUSES}\n| a | b | c |\n|---|---|---|\n| rows | `x` | {checks} |\n");
            let found = check(&project(&[(DOCUMENT, &text), ("src/a.rs", source)]));
            assert_eq!(found.len(), expected, "{found:?}");
        }
    }

    #[test]
    fn document_without_the_tables_is_a_violation() {
        assert_eq!(check(&project(&[(DOCUMENT, "# Security\n")])).len(), 1);
    }
}
