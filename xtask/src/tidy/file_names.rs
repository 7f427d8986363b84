//! Names of files and folders say what is inside.

use super::{Project, Violation};

/// Names that say nothing about the content.
const VAGUE: [&str; 8] = ["util", "utils", "helper", "helpers", "manager", "managers", "service", "services"];

pub fn check(project: &Project) -> Vec<Violation> {
    project.files.iter().filter_map(|file| violation(&file.path)).collect()
}

fn violation(path: &str) -> Option<Violation> {
    if path.ends_with("/mod.rs") {
        return Some(format!("{path}: write foo.rs beside foo/ instead of foo/mod.rs"));
    }
    let stems = path.split('/').map(|part| part.split('.').next().unwrap_or_default());
    let vague = stems
        .map(|stem| stem.rsplit(['_', '-']).next().unwrap_or_default())
        .find(|last| VAGUE.contains(last))?;
    Some(format!("{path}: `{vague}` does not say what is inside"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::project;

    #[test]
    fn vague_names_are_violations() {
        for path in [
            "backend/src/store/mod.rs",
            "frontend/src/utils.rs",
            "e2e/test-helpers.js",
            "backend/src/manager/chat.rs",
        ] {
            assert_eq!(check(&project(&[(path, "")])).len(), 1, "{path}");
        }
        for path in ["backend/src/store.rs", "frontend/service_worker.js", "frontend/src/model.rs"] {
            assert!(check(&project(&[(path, "")])).is_empty(), "{path}");
        }
    }
}
