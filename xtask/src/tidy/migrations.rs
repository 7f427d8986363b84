//! Every migration can be undone.

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
}
