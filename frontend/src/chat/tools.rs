//! What the composer and messages do after the first view. It is in the module `tools`, as is everything else that members need
//! later: modules that share code are loaded in many pieces, and a visitor would wait for each.

mod code_colors;
mod completion;
mod composer_tools;
mod context_bar;
mod field;
mod file_views;
pub mod files;
mod icons;
pub mod jump_to_date;
pub mod listener;
mod mention_names;
mod mention_source;
mod slow_mode_hint;
mod swipe_reply;
mod text_edit;

use std::cell::{Cell, RefCell};

use leptos::{prelude::Owner, task::spawn_local};
use shared::file::MessageFile;
use uuid::Uuid;
use web_sys::{Element, HtmlTextAreaElement};

use super::state::{draft::DraftStore, edits::EditStore, sync::SyncStore};
use crate::{
    lazy_styles,
    lazy_view::{lazy_fn, reload_if_outdated},
    outbox::sender::OutboxSender,
};

/// Stores of the open chat, which live as long as the page.
#[derive(Clone, Copy)]
pub struct Stores {
    pub sync: SyncStore,
    pub draft: DraftStore,
    pub edits: EditStore,
}

thread_local! {
    static STORES: Cell<Option<Stores>> = const { Cell::new(None) };
    /// What is done as soon as the module is loaded.
    static TASKS: RefCell<Vec<Task>> = const { RefCell::new(Vec::new()) };
}

/// What the module does.
pub enum Task {
    /// Shows files in the boxes that the element contains.
    FillFiles(Element, Vec<MessageFile>),
    /// Adds to the composer what it does beyond taking text. The owner has the stores of the chat.
    AddTools(HtmlTextAreaElement, Owner),
    /// Formats the selection by the key B or I.
    Format(HtmlTextAreaElement, String),
    /// Uploads the files of pending messages.
    Upload(OutboxSender),
    /// Shows the files of a pending message below it.
    ShowFiles(Uuid, OutboxSender),
    /// Colours a code block while it is in view.
    ColorCode(Element),
}

lazy_fn! {
    tools,
    fn run() -> () {
        run_tasks();
    }
}

/// What is to be done once the module is loaded, and the tasks for which it could not be loaded before.
pub fn run_tasks() {
    lazy_styles::install();
    swipe_reply::listen();
    for task in TASKS.take() {
        run_task(task);
    }
}

fn run_task(task: Task) {
    match task {
        Task::FillFiles(list, files) => file_views::show(&list, files),
        Task::AddTools(textarea, owner) => composer_tools::attach(&textarea, &owner),
        Task::Format(textarea, key) => {
            composer_tools::format(&textarea, &key);
        }
        Task::Upload(sender) => files::uploads::start(sender),
        Task::ShowFiles(client_id, sender) => files::pending::show(client_id, sender.outbox()),
        Task::ColorCode(code) => code_colors::watch(&code),
    }
}

/// Loads the module, so that what it does works at once, and without a connection.
pub fn load(stores: &Stores) {
    STORES.set(Some(*stores));
    // If it fails, the module is loaded when it is needed.
    run_soon();
}

/// Loads the module if it is not loaded, and does the task. If it cannot be loaded, the task is done when it is.
pub fn start(task: Task) {
    TASKS.with_borrow_mut(|tasks| tasks.push(task));
    run_soon();
}

fn run_soon() {
    spawn_local(async {
        if run().await.is_err() {
            // A key has no effect later.
            TASKS.with_borrow_mut(|tasks| tasks.retain(|task| !matches!(task, Task::Format(..))));
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
