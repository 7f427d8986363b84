//! What a chat needs after its first view. All of it is in one module, since modules that share code are loaded in many pieces:
//! a visitor would wait for each.

mod code_colors;
mod completion;
mod composer_tools;
mod field;
mod text_edit;

use leptos::task::spawn_local;
use web_sys::{Element, HtmlTextAreaElement};

use super::state::edits::EditStore;
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
    /// Edits the user's last message.
    EditLast(EditStore),
    SaveEdit(EditStore),
}

lazy_fn! {
    tools,
    fn run(task: Task) -> () {
        match task {
            Task::Load => {}
            Task::AddTools(textarea) => composer_tools::attach(&textarea),
            Task::Format(textarea, key) => composer_tools::format(&textarea, &key),
            Task::ColorCode(code) => code_colors::watch(&code),
            Task::EditLast(edits) => edits.start_with_last(),
            Task::SaveEdit(edits) => edits.save(),
        }
    }
}

/// Loads the module if it is not loaded, and does the task. If it cannot be loaded, only saving an edit says so: the others are
/// tried again by the user.
pub fn start(task: Task) {
    let edits = if let Task::SaveEdit(edits) = &task { Some(*edits) } else { None };
    spawn_local(async move {
        if let (Err(_), Some(edits)) = (run(task).await, edits) {
            edits.report_not_loaded();
        }
    });
}
