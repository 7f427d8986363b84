//! Every migration can be undone and has a version of its own: of two with the same, one would not run.

use std::collections::HashSet;

use super::{Project, Violation};

pub fn check(project: &Project) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (name, counterpart) in [("up.sql", "down.sql"), ("down.sql", "up.sql")] {
        for file in project.files.iter().filter(|file| file.path.starts_with("migrations/")) {
            let Some(folder) = file.path.strip_suffix(&format!("/{name}")) else { continue };
            if !project.files.iter().any(|other| other.path == format!("{folder}/{counterpart}")) {
                violations.push(format!("{folder}: {counterpart} is missing"));
            }
        }
    }
    let folders = project.files.iter().filter_map(|file| file.path.strip_suffix("/up.sql"));
    let mut versions = HashSet::new();
    for folder in folders.filter(|folder| folder.starts_with("migrations/")) {
        let version = folder.split('_').next().unwrap_or(folder).replace('-', "");
        if !versions.insert(version) {
            violations.push(format!("{folder}: another migration has the same date and time"));
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::project;

    #[test]
    fn migration_without_down_is_a_violation() {
        let violations = check(&project(&[("migrations/1-chats/up.sql", "")]));
        assert_eq!(violations, ["migrations/1-chats: down.sql is missing"]);
        let both = [("migrations/1-chats/up.sql", ""), ("migrations/1-chats/down.sql", "")];
        assert!(check(&project(&both)).is_empty());
    }

    #[test]
    fn version_used_twice_is_a_violation() {
        let files = ["2026-01-01-000000_chats", "20260101000000_members"]
            .map(|name| ["up.sql", "down.sql"].map(|file| format!("migrations/{name}/{file}")));
        let files: Vec<_> = files.iter().flatten().map(|path| (path.as_str(), "")).collect();
        let violations = check(&project(&files));
        assert_eq!(
            violations,
            ["migrations/20260101000000_members: another migration has the same date and time"]
        );
    }
}
