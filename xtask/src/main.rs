//! What one does with this project; see [`USAGE`].

#![allow(clippy::print_stdout, reason = "this program talks to people")]

mod bench;
mod client;
mod compress;
mod conformance;
mod dev;
mod fuzz;
mod logs;
mod packages;
mod project;
mod run;
mod server;
mod shell;
mod size;
mod supply;
mod test;
mod tidy;
mod tools;

use std::process::ExitCode;

use anyhow::Result;

const USAGE: &str = "\
cargo xtask run          build Chatire, start it on http://localhost:8000
cargo xtask run --dev    the same, rebuilt and restarted on every change
cargo xtask build        target/release/chatire, with the client in dist/ embedded
cargo xtask test         everything that must hold, in a real browser too
cargo xtask test --faults
                         only what takes long: the server and PostgreSQL killed, lines cut, thousands at once
cargo xtask fuzz         a search for input that nothing was written for, two minutes for each place where any comes in
cargo xtask bench        our server and others under the same load; --help says what may be asked for
cargo xtask tidy         the rules of ARCHITECTURE.md

What is missing on the machine is installed first: Rust's target for the browser, Trunk and wasm-bindgen
(into target/tools), and with apt-get PostgreSQL, binaryen and, to test, Chromium, Node.js and a mail server.";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args.as_slice() {
        ["run"] => run::run(),
        ["run", "--dev"] => dev::run(),
        ["build"] => build(),
        ["test"] => test::run(),
        ["test", "--faults"] => test::faults(),
        ["fuzz"] => fuzz::run(),
        ["bench", args @ ..] => bench::run(args),
        ["tidy"] => tidy::run(),
        ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            Ok(())
        }
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\n✗ {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn build() -> Result<()> {
    tools::for_building()?;
    client::build()?;
    print!("{}", size::of_client()?);
    server::build()?;
    shell::say(&format!("Built {}", project::short(&server::binary()?)));
    Ok(())
}
