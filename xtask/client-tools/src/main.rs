//! Splits and compresses a release build of the client. A program of its own, since `cargo xtask run` does not need it, and
//! its libraries take long to compile.

#![allow(clippy::print_stdout, reason = "a command-line program")]

mod compress;
mod import_names;
mod split;

use std::{env, path::Path};

use anyhow::{Result, bail};

fn main() -> Result<()> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["compress", folder] => compress::compress_folder(Path::new(folder)),
        ["shorten", folder, name] => import_names::shorten(Path::new(folder), name),
        ["split", input, name, output] => split::split(Path::new(input), name, Path::new(output)),
        _ => bail!("usage: client-tools compress FOLDER | shorten FOLDER NAME | split WASM NAME FOLDER"),
    }
}
