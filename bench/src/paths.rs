//! Paths of files and directories.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

pub fn root() -> PathBuf {
    let manifest = env::var("CARGO_MANIFEST_DIR").unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&manifest).parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

/// A binary next to this one.
pub fn sibling_binary(name: &str) -> Result<PathBuf> {
    let me = env::current_exe()?;
    let path = me.parent().context("no directory")?.join(name);
    path.is_file().then_some(()).with_context(|| format!("{} is not built", path.display()))?;
    Ok(path)
}

/// For everything that a run writes or installs.
pub fn output_dir() -> PathBuf {
    root().join("target/bench")
}

/// Where a target from a package registry is installed.
pub fn install_dir(name: &str) -> PathBuf {
    output_dir().join(name)
}

pub fn python_binary() -> PathBuf {
    install_dir("django").join("venv/bin/python")
}

pub fn bun_binary() -> PathBuf {
    install_dir("bun").join("node_modules/.bin/bun")
}
