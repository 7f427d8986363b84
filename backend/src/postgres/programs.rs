//! Which of the installed versions of PostgreSQL runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use super::account;

/// Where Debian and its kin keep every major version in a folder of its own.
const PACKAGED: &str = "/usr/lib/postgresql";

#[derive(Debug, PartialEq, Eq)]
pub struct Programs {
    major: u32,
    /// None: they are found on the `PATH`.
    folder: Option<PathBuf>,
}

impl Programs {
    /// The version that wrote the cluster, or the newest if there is none yet.
    pub async fn find(written_by: Option<u32>) -> Result<Self> {
        let mut installed = packaged(Path::new(PACKAGED));
        installed.extend(on_path().await);
        choose(installed, written_by)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.as_deref().map_or_else(|| PathBuf::from(name), |folder| folder.join(name))
    }
}

fn choose(installed: Vec<Programs>, written_by: Option<u32>) -> Result<Programs> {
    let majors: Vec<_> = installed.iter().map(|programs| programs.major.to_string()).collect();
    let found = if majors.is_empty() { "no PostgreSQL".to_owned() } else { majors.join(", ") };
    let chosen =
        installed.into_iter().find(|programs| written_by.is_none_or(|major| major == programs.major));
    chosen.with_context(|| match written_by {
        None => "PostgreSQL is not installed: `apt-get install postgresql`, or set DATABASE_URL".to_owned(),
        Some(major) => format!(
            "the data were written by PostgreSQL {major}, but {found} is installed: \
             `apt-get install postgresql-{major}`, or set DATABASE_URL or another CHATIRE_DATA_DIR"
        ),
    })
}

/// Newest first. A folder may hold the client programs alone.
fn packaged(root: &Path) -> Vec<Programs> {
    let mut found: Vec<_> = fs::read_dir(root)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let major = entry.file_name().to_str()?.parse().ok()?;
            let folder = entry.path().join("bin");
            let complete = ["initdb", "postgres"].iter().all(|name| folder.join(name).is_file());
            complete.then_some(Programs { major, folder: Some(folder) })
        })
        .collect();
    found.sort_by_key(|programs| std::cmp::Reverse(programs.major));
    found
}

async fn on_path() -> Option<Programs> {
    let mut postgres = Command::new("postgres");
    postgres.arg("--version");
    let output = account::output(postgres, Duration::from_secs(10)).await.ok()?;
    let major = major(&String::from_utf8_lossy(&output.stdout))?;
    Some(Programs { major, folder: None })
}

/// Reads `postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)`, and `17beta1` too.
fn major(version: &str) -> Option<u32> {
    let number = version.split_once("(PostgreSQL)")?.1.trim_start();
    number.split(|character: char| !character.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn programs(major: u32) -> Programs {
        Programs { major, folder: None }
    }

    #[test]
    fn a_new_cluster_is_made_by_the_newest() {
        let root = tempfile::tempdir().unwrap();
        for version in ["9.6", "15", "17", "18", "common"] {
            let bin = root.path().join(version).join("bin");
            fs::create_dir_all(&bin).unwrap();
            fs::write(bin.join("postgres"), "").unwrap();
            // The newest came without its server.
            if version != "18" {
                fs::write(bin.join("initdb"), "").unwrap();
            }
        }
        let chosen = choose(packaged(root.path()), None).unwrap();
        assert_eq!(chosen.path("initdb"), root.path().join("17/bin/initdb"));
    }

    #[test]
    fn an_old_cluster_is_run_by_the_version_that_wrote_it() {
        assert_eq!(choose(vec![programs(17), programs(15)], Some(15)).unwrap(), programs(15));
    }

    #[test]
    fn a_missing_version_is_named() {
        let error = choose(vec![programs(17)], Some(15)).unwrap_err().to_string();
        assert!(error.contains("apt-get install postgresql-15"), "{error}");
        let error = choose(vec![], None).unwrap_err().to_string();
        assert!(error.contains("apt-get install postgresql`"), "{error}");
    }

    #[test]
    fn versions_are_read() {
        assert_eq!(major("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n"), Some(15));
        assert_eq!(major("postgres (PostgreSQL) 17beta1"), Some(17));
        assert_eq!(major("psql: error"), None);
    }
}
