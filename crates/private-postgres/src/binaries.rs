//! Finds the installed PostgreSQL version to run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use super::os_user;

/// Debian and its derivatives install each major version in a directory here.
const PACKAGE_ROOT: &str = "/usr/lib/postgresql";

#[derive(Debug, PartialEq, Eq)]
pub struct Binaries {
    major: u32,
    /// None if they are on the `PATH`.
    dir: Option<PathBuf>,
}

impl Binaries {
    /// Finds the version that created the cluster, or the newest if there is no cluster.
    pub async fn find(cluster_version: Option<u32>) -> Result<Self> {
        let mut installed = find_packaged(Path::new(PACKAGE_ROOT));
        installed.extend(find_on_path().await);
        choose(installed, cluster_version)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.as_deref().map_or_else(|| PathBuf::from(name), |dir| dir.join(name))
    }
}

fn choose(installed: Vec<Binaries>, cluster_version: Option<u32>) -> Result<Binaries> {
    let majors: Vec<_> = installed.iter().map(|binaries| binaries.major.to_string()).collect();
    let found = if majors.is_empty() { "no PostgreSQL".to_owned() } else { majors.join(", ") };
    let chosen =
        installed.into_iter().find(|binaries| cluster_version.is_none_or(|major| major == binaries.major));
    chosen.with_context(|| match cluster_version {
        None => "PostgreSQL is not installed: `apt-get install postgresql`, or set DATABASE_URL".to_owned(),
        Some(major) => format!(
            "the data was created by PostgreSQL {major}, but {found} is installed: \
             `apt-get install postgresql-{major}`, or set DATABASE_URL or another CHATIRE_DATA_DIR"
        ),
    })
}

/// Newest first. A directory may contain only the client programs.
fn find_packaged(root: &Path) -> Vec<Binaries> {
    let mut found: Vec<_> = fs::read_dir(root)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let major = entry.file_name().to_str()?.parse().ok()?;
            let dir = entry.path().join("bin");
            let complete = ["initdb", "postgres"].iter().all(|name| dir.join(name).is_file());
            complete.then_some(Binaries { major, dir: Some(dir) })
        })
        .collect();
    found.sort_by_key(|binaries| std::cmp::Reverse(binaries.major));
    found
}

async fn find_on_path() -> Option<Binaries> {
    let mut postgres = Command::new("postgres");
    postgres.arg("--version");
    let output = os_user::run_command(postgres, Duration::from_secs(10)).await.ok()?;
    let major = parse_major(&String::from_utf8_lossy(&output.stdout))?;
    Some(Binaries { major, dir: None })
}

/// Parses `postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)` and `17beta1`.
fn parse_major(version: &str) -> Option<u32> {
    let number = version.split_once("(PostgreSQL)")?.1.trim_start();
    number.split(|character: char| !character.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binaries(major: u32) -> Binaries {
        Binaries { major, dir: None }
    }

    #[test]
    fn new_cluster_uses_newest_version() {
        let root = tempfile::tempdir().unwrap();
        for version in ["9.6", "15", "17", "18", "common"] {
            let bin = root.path().join(version).join("bin");
            fs::create_dir_all(&bin).unwrap();
            fs::write(bin.join("postgres"), "").unwrap();
            // Version 18 has only the client programs.
            if version != "18" {
                fs::write(bin.join("initdb"), "").unwrap();
            }
        }
        let chosen = choose(find_packaged(root.path()), None).unwrap();
        assert_eq!(chosen.path("initdb"), root.path().join("17/bin/initdb"));
    }

    #[test]
    fn existing_cluster_uses_its_version() {
        assert_eq!(choose(vec![binaries(17), binaries(15)], Some(15)).unwrap(), binaries(15));
    }

    #[test]
    fn missing_version_is_named() {
        let error = choose(vec![binaries(17)], Some(15)).unwrap_err().to_string();
        assert!(error.contains("apt-get install postgresql-15"), "{error}");
        let error = choose(vec![], None).unwrap_err().to_string();
        assert!(error.contains("apt-get install postgresql`"), "{error}");
    }

    #[test]
    fn versions_are_parsed() {
        assert_eq!(parse_major("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n"), Some(15));
        assert_eq!(parse_major("postgres (PostgreSQL) 17beta1"), Some(17));
        assert_eq!(parse_major("psql: error"), None);
    }
}
