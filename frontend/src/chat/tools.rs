//! What the composer and messages do after the first view. It is in the module `tools`, as is everything else that members need
//! later: modules that share code are loaded in many pieces, and a visitor would wait for each.

mod code_colors;
mod completion;
mod composer_tools;
mod field;
pub mod jump_to_date;
pub mod listener;
mod mention_names;
mod mention_source;
mod text_edit;

use leptos::task::spawn_local;
use uuid::Uuid;
use web_sys::{Element, HtmlTextAreaElement};

use super::state::{edits::EditStore, presence::PresenceStore, sync::SyncStore};
use crate::{
    lazy_styles,
    lazy_view::{lazy_fn, reload_if_outdated},
};

/// What the module does.
pub enum Task {
    /// Adds the style sheets of what is shown later.
    Load,
    /// Adds completion, and links by pasting, to the composer.
    AddTools(HtmlTextAreaElement, SyncStore, PresenceStore),
    /// Formats the selection by the key B, I or K.
    Format(HtmlTextAreaElement, String),
    /// Colours a code block while it is in view.
    ColorCode(Element),
}

lazy_fn! {
    tools,
    fn run(task: Task) -> () {
        match task {
            Task::Load => lazy_styles::install(),
            Task::AddTools(textarea, sync, presence) => composer_tools::attach(&textarea, sync, presence),
            Task::Format(textarea, key) => composer_tools::format(&textarea, &key),
            Task::ColorCode(code) => code_colors::watch(&code),
        }
    }
}

/// Loads the module if it is not loaded, and does the task. If it cannot be loaded, nothing is lost.
pub fn start(task: Task) {
    spawn_local(async {
        if run(task).await.is_err() {
            reload_if_outdated().await;
        }
    });
}

lazy_fn! {
    tools,
    fn save(edits: EditStore, edit_id: Uuid) -> () {
        edits.save(edit_id);
    }
}

/// Saves the edit as it is now.
pub fn save_edit(edits: &EditStore) {
    let (edits, edit_id) = (*edits, edits.edit_id());
    spawn_local(async move {
        if save(edits, edit_id).await.is_err() {
            edits.report_not_loaded();
            reload_if_outdated().await;
        }
    });
}
