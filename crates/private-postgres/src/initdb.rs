//! Creates a new cluster.

use std::fs::{self, File};
use std::path::Path;
use std::process::Output;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::binaries::Binaries;
use super::data_dir::{self, DataDir};
use super::os_user::{self, OsUser};
use super::{ROLE, stale_process};

/// Sorting by code points is the same on every machine. The second locale is for systems without the first.
const LOCALES: [&str; 2] = ["C.UTF-8", "C"];

/// Creates the cluster under a temporary name, so that an incomplete one is never used.
pub async fn create_cluster(data_dir: &DataDir, binaries: &Binaries, os_user: &OsUser) -> Result<()> {
    let unfinished = data_dir.unfinished_cluster();
    stale_process::stop(&unfinished).await?;
    let mut failure = None;
    for locale in LOCALES {
        data_dir::remove_dir(&unfinished)?;
        data_dir::create_private_dir(&unfinished, os_user)?;
        let output = initdb(&unfinished, locale, binaries, os_user).await?;
        if output.status.success() {
            return rename_cluster(data_dir);
        }
        failure = Some(output.stderr);
    }
    let stderr = failure.unwrap_or_default();
    bail!(
        "PostgreSQL cannot create its cluster in {}: {}",
        data_dir.path().display(),
        String::from_utf8_lossy(&stderr).trim()
    )
}

async fn initdb(dir: &Path, locale: &str, binaries: &Binaries, os_user: &OsUser) -> Result<Output> {
    let mut initdb = os_user.command(&binaries.path("initdb"));
    initdb
        .args(["--username", ROLE, "--encoding=UTF8", "--auth-local=trust", "--auth-host=reject"])
        .arg(format!("--locale={locale}"))
        .arg("--pgdata")
        .arg(dir)
        // Stale processes are recognized by their working directory.
        .current_dir(dir);
    os_user::run_command(initdb, Duration::from_mins(5)).await
}

fn rename_cluster(data_dir: &DataDir) -> Result<()> {
    fs::rename(data_dir.unfinished_cluster(), data_dir.cluster())
        .and_then(|()| File::open(data_dir.path())?.sync_all())
        .with_context(|| format!("cannot rename the cluster to {}", data_dir.cluster().display()))
}
