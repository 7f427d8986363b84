//! The `wasm-bindgen` command, as far as Trunk and `cargo xtask` use it.
//!
//! wasm-bindgen-cli compiles three times as many crates, for its test runner and a parser of all options. Building this
//! program as part of the workspace also keeps it at the version of the library, which must be the same.

#![allow(clippy::print_stdout, reason = "a command-line program")]

use std::env;

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let mut bindgen = Bindgen::new();
    let mut output = None;
    for argument in env::args().skip(1) {
        match argument.split_once('=').unwrap_or((&argument, "")) {
            ("--version", _) => {
                println!("wasm-bindgen {}", wasm_bindgen_shared::version());
                return Ok(());
            }
            ("--target", "web") => {
                bindgen.web(true)?;
            }
            ("--out-dir", folder) => output = Some(folder.to_owned()),
            ("--out-name", name) => {
                bindgen.out_name(name);
            }
            ("--keep-lld-exports", _) => {
                bindgen.keep_lld_exports(true);
            }
            ("--no-typescript", _) => {
                bindgen.typescript(false);
            }
            (option, _) if option.starts_with('-') => bail!("unknown option: {argument}"),
            _ => {
                bindgen.input_path(&argument);
            }
        }
    }
    bindgen.generate(output.context("--out-dir is missing")?)
}
