//! The account program: sign-in, password reset and settings.

fn main() {
    frontend::mount_program(frontend::account::App);
}
