//! What a chat needs after its first view, in one module with the menu of messages.

mod code_colors;
mod completion;
mod composer_tools;
mod field;
mod text_edit;

use leptos::task::spawn_local;
use web_sys::{Element, HtmlTextAreaElement};

use crate::lazy_view::lazy_fn;

/// What the module does.
pub enum Task {
    /// Only loads the module.
    Load,
    /// Adds completion, and links by pasting, to the composer.
    AddTools(HtmlTextAreaElement),
    /// Formats the selection by the key B, I or K.
    Format(HtmlTextAreaElement, String),
    /// Colours a code block while it is in view.
    ColorCode(Element),
}

lazy_fn! {
    actions,
    fn run(task: Task) -> () {
        match task {
            Task::Load => {}
            Task::AddTools(textarea) => composer_tools::attach(&textarea),
            Task::Format(textarea, key) => composer_tools::format(&textarea, &key),
            Task::ColorCode(code) => code_colors::watch(&code),
        }
    }
}

/// Loads the module if it is not loaded, and does the task. Without a connection, nothing happens.
pub fn start(task: Task) {
    spawn_local(async {
        let _done = run(task).await;
    });
}
