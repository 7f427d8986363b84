//! Signing in, and what is one's own.

fn main() {
    frontend::show(frontend::account::App);
}
