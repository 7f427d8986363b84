//! Attaches files to the draft: chosen in a dialog, pasted or dropped.

use std::any::Any;

use gloo_timers::callback::Timeout;
use leptos::{prelude::*, task::spawn_local};
use shared::file::{FILE_BYTES_MAX, MESSAGE_FILES_MAX};
use uuid::Uuid;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Event, EventTarget, HtmlElement, HtmlTextAreaElement, Node};

use super::{
    drop_zone, file_store,
    local_file::{FileSelection, read_files},
};
use crate::{
    chat::{
        announcer::Announcements,
        state::{draft::DraftStore, edits::EditStore, use_draft, use_edits},
        tools::listener::Listener,
    },
    input_method::is_touch_screen,
    js::{call, field},
    outbox::join_ids,
    strings::uploads,
};

/// How long after a file was sent or removed the unused ones are looked for, in milliseconds.
const CLEANUP_DELAY: u32 = 2_000;

#[derive(Clone, Copy)]
pub struct FileChooser {
    draft: DraftStore,
    edits: EditStore,
    announcements: Announcements,
    /// Which files are left out, and why; empty otherwise.
    error: RwSignal<String>,
}

impl FileChooser {
    /// Takes the stores from the context.
    pub fn new() -> Self {
        let error = RwSignal::new(String::new());
        Self { draft: use_draft(), edits: use_edits(), announcements: expect_context(), error }
    }

    pub fn error(self) -> RwSignal<String> {
        self.error
    }

    /// Lets files be chosen and dropped, until the result and the listeners are dropped.
    pub fn listen(
        self,
        textarea: &HtmlTextAreaElement,
        listeners: &mut Vec<Listener>,
    ) -> Option<Box<dyn Any>> {
        let chat = textarea.closest(".chat").ok()??;
        let input: EventTarget = textarea.closest("form").ok()??.query_selector("[type=file]").ok()??.into();
        let drop_zone = drop_zone::show(
            &chat,
            move || self.is_allowed(),
            move |selection| self.attach(selection),
            listeners,
        );
        let owner = Owner::new();
        owner.with(|| {
            self.hide_while_editing(&input);
            self.clear_error();
            self.remove_unused_files();
        });
        let (textarea, chosen) = (textarea.clone(), input.clone());
        // Files may have been chosen before the module was loaded.
        self.take_chosen(&chosen, &textarea);
        let choose = Box::new(move |_| self.take_chosen(&chosen, &textarea));
        listeners.extend(Listener::new(&input, "change", choose));
        listeners.extend(Listener::new(&window(), "beforeunload", Box::new(move |event| self.warn(&event))));
        Some(Box::new((drop_zone, owner)))
    }

    /// Takes over the files of the input.
    fn take_chosen(self, input: &JsValue, textarea: &HtmlTextAreaElement) {
        let selection = read_files(input);
        if selection.files.is_empty() {
            return;
        }
        self.attach(selection);
        // The same file can be chosen again.
        let _set = js_sys::Reflect::set(input, &"value".into(), &"".into());
        if !is_touch_screen() {
            // A text may follow. If the field cannot take the focus, the focus stays where it is.
            let _focused = textarea.focus();
        }
    }

    /// Attaches pasted files. Returns whether there were any. Of what is a text as well, such as cells of a table, the text
    /// is pasted.
    pub fn paste(self, event: &Event) -> bool {
        let Some(data) = field(event, "clipboardData") else { return false };
        let selection = read_files(&data);
        let has = |format: &str| {
            let text = call(&data, "getData", &[&format.into()]).and_then(|text| text.as_string());
            text.is_some_and(|text| !text.is_empty())
        };
        let is_empty = selection.files.is_empty() && !selection.has_folders;
        if is_empty || !self.is_allowed() || (has("text/plain") && has("text/html")) {
            return false;
        }
        event.prevent_default();
        self.attach(selection);
        true
    }

    /// Not while a message is edited: its files stay as they are. Not where the user may not write either.
    fn is_allowed(self) -> bool {
        !self.edits.is_editing_now() && untrack(|| self.draft.restriction()).is_none()
    }

    fn attach(self, FileSelection { files, has_folders }: FileSelection) {
        let mut ids = self.draft.current_files();
        let (mut too_large, mut too_many, mut added) = (Vec::new(), Vec::new(), Vec::new());
        for file in files {
            if file.size() > FILE_BYTES_MAX {
                too_large.push(file.name());
            } else if ids.len() + added.len() >= MESSAGE_FILES_MAX {
                too_many.push(file.name());
            } else {
                added.push(file);
            }
        }
        let count = added.len();
        ids.extend(added.into_iter().map(file_store::add));
        self.draft.set_files(join_ids(&ids));
        let errors = [
            has_folders.then(|| uploads::FOLDERS_LEFT_OUT.to_owned()),
            (!too_large.is_empty()).then(|| uploads::too_large(&too_large, FILE_BYTES_MAX)),
            (!too_many.is_empty()).then(|| uploads::too_many(&too_many)),
        ];
        self.error.set(errors.into_iter().flatten().collect::<Vec<_>>().join("\n"));
        if count > 0 {
            self.announcements.announce(uploads::attached(count));
        }
    }

    fn hide_while_editing(self, input: &EventTarget) {
        let label = input.dyn_ref::<Node>().and_then(Node::parent_element);
        let label = label.and_then(|label| label.dyn_into::<HtmlElement>().ok());
        Effect::new(move |_| {
            let is_editing = self.edits.is_editing();
            if let Some(label) = &label {
                label.set_hidden(is_editing);
            }
        });
    }

    /// When the draft is sent, or one of its files removed.
    fn clear_error(self) {
        Effect::new(move |before: Option<(bool, usize)>| {
            let (has_text, count) = (!self.draft.text().is_empty(), self.draft.files().len());
            if before.is_some_and(|(had_text, former)| (had_text && !has_text) || former > count) {
                self.error.set(String::new());
            }
            (has_text, count)
        });
    }

    /// Removes the files of messages that were sent or discarded, and those that were removed from the draft.
    fn remove_unused_files(self) {
        let used = Memo::new(move |_| {
            let mut used = self.list_pending();
            used.extend(self.draft.files());
            used
        });
        Effect::new(move |_: Option<Timeout>| {
            used.read();
            // The former timer ends with the former value.
            Timeout::new(CLEANUP_DELAY, move || {
                if let Some(used) = used.try_get_untracked() {
                    spawn_local(async move {
                        file_store::remove_unused(used).await;
                    });
                }
            })
        });
    }

    /// The files of the pending messages.
    fn list_pending(self) -> Vec<Uuid> {
        self.draft.outbox().outbox().read().list_files()
    }

    /// Before the page is closed while a file of a pending message is not stored.
    fn warn(self, event: &Event) {
        if file_store::has_unpersisted(&untrack(|| self.list_pending())) {
            event.prevent_default();
        }
    }
}
