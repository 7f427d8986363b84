//! Where the project's things are.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::shell;

/// What is not the project's own: made by tools, or fetched.
const MADE: [&str; 6] = [".git", "target", "dist", "data", "node_modules", "artifacts"];

pub fn root() -> PathBuf {
    let manifest = env::var("CARGO_MANIFEST_DIR").unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&manifest).parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

pub fn dist() -> PathBuf {
    root().join("dist")
}

/// Where Cargo builds: `target/`, unless the caller wants it elsewhere.
pub fn target() -> Result<PathBuf> {
    let metadata = shell::output(shell::cargo(["metadata", "--no-deps", "--format-version", "1"]))?;
    let (_, rest) = metadata.split_once(r#""target_directory":""#).context("cargo names no target folder")?;
    let (target, _) = rest.split_once('"').context("cargo names no target folder")?;
    Ok(target.into())
}

/// The path as seen from the project's folder.
pub fn short(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// Every file of the project below `path`, sorted; `path` itself if it is one.
pub fn files(path: &Path) -> Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.into()]);
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))? {
        let entry = entry?;
        if !MADE.iter().any(|made| entry.file_name() == *made) {
            found.extend(files(&entry.path())?);
        }
    }
    found.sort();
    Ok(found)
}

/// A number for names and contents, the same on every machine and with every compiler.
pub fn fingerprint(parts: impl IntoIterator<Item = Vec<u8>>) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64; // FNV-1a
    for byte in parts.into_iter().flatten() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_fnv_1a() {
        assert_eq!(fingerprint([b"foo".to_vec(), b"bar".to_vec()]), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn what_tools_made_is_not_the_projects() {
        let all = files(&root()).unwrap();
        assert!(all.contains(&root().join("Cargo.toml")));
        assert!(!all.iter().any(|path| path.starts_with(root().join("target"))));
    }
}
