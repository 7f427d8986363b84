//! Release builds embed the client from `dist/`. The folder must exist, but may be empty. All builds embed the migrations.
#![allow(clippy::print_stdout, reason = "a build script speaks to cargo so")]

fn main() -> std::io::Result<()> {
    // The files are embedded when this crate is compiled, so it must be compiled again when they change. With debug
    // assertions the server reads them at run time.
    let input = if cfg!(debug_assertions) { "build.rs" } else { "../dist" };
    println!("cargo:rerun-if-changed={input}");
    // Migrations are embedded as well, and a new folder alone is not noticed.
    println!("cargo:rerun-if-changed=../migrations");
    std::fs::create_dir_all("../dist")
}
