//! Builds the server. A release build embeds the client; a quick or debug build reads it from `dist/`.

use std::path::PathBuf;

use anyhow::Result;

use crate::{project::BuildMode, shell, steps::Step};

pub fn build_step(mode: BuildMode) -> Step {
    let estimate = match mode {
        BuildMode::Quick => "5 min",
        BuildMode::Release => "7 min",
    };
    let build =
        move || shell::run(shell::cargo(["build", "--profile", mode.profile(), "--package", "backend"]));
    Step::new("build the server", build).estimate(estimate)
}

pub fn binary(mode: BuildMode) -> Result<PathBuf> {
    Ok(shell::target_dir()?.join(mode.profile()).join("chatire"))
}
