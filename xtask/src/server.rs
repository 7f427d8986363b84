//! Builds the server, with the client embedded.

use std::path::PathBuf;

use anyhow::Result;

use crate::{project, shell};

pub fn build() -> Result<()> {
    shell::say("Building the server");
    shell::run(shell::cargo(["build", "--release", "--package", "backend"]))
}

pub fn binary() -> Result<PathBuf> {
    Ok(project::target()?.join("release/chatire"))
}
