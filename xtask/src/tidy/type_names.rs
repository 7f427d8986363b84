//! No two public types of the workspace have one name.

use std::collections::BTreeMap;

use proc_macro2::Ident;
use syn::{Item, Visibility};

use super::{
    Project, Violation,
    rust_file::{RustFile, is_cfg_test},
};

/// Public is `pub` and `pub(crate)`. Types of tests do not count.
pub fn check(project: &Project) -> Vec<Violation> {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in project.rust.iter().filter(|file| !file.is_test) {
        collect(&file.syntax.items, file, &mut places);
    }
    let repeated = places.into_iter().filter(|(_, places)| places.len() > 1);
    repeated.map(|(name, places)| format!("`{name}`: {}", places.join(", "))).collect()
}

fn collect(items: &[Item], file: &RustFile, places: &mut BTreeMap<String, Vec<String>>) {
    for item in items {
        if let Item::Mod(module) = item
            && let Some((_, items)) = &module.content
            && !is_cfg_test(&module.attrs)
        {
            collect(items, file, places);
        }
        if let Some(name) = public_type(item) {
            let line = name.span().start().line;
            places.entry(name.to_string()).or_default().push(format!("{}:{line}", file.path));
        }
    }
}

fn public_type(item: &Item) -> Option<&Ident> {
    let (visibility, attributes, name) = match item {
        Item::Struct(item) => (&item.vis, &item.attrs, &item.ident),
        Item::Enum(item) => (&item.vis, &item.attrs, &item.ident),
        Item::Trait(item) => (&item.vis, &item.attrs, &item.ident),
        Item::Type(item) => (&item.vis, &item.attrs, &item.ident),
        Item::Union(item) => (&item.vis, &item.attrs, &item.ident),
        _ => return None,
    };
    let is_public = match visibility {
        Visibility::Public(_) => true,
        Visibility::Restricted(restricted) => restricted.path.is_ident("crate"),
        Visibility::Inherited => false,
    };
    (is_public && !is_cfg_test(attributes)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::project;

    #[test]
    fn public_type_defined_twice_is_a_violation() {
        let violations = check(&project(&[
            ("a/src/lib.rs", "pub struct Session;\nmod inner { pub enum Role {} }"),
            ("b/src/main.rs", "\npub(crate) enum Session {}\npub trait Role {}"),
        ]));
        assert_eq!(
            violations,
            ["`Role`: a/src/lib.rs:2, b/src/main.rs:3", "`Session`: a/src/lib.rs:1, b/src/main.rs:2"]
        );
    }

    #[test]
    fn private_types_and_types_of_tests_may_repeat() {
        let violations = check(&project(&[
            ("a/src/lib.rs", "pub struct Session;\n#[cfg(test)] mod tests { pub struct Session; }"),
            ("b/src/main.rs", "struct Session;\nmod c { pub(super) struct Session; }"),
            ("a/tests/support.rs", "pub struct Session;"),
        ]));
        assert_eq!(violations, [""; 0]);
    }
}
