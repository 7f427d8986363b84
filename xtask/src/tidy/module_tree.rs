//! The modules of every crate, with the names that each defines and imports; resolves paths to where they lead.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    references::{EXTERNAL, Import, ModulePath, RawPath, read},
    rust_file::RustFile,
};

/// Re-exports are followed this far.
const DEPTH_MAX: usize = 16;

/// The root of a crate, and the path of a module within it.
type ModuleKey = (String, ModulePath);

#[derive(Default)]
struct Module {
    /// Names that the module defines, except modules.
    items: BTreeSet<String>,
    /// Imported names, and the path of each as written.
    imports: BTreeMap<String, ModulePath>,
    /// Paths of glob imports, as written.
    globs: Vec<ModulePath>,
}

/// A path that a file names, resolved.
pub struct Reference {
    /// Path of the file.
    pub file: String,
    pub crate_root: String,
    pub line: usize,
    pub in_tests: bool,
    /// The module in which the path stands.
    pub from: ModulePath,
    /// Begins with `crate` or the name of another crate.
    pub path: ModulePath,
    /// The modules of the same crate that the path leads to: the one it names, and the one that defines the name if that
    /// is a re-export.
    pub targets: Vec<ModulePath>,
}

/// An `impl Type { … }` outside tests.
pub struct InherentImpl {
    /// Path of the file.
    pub file: String,
    pub crate_root: String,
    /// The module that defines the type, and its name.
    pub of_type: ModulePath,
}

#[derive(Default)]
pub struct ModuleTree<'a> {
    modules: BTreeMap<ModuleKey, Module>,
    paths: Vec<(&'a RustFile, RawPath)>,
    impls: Vec<(&'a RustFile, RawPath)>,
}

impl<'a> ModuleTree<'a> {
    pub fn build(files: &'a [RustFile]) -> Self {
        let mut tree = Self::default();
        for file in files {
            let content = read(file);
            tree.module(file, file.module.clone());
            for (module, name) in content.items {
                tree.module(file, module).items.insert(name);
            }
            for (module, import) in content.imports {
                let module = tree.module(file, module);
                match import {
                    Import::Name(name, path) => drop(module.imports.insert(name, path)),
                    Import::Glob(path) => module.globs.push(path),
                }
            }
            tree.paths.extend(content.paths.into_iter().map(|path| (file, path)));
            tree.impls.extend(content.inherent_impls.into_iter().map(|path| (file, path)));
        }
        tree
    }

    /// Every path of two segments or more that the project's Rust files name.
    pub fn references(&self) -> Vec<Reference> {
        let resolve = |(file, raw): &(&'a RustFile, RawPath)| {
            let path = self.absolute(&file.crate_root, &raw.module, &raw.segments, 0);
            Reference {
                file: file.path.clone(),
                crate_root: file.crate_root.clone(),
                line: raw.line,
                in_tests: raw.in_tests,
                from: raw.module.clone(),
                targets: self.targets(&file.crate_root, &path),
                path,
            }
        };
        self.paths.iter().map(resolve).collect()
    }

    pub fn inherent_impls(&self) -> Vec<InherentImpl> {
        let resolve = |(file, raw): &(&'a RustFile, RawPath)| {
            let path = self.absolute(&file.crate_root, &raw.module, &raw.segments, 0);
            let module = self.targets(&file.crate_root, &path).pop().unwrap_or_default();
            let name = path.last().cloned();
            InherentImpl {
                file: file.path.clone(),
                crate_root: file.crate_root.clone(),
                of_type: module.into_iter().chain(name).collect(),
            }
        };
        self.impls.iter().filter(|(_, raw)| !raw.in_tests).map(resolve).collect()
    }

    fn module(&mut self, file: &RustFile, path: ModulePath) -> &mut Module {
        self.modules.entry((file.crate_root.clone(), path)).or_default()
    }

    fn get(&self, root: &str, path: &[String]) -> Option<&Module> {
        self.modules.get(&(root.into(), path.to_vec()))
    }

    /// The path from the root of the crate, or from the name of another crate.
    fn absolute(&self, root: &str, at: &[String], path: &[String], depth: usize) -> ModulePath {
        let Some((first, rest)) = path.split_first() else { return Vec::new() };
        match first.as_str() {
            EXTERNAL => rest.to_vec(),
            "crate" => path.to_vec(),
            "self" => within_crate(at, rest),
            "super" => {
                let ups = path.iter().take_while(|segment| *segment == "super").count();
                let parent = at.get(..at.len().saturating_sub(ups)).unwrap_or_default();
                within_crate(parent, path.get(ups..).unwrap_or_default())
            }
            _ if depth > DEPTH_MAX || first == "Self" => path.to_vec(),
            _ => self.resolve_name(root, at, first, depth).map_or_else(
                || path.to_vec(),
                |start| start.into_iter().chain(rest.iter().cloned()).collect(),
            ),
        }
    }

    /// What a name stands for in a module: an item or a child, an imported name, or a name of a glob import.
    fn resolve_name(&self, root: &str, at: &[String], name: &String, depth: usize) -> Option<ModulePath> {
        let module = self.get(root, at)?;
        let own = [at, std::slice::from_ref(name)].concat();
        if module.items.contains(name) || self.get(root, &own).is_some() {
            return Some(within_crate(&own, &[]));
        }
        if let Some(target) = module.imports.get(name) {
            // In `use anyhow::anyhow` the first is the crate.
            let is_crate = target.first() == Some(name);
            return Some(if is_crate { target.clone() } else { self.absolute(root, at, target, depth + 1) });
        }
        module.globs.iter().find_map(|glob| {
            let path = self.absolute(root, at, glob, depth + 1);
            let ("crate", target) = path.split_first().map(|(first, rest)| (first.as_str(), rest))? else {
                return None;
            };
            if depth > DEPTH_MAX { None } else { self.resolve_name(root, target, name, depth + 1) }
        })
    }

    fn targets(&self, root: &str, path: &[String]) -> Vec<ModulePath> {
        let mut targets: Vec<ModulePath> = Vec::new();
        let mut path = path.to_vec();
        for _ in 0..DEPTH_MAX {
            let Some(("crate", inner)) = path.split_first().map(|(first, rest)| (first.as_str(), rest))
            else {
                break;
            };
            let (module, rest) = self.split_at_module(root, inner);
            if !targets.iter().any(|target| target == module) {
                targets.push(module.to_vec());
            }
            let Some((name, rest)) = rest.split_first() else { break };
            let Some(start) = self.resolve_name(root, module, name, 0) else { break };
            let next: ModulePath = start.into_iter().chain(rest.iter().cloned()).collect();
            if next == path {
                break;
            }
            path = next;
        }
        targets
    }

    /// The longest prefix that is a module, and what follows it.
    fn split_at_module<'p>(&self, root: &str, path: &'p [String]) -> (&'p [String], &'p [String]) {
        let longest = (1..=path.len())
            .rev()
            .find(|length| path.get(..*length).is_some_and(|prefix| self.get(root, prefix).is_some()));
        path.split_at(longest.unwrap_or(0))
    }
}

fn within_crate(module: &[String], rest: &[String]) -> ModulePath {
    [&["crate".into()], module, rest].concat()
}

#[cfg(test)]
mod tests {
    use crate::tidy::project;

    /// `path → module, module` for every path of the file.
    fn resolved(files: &[(&str, &str)], file: &str) -> Vec<String> {
        let project = project(files);
        let of_file = project.references.iter().filter(|reference| reference.file == file);
        of_file
            .map(|reference| {
                let targets: Vec<_> = reference.targets.iter().map(|target| target.join("::")).collect();
                format!("{} → {}", reference.path.join("::"), targets.join(", "))
            })
            .collect()
    }

    #[test]
    fn re_exports_lead_to_the_defining_module() {
        let files = [
            ("a/src/lib.rs", "mod store; mod api;"),
            ("a/src/store.rs", "mod chats; pub use chats::Chat;"),
            ("a/src/store/chats.rs", "pub struct Chat;"),
            ("a/src/api.rs", "use crate::store; fn f() { store::Chat::new() }"),
        ];
        let expected = ["crate::store → store", "crate::store::Chat::new → store, store::chats"];
        assert_eq!(resolved(&files, "a/src/api.rs"), expected);
    }

    #[test]
    fn relative_and_external_paths_are_resolved() {
        let files = [
            ("a/src/lib.rs", "mod hub; use anyhow::anyhow;"),
            ("a/src/hub.rs", "mod queue; struct Hub;"),
            (
                "a/src/hub/queue.rs",
                "use super::*; use std::env; fn f() { env::var(); Hub::new(); super::super::g() }",
            ),
        ];
        let resolved = resolved(&files, "a/src/hub/queue.rs");
        let expected = [
            "crate::hub::* → hub",
            "std::env → ",
            "std::env::var → ",
            "crate::hub::Hub::new → hub",
            "crate::g → ",
        ];
        assert_eq!(resolved, expected);
    }

    #[test]
    fn impls_lead_to_the_type() {
        let project = project(&[
            ("a/src/lib.rs", "mod hub; mod api;"),
            ("a/src/hub.rs", "pub struct Hub; impl Hub {} impl Clone for Hub {}"),
            (
                "a/src/api.rs",
                "use crate::hub::Hub; impl Hub {} #[cfg(test)] mod tests { impl super::Hub {} }",
            ),
        ]);
        let types: Vec<_> = project.inherent_impls.iter().map(|block| block.of_type.join("::")).collect();
        assert_eq!(types, ["hub::Hub", "hub::Hub"]);
    }
}
