//! The rules of ARCHITECTURE.md that a compiler does not check.

mod arrows;
mod names;
mod promises;
mod sheets;
mod source;

use std::{fs, path::Path};

use anyhow::{Result, bail};

use crate::{project, shell};

/// A file of the project: its path from the root, and its text.
pub struct File {
    pub path: String,
    pub text: String,
}

impl File {
    /// What its name ends with.
    pub fn kind(&self) -> &str {
        self.path.rsplit_once('.').map_or("", |(_, kind)| kind)
    }
}

/// What is wrong where.
pub type Offence = String;

type Rule = fn(&[File]) -> Vec<Offence>;

const RULES: [Rule; 8] = [
    arrows::check,
    names::no_vague_names,
    names::no_long_files,
    names::the_map_is_true,
    names::migrations_can_be_undone,
    promises::are_checked,
    sheets::every_stylesheet_is_listed,
    source::no_raw_html,
];

pub fn run() -> Result<()> {
    shell::say("tidy");
    let files = read(&project::root())?;
    let offences: Vec<_> = RULES.iter().flat_map(|rule| rule(&files)).collect();
    for offence in &offences {
        println!("  {offence}");
    }
    match offences.len() {
        0 => println!("  {} files are tidy", files.len()),
        1 => bail!("tidy found an offence"),
        many => bail!("tidy found {many} offences"),
    }
    Ok(())
}

/// Files that are no text have a path only.
fn read(root: &Path) -> Result<Vec<File>> {
    let paths = project::files(root)?.into_iter();
    Ok(paths
        .map(|path| File { path: project::short(&path), text: fs::read_to_string(&path).unwrap_or_default() })
        .collect())
}

#[cfg(test)]
fn files(files: &[(&str, &str)]) -> Vec<File> {
    files.iter().map(|(path, text)| File { path: (*path).into(), text: (*text).into() }).collect()
}
