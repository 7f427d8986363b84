//! Starting chats, joining them, and talking.

fn main() {
    frontend::show(frontend::app::App);
}
