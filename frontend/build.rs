//! A client that is split into modules must be linked with its relocations, from which the modules are made.
#![allow(clippy::print_stdout, reason = "a build script speaks to cargo so")]

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var_os("CARGO_FEATURE_SPLIT").is_some() {
        println!("cargo::rustc-link-arg-bins=--emit-relocs");
    }
}
