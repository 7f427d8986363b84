//! The client is embedded from `dist/`, which must exist for that, though it may be empty.
#![allow(clippy::print_stdout, reason = "a build script speaks to cargo so")]

fn main() -> std::io::Result<()> {
    // The macro that embeds reads the folder only when this crate is compiled: new files must cause that.
    println!("cargo:rerun-if-changed=../dist");
    std::fs::create_dir_all("../dist")
}
