//! Parsed Rust files, and where each stands in the module tree of its crate.

use std::{collections::BTreeSet, path::Path};

use syn::{Attribute, Item, Meta};

use super::{ProjectFile, Violation};

/// Folders whose Rust files are crates of their own.
const CRATE_FOLDERS: [&str; 5] = ["tests", "examples", "benches", "fuzz_targets", "bin"];

pub struct RustFile {
    pub path: String,
    /// Path of the folder (or file without extension) that holds the crate's root module.
    pub crate_root: String,
    /// Module path within the crate; empty for the root.
    pub module: Vec<String>,
    /// Compiled for tests only.
    pub is_test: bool,
    pub syntax: syn::File,
}

/// Parses every `.rs` file; files that do not parse are returned as violations.
pub fn parse_all(files: &[ProjectFile]) -> (Vec<RustFile>, Vec<Violation>) {
    let paths: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let (mut parsed, mut errors) = (Vec::new(), Vec::new());
    for file in files.iter().filter(|file| file.extension() == "rs") {
        match syn::parse_file(&file.text) {
            Ok(syntax) => {
                let (crate_root, module) = locate(&file.path, &paths);
                let is_test = file.path.split('/').any(|folder| folder == "tests");
                parsed.push(RustFile { path: file.path.clone(), crate_root, module, is_test, syntax });
            }
            Err(error) => {
                let line = error.span().start().line;
                errors.push(format!("{}:{line}: not valid Rust: {error}", file.path));
            }
        }
    }
    mark_test_modules(&mut parsed);
    (parsed, errors)
}

/// The crate's root is the nearest folder with a `lib.rs` or `main.rs`. Files below one of [`CRATE_FOLDERS`] that find
/// none are crates by themselves.
fn locate(path: &str, paths: &BTreeSet<&str>) -> (String, Vec<String>) {
    let stem = path.strip_suffix(".rs").unwrap_or(path);
    let mut folder = stem;
    while let Some((parent, name)) = folder.rsplit_once('/') {
        let has_root = |root: &str| paths.contains(format!("{parent}/{root}.rs").as_str());
        if CRATE_FOLDERS.iter().any(|folder| Path::new(parent).ends_with(folder)) && !has_root("main") {
            return (folder.into(), segments(stem, folder));
        }
        if has_root("lib") || has_root("main") {
            let is_root = folder == stem && (name == "lib" || name == "main");
            return (parent.into(), if is_root { Vec::new() } else { segments(stem, parent) });
        }
        folder = parent;
    }
    (stem.into(), Vec::new())
}

fn segments(stem: &str, root: &str) -> Vec<String> {
    let rest = stem.strip_prefix(root).unwrap_or_default();
    rest.split('/').filter(|segment| !segment.is_empty()).map(Into::into).collect()
}

/// Marks the files of `#[cfg(test)] mod name;`, and of modules below them.
fn mark_test_modules(files: &mut [RustFile]) {
    let mut test_modules = Vec::new();
    for file in &*files {
        for item in &file.syntax.items {
            if let Item::Mod(module) = item
                && module.content.is_none()
                && is_cfg_test(&module.attrs)
            {
                let path = [file.module.as_slice(), &[module.ident.to_string()]].concat();
                test_modules.push((file.crate_root.clone(), path));
            }
        }
    }
    for file in files {
        file.is_test |=
            test_modules.iter().any(|(root, path)| *root == file.crate_root && file.module.starts_with(path));
    }
}

/// Whether the item exists in tests only: `#[cfg(test)]` or `#[cfg(all(test, …))]`.
pub fn is_cfg_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) if list.path.is_ident("cfg") => {
            let condition = list.tokens.to_string().replace(' ', "");
            condition == "test" || condition.starts_with("all(test,")
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::project;

    #[test]
    fn modules_are_located_from_paths() {
        let paths = [
            ("backend/src/lib.rs", "backend/src", ""),
            ("backend/src/store/chats.rs", "backend/src", "store::chats"),
            ("backend/tests/api/main.rs", "backend/tests/api", ""),
            ("backend/tests/api/chats.rs", "backend/tests/api", "chats"),
            ("backend/build.rs", "backend/build", ""),
            ("frontend/src/lib.rs", "frontend/src", ""),
            ("frontend/src/bin/chat.rs", "frontend/src/bin/chat", ""),
            ("fuzz/tests/corpus.rs", "fuzz/tests/corpus", ""),
            ("fuzz/tests/corpus/seeds.rs", "fuzz/tests/corpus", "seeds"),
        ];
        let files: BTreeSet<_> = paths.iter().map(|(path, ..)| *path).collect();
        for (path, crate_root, module) in paths {
            let (root, segments) = locate(path, &files);
            assert_eq!((root.as_str(), segments.join("::").as_str()), (crate_root, module), "{path}");
        }
    }

    #[test]
    fn test_modules_are_recognised() {
        let project = project(&[
            ("a/src/lib.rs", "#[cfg(test)] mod checks; mod real; #[cfg(not(test))] mod live;"),
            ("a/src/checks.rs", ""),
            ("a/src/checks/deep.rs", ""),
            ("a/src/live.rs", ""),
            ("a/src/real.rs", ""),
            ("a/tests/api.rs", ""),
        ]);
        let tests: Vec<_> = project.rust.iter().filter(|file| file.is_test).map(|file| &file.path).collect();
        assert_eq!(tests, ["a/src/checks.rs", "a/src/checks/deep.rs", "a/tests/api.rs"]);
    }
}
