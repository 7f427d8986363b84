//! Where things are.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

pub fn root() -> PathBuf {
    let manifest = env::var("CARGO_MANIFEST_DIR").unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&manifest).parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

/// A program that was built together with this one, beside which it lies.
pub fn built(name: &str) -> Result<PathBuf> {
    let me = env::current_exe()?;
    let path = me.parent().context("no folder")?.join(name);
    path.is_file().then_some(()).with_context(|| format!("{} is not built", path.display()))?;
    Ok(path)
}

/// What a run makes and fetches.
pub fn made() -> PathBuf {
    root().join("target/bench")
}

/// Where a contestant from a registry is installed.
pub fn fetched(name: &str) -> PathBuf {
    made().join(name)
}

pub fn python() -> PathBuf {
    fetched("django").join("venv/bin/python")
}

pub fn bun() -> PathBuf {
    fetched("bun").join("node_modules/.bin/bun")
}
