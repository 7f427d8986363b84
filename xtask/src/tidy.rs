//! Checks the rules of ARCHITECTURE.md that the compiler does not check.

mod dependencies;
mod document_paths;
mod file_names;
mod function_length;
mod function_names;
mod functions;
mod impl_files;
mod import_cycles;
mod migrations;
mod module_tree;
mod predicates;
mod raw_html;
mod references;
mod rust_file;
mod security_claims;
mod stylesheets;
mod type_names;

use std::{fs, path::Path};

use anyhow::{Result, bail};

use crate::{project, shell};
use module_tree::{InherentImpl, ModuleTree, Reference};
use rust_file::RustFile;

/// A file of the project: its path from the root, and its text (empty when the file is not UTF-8).
pub struct ProjectFile {
    pub path: String,
    pub text: String,
}

impl ProjectFile {
    pub fn extension(&self) -> &str {
        self.path.rsplit_once('.').map_or("", |(_, extension)| extension)
    }
}

/// The message that is printed for one broken rule: the place, then what is wrong.
pub type Violation = String;

/// All files of the project, and what their Rust code names.
pub struct Project {
    files: Vec<ProjectFile>,
    rust: Vec<RustFile>,
    syntax_errors: Vec<Violation>,
    references: Vec<Reference>,
    inherent_impls: Vec<InherentImpl>,
}

type Check = fn(&Project) -> Vec<Violation>;

const CHECKS: [(&str, Check); 15] = [
    ("syntax", |project| project.syntax_errors.clone()),
    ("dependencies", dependencies::check),
    ("import cycles", import_cycles::check),
    ("public type names", type_names::check),
    ("files with impl blocks of one type", impl_files::check),
    ("pure predicates", predicates::check),
    ("function names", function_names::check_prepositions),
    ("test names", function_names::check_test_names),
    ("function length", function_length::check),
    ("file names", file_names::check),
    ("paths in ARCHITECTURE.md", document_paths::check),
    ("migrations", migrations::check),
    ("security claims", security_claims::check),
    ("stylesheets", stylesheets::check),
    ("raw HTML", raw_html::check),
];

/// Prints every violation, grouped by check, and fails if there is one.
pub fn run() -> Result<()> {
    shell::print_step("tidy");
    let project = Project::parse(read(&project::root())?);
    let mut total = 0;
    for (name, check) in CHECKS {
        let violations = check(&project);
        if !violations.is_empty() {
            println!("  {name}: {}", violations.len());
        }
        for violation in &violations {
            println!("    {violation}");
        }
        total += violations.len();
    }
    match total {
        0 => println!("  {} files, no violations", project.files.len()),
        1 => bail!("tidy found 1 violation"),
        many => bail!("tidy found {many} violations"),
    }
    Ok(())
}

impl Project {
    fn parse(files: Vec<ProjectFile>) -> Self {
        let (rust, syntax_errors) = rust_file::parse_all(&files);
        let tree = ModuleTree::build(&rust);
        let (references, inherent_impls) = (tree.references(), tree.inherent_impls());
        Self { files, rust, syntax_errors, references, inherent_impls }
    }
}

fn read(root: &Path) -> Result<Vec<ProjectFile>> {
    let paths = project::list_files(root)?.into_iter();
    Ok(paths
        .map(|path| ProjectFile {
            path: project::relative(&path),
            text: fs::read_to_string(&path).unwrap_or_default(),
        })
        .collect())
}

#[cfg(test)]
fn project(files: &[(&str, &str)]) -> Project {
    let file = |(path, text): &(&str, &str)| ProjectFile { path: (*path).into(), text: (*text).into() };
    Project::parse(files.iter().map(file).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_rust_is_a_violation() {
        let project = project(&[("a/src/lib.rs", "fn broken("), ("a/src/b.rs", "fn sound() {}")]);
        assert_eq!(project.rust.len(), 1);
        let [error] = project.syntax_errors.as_slice() else { panic!("{:?}", project.syntax_errors) };
        assert!(error.starts_with("a/src/lib.rs:1: not valid Rust: "), "{error}");
    }
}
