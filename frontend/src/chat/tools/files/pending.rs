//! The files of a pending message, in the list of messages.

use std::{any::Any, cell::RefCell};

use leptos::{mount::mount_to, prelude::*};
use uuid::Uuid;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::{
    preview::{FilePreview, list_files, show_preview},
    progress,
};
use crate::{
    chat::state::rows::element_id,
    outbox::{Outbox, PendingState},
    strings::uploads,
};

thread_local! {
    /// What is shown, and the message that contains it.
    static SHOWN: RefCell<Vec<(HtmlElement, Box<dyn Any>)>> = const { RefCell::new(Vec::new()) };
}

/// Shows the files below the message, which is in the page, as long as it is pending.
pub fn show(client_id: Uuid, outbox: RwSignal<Outbox>) {
    let message = document().get_element_by_id(&element_id(client_id));
    let Some(message) = message.and_then(|message| message.dyn_into::<HtmlElement>().ok()) else { return };
    let view = mount_to(message.clone(), move || view! { <PendingFiles client_id outbox /> });
    // Dropping a view calls code, which must find the cell free.
    let mut shown = SHOWN.take();
    shown.retain(|(message, _)| message.is_connected());
    shown.push((message, Box::new(view)));
    SHOWN.set(shown);
}

#[component]
fn PendingFiles(client_id: Uuid, outbox: RwSignal<Outbox>) -> impl IntoView {
    let files =
        Memo::new(move |_| outbox.read().find(client_id).map(|it| it.files.clone()).unwrap_or_default());
    let is_uploading = Memo::new(move |_| {
        outbox.read().find(client_id).is_some_and(|message| message.state == PendingState::Uploading)
    });
    let show = Callback::new(move |id| view! { <PendingFile id is_uploading /> }.into_any());
    view! {
        <ul class="pending-files" hidden=move || files.read().is_empty()>
            {list_files(files.into(), show)}
        </ul>
    }
}

#[component]
fn PendingFile(id: Uuid, is_uploading: Memo<bool>) -> impl IntoView {
    let preview = FilePreview::load(id, || ());
    view! {
        <li hidden=move || preview.is_loading()>
            {show_preview(preview)}
            <progress
                hidden=move || !is_uploading.get()
                max="1"
                value=move || progress::fraction(id).to_string()
                aria-label=move || uploads::progress(&preview.name.get())
            ></progress>
        </li>
    }
}
