//! The project's build commands; see [`USAGE`].

#![allow(clippy::print_stdout, reason = "a command-line program")]

mod audit;
mod bench;
mod client;
mod conformance;
mod dev;
mod fuzz;
mod packages;
mod project;
mod run;
mod server;
mod shell;
mod size;
mod steps;
mod test;
mod test_logs;
mod tidy;
mod tools;

use std::process::ExitCode;

use anyhow::Result;

const USAGE: &str = "\
cargo xtask run            build Chatire and start it on http://localhost:8000
cargo xtask run --dev      the same as a debug build; rebuild and restart on every change
cargo xtask build          build target/release/chatire with the client embedded, as it is shipped
cargo xtask test           run all checks and tests, including those in a real browser
cargo xtask test --faults  run only the long fault tests: kill the server and PostgreSQL, cut connections, overload
cargo xtask fuzz           fuzz each input parser for two minutes
cargo xtask bench          compare the server with others under the same load; --help lists the options
cargo xtask tidy           check the rules of ARCHITECTURE.md

Missing tools are installed first: the WebAssembly target of Rust, Trunk and wasm-bindgen (into target/tools), and with
apt-get PostgreSQL and, to build and test, binaryen, esbuild, Chromium, Node.js and a mail server.";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let result = match args.as_slice() {
        ["run"] => run::run(),
        ["run", "--dev"] => dev::run(),
        ["build"] => build(),
        ["test"] => test::run(),
        ["test", "--faults"] => test::run_faults(),
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
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\n✗ {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn build() -> Result<()> {
    let mut steps = tools::build_steps()?;
    steps.extend(client::build_steps(project::BuildMode::Release)?);
    steps.push(server::build_step(project::BuildMode::Release));
    steps::run_all(steps)?;
    print!("{}", size::measure()?);
    shell::print_step(&format!("Built {}", project::relative(&server::binary(project::BuildMode::Release)?)));
    Ok(())
}
