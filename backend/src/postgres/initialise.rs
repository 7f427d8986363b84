//! The making of a new cluster.

use std::fs::{self, File};
use std::path::Path;
use std::process::Output;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::account::{self, Account};
use super::folders::{self, Folders};
use super::programs::Programs;
use super::{ROLE, orphans};

/// Sorting by code points is the same on every machine; the second is for systems that lack the first.
const LOCALES: [&str; 2] = ["C.UTF-8", "C"];

/// Makes the cluster under another name first: a half-made one is never mistaken for a good one.
pub async fn cluster(folders: &Folders, programs: &Programs, account: &Account) -> Result<()> {
    let unfinished = folders.unfinished_cluster();
    orphans::evict(&unfinished).await?;
    let mut failure = None;
    for locale in LOCALES {
        folders::remove(&unfinished)?;
        folders::make_private(&unfinished, account)?;
        let output = initdb(&unfinished, locale, programs, account).await?;
        if output.status.success() {
            return finish(folders);
        }
        failure = Some(output.stderr);
    }
    let words = failure.unwrap_or_default();
    bail!(
        "PostgreSQL cannot make its folder in {}; it says: {}",
        folders.data().display(),
        String::from_utf8_lossy(&words).trim()
    )
}

async fn initdb(folder: &Path, locale: &str, programs: &Programs, account: &Account) -> Result<Output> {
    let mut initdb = account.command(&programs.path("initdb"));
    initdb
        .args(["--username", ROLE, "--encoding=UTF8", "--auth-local=trust", "--auth-host=reject"])
        .arg(format!("--locale={locale}"))
        .arg("--pgdata")
        .arg(folder)
        // Every process of PostgreSQL is known by the folder that it works in.
        .current_dir(folder);
    account::output(initdb, Duration::from_mins(5)).await
}

fn finish(folders: &Folders) -> Result<()> {
    fs::rename(folders.unfinished_cluster(), folders.cluster())
        .and_then(|()| File::open(folders.data())?.sync_all())
        .with_context(|| format!("cannot name {}", folders.cluster().display()))
}
