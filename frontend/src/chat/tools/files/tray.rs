//! The files of the draft, above the text.

use leptos::prelude::*;
use uuid::Uuid;

use super::preview::{FilePreview, list_files, show_preview};
use crate::{
    chat::state::{draft::DraftStore, use_draft, use_edits},
    components::{
        form_request::focus_soon,
        icon::{Icon, SvgIcon},
    },
    outbox::join_ids,
    strings::uploads,
};

#[component]
pub fn Tray(
    /// Which files are left out, and why.
    error: RwSignal<String>,
) -> impl IntoView {
    let (draft, edits) = (use_draft(), use_edits());
    let ids = Signal::derive(move || draft.files());
    let show = Callback::new(move |id| view! { <TrayItem draft id /> }.into_any());
    // The files are not those of a message that is edited.
    let is_hidden = move || !draft.has_files() || edits.is_editing();
    view! {
        <ul class="file-tray" aria-label=uploads::ATTACHED_FILES hidden=is_hidden>
            {list_files(ids, show)}
        </ul>
        <p class="error file-error" role="alert" prop:textContent=error></p>
    }
}

#[component]
fn TrayItem(draft: DraftStore, id: Uuid) -> impl IntoView {
    let preview = FilePreview::load(id, move || draft.leave_out(id));
    let on_click = move |_| {
        focus_next(&draft, id);
        remove(&draft, id);
    };
    view! {
        <li hidden=move || preview.is_loading()>
            {show_preview(preview)}
            <button
                type="button"
                class="icon-button"
                id=button_id(id)
                aria-label=move || uploads::remove(&preview.name.get())
                // Without this, tapping the button would close the on-screen keyboard.
                on:pointerdown=|event| event.prevent_default()
                on:click=on_click
            >
                <SvgIcon icon=Icon::Close />
            </button>
        </li>
    }
}

fn button_id(id: Uuid) -> String {
    format!("remove-{id}")
}

fn remove(draft: &DraftStore, id: Uuid) {
    let mut files = draft.current_files();
    files.retain(|file| *file != id);
    draft.set_files(join_ids(&files));
}

/// Moves the focus to the next button or else the one before, and to the text from the last one.
fn focus_next(draft: &DraftStore, id: Uuid) {
    let files = draft.current_files();
    let index = files.iter().position(|file| *file == id).unwrap_or_default();
    let next = files.get(index + 1).or_else(|| files.get(index.checked_sub(1)?));
    match next {
        Some(next) => focus_soon(button_id(*next)),
        None => draft.request_focus(),
    }
}
