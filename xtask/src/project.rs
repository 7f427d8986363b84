//! Folders, files and build modes of the project.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// Folders that tools create.
const GENERATED: [&str; 6] = [".git", "target", "dist", "data", "node_modules", "artifacts"];

/// How much the compiler optimises.
#[derive(Clone, Copy, PartialEq)]
pub enum BuildMode {
    /// Compiles in half the time: `cargo xtask run`.
    Quick,
    /// As shipped, tested and measured.
    Release,
}

impl BuildMode {
    /// Name of the Cargo profile, and of its folder in `target/`.
    pub fn profile(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Release => "release",
        }
    }
}

pub fn root() -> PathBuf {
    let manifest = env::var("CARGO_MANIFEST_DIR").unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&manifest).parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

pub fn dist_dir() -> PathBuf {
    root().join("dist")
}

/// The path relative to the project's root.
pub fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// Every file below `path`, sorted, without generated folders; `path` itself if it is a file.
pub fn list_files(path: &Path) -> Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.into()]);
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))? {
        let entry = entry?;
        if !GENERATED.iter().any(|folder| entry.file_name() == *folder) {
            found.extend(list_files(&entry.path())?);
        }
    }
    found.sort();
    Ok(found)
}

/// FNV-1a: the same on every machine and with every compiler.
pub fn fingerprint(parts: impl IntoIterator<Item = Vec<u8>>) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in parts.into_iter().flatten() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprint_is_fnv_1a() {
        assert_eq!(fingerprint([b"foo".to_vec(), b"bar".to_vec()]), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn generated_folders_are_not_listed() {
        let all = list_files(&root()).unwrap();
        assert!(all.contains(&root().join("Cargo.toml")));
        assert!(!all.iter().any(|path| path.starts_with(root().join("target"))));
    }
}
