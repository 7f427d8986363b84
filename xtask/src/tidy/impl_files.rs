//! The inherent `impl` blocks of one type stand in at most two files.

use std::collections::{BTreeMap, BTreeSet};

use super::{Project, Violation};

const MAX_FILES: usize = 2;

pub fn check(project: &Project) -> Vec<Violation> {
    let mut files: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
    for block in &project.inherent_impls {
        let of_type = (&block.crate_root, &block.of_type);
        files.entry(of_type).or_default().insert(&block.file);
    }
    let scattered = files.into_iter().filter(|(_, files)| files.len() > MAX_FILES);
    scattered
        .map(|((crate_root, path), files)| {
            let (name, files) = (path.join("::"), files.into_iter().collect::<Vec<_>>());
            format!("{crate_root}: `{name}` has impl blocks in {} files: {}", files.len(), files.join(", "))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::project;

    const HUB: (&str, &str) =
        ("a/src/hub.rs", "mod send; mod join; mod leave; pub struct Hub; impl Hub {} impl Hub {}");
    const SEND: (&str, &str) = ("a/src/hub/send.rs", "use super::Hub; impl Hub {}");

    #[test]
    fn impls_in_three_files_are_a_violation() {
        let join = ("a/src/hub/join.rs", "impl super::Hub {}");
        let violations = check(&project(&[("a/src/lib.rs", "mod hub;"), HUB, SEND, join]));
        let expected = "a/src: `hub::Hub` has impl blocks in 3 files: a/src/hub.rs, a/src/hub/join.rs, a/src/hub/send.rs";
        assert_eq!(violations, [expected]);
    }

    #[test]
    fn two_files_and_trait_impls_are_allowed() {
        let by_trait = ("a/src/hub/join.rs", "use super::Hub; impl Drop for Hub {}");
        let namesake = ("a/src/hub/leave.rs", "struct Hub; impl Hub {}");
        assert_eq!(check(&project(&[("a/src/lib.rs", "mod hub;"), HUB, SEND, by_trait, namesake])), [""; 0]);
    }
}
