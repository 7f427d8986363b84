//! Functions have at most 40 lines, from the `fn` line to the closing brace.

use super::{Project, Violation, functions};

const MAX_LINES: usize = 40;

pub fn check(project: &Project) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in project.rust.iter().filter(|file| !file.path.ends_with("/schema.rs")) {
        for function in functions::list(file) {
            let lines = function.last_line + 1 - function.first_line;
            if lines > MAX_LINES {
                let (path, line, name) = (&file.path, function.first_line, function.name);
                violations.push(format!("{path}:{line}: `{name}` has {lines} lines, more than {MAX_LINES}"));
            }
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::project;

    fn function(lines: usize) -> String {
        format!("/// Does it.\nfn long() {{{}}}", "\n".repeat(lines - 1))
    }

    #[test]
    fn function_over_40_lines_is_a_violation() {
        let violations = check(&project(&[("a/tests/b.rs", &function(MAX_LINES + 1))]));
        assert_eq!(violations, ["a/tests/b.rs:2: `long` has 41 lines, more than 40"]);
    }

    #[test]
    fn function_of_40_lines_is_allowed() {
        assert!(check(&project(&[("a/src/lib.rs", &function(MAX_LINES))])).is_empty());
        assert!(check(&project(&[("a/src/schema.rs", &function(MAX_LINES + 1))])).is_empty());
    }
}
