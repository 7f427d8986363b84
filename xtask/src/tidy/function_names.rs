//! Names of functions: a verb rather than a bare preposition; short names for tests.

use super::{
    Project, Violation,
    functions::{self, FunctionKind},
};

/// Prepositions that say nothing when they are the whole name of a function. Keywords come with their trailing `_`.
const PREPOSITIONS: [&str; 45] = [
    "about", "above", "across", "after", "against", "along", "among", "around", "as_", "at", "before",
    "behind", "below", "beneath", "beside", "besides", "between", "beyond", "by", "for", "for_", "from",
    "in", "in_", "inside", "into", "near", "of", "off", "on", "onto", "out", "outside", "over", "per",
    "since", "through", "to", "towards", "under", "until", "upon", "with", "within", "without",
];

const TEST_NAME_MAX: usize = 50;

pub fn check_prepositions(project: &Project) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in &project.rust {
        for function in functions::list(file) {
            let is_own = matches!(function.kind, FunctionKind::Free | FunctionKind::Inherent);
            if is_own && function.is_public && PREPOSITIONS.contains(&function.name.as_str()) {
                let (path, line, name) = (&file.path, function.first_line, function.name);
                violations.push(format!("{path}:{line}: `{name}` is a bare preposition; name the action"));
            }
        }
    }
    violations
}

pub fn check_test_names(project: &Project) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in &project.rust {
        for function in functions::list(file).into_iter().filter(|function| function.attributes.is_test) {
            let length = function.name.chars().count();
            if length > TEST_NAME_MAX {
                let (path, line, name) = (&file.path, function.first_line, function.name);
                violations.push(format!(
                    "{path}:{line}: test name of {length} characters, more than {TEST_NAME_MAX}: {name}"
                ));
            }
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::project;

    #[test]
    fn public_function_named_by_preposition_is_caught() {
        for source in ["pub fn of() {}", "impl A { pub(crate) async fn with(&self) {} }", "pub fn r#in() {}"]
        {
            assert_eq!(check_prepositions(&project(&[("a/src/lib.rs", source)])).len(), 1, "{source}");
        }
    }

    #[test]
    fn private_functions_and_trait_impls_may_be() {
        for source in ["fn of() {}", "impl From<B> for A { fn from(b: B) -> A {} }", "pub fn of_user() {}"] {
            assert!(check_prepositions(&project(&[("a/src/lib.rs", source)])).is_empty(), "{source}");
        }
    }

    #[test]
    fn test_name_over_50_characters_is_caught() {
        let (longest, longer) = ("a".repeat(TEST_NAME_MAX), "a".repeat(TEST_NAME_MAX + 1));
        let source =
            |name: &str| format!("#[actix_web::test]\nasync fn {name}() {{}}\nfn no_test_{name}() {{}}");
        assert!(check_test_names(&project(&[("a/tests/b.rs", &source(&longest))])).is_empty());
        let violations = check_test_names(&project(&[("a/tests/b.rs", &source(&longer))]));
        assert_eq!(
            violations,
            [format!("a/tests/b.rs:2: test name of 51 characters, more than 50: {longer}")]
        );
    }
}
