//! The chat program: starting and joining chats, and messages.

fn main() {
    frontend::mount_program(frontend::app::App);
}
