//! The link to the chat: to copy, to scan, to hand to another program.

use leptos::{html, prelude::*, task::spawn_local};
use wasm_bindgen::JsValue;

use super::room::Room;
use crate::{
    ui::{
        copy::CopyText,
        icon::{Drawing, Icon},
        qr::Qr,
    },
    words,
};

/// Stands where the first message will be.
#[component]
pub fn SharePanel(
    /// The chat.
    room: Room,
) -> impl IntoView {
    view! {
        <section class="card centred share" hidden=move || !room.is_empty()>
            <Link room />
        </section>
    }
}

/// The same, behind a button, when there is something to read.
#[component]
pub fn ShareButton(
    /// The chat.
    room: Room,
) -> impl IntoView {
    view! {
        <button class="quiet share-button" popovertarget="share" hidden=move || room.is_empty()>
            <Drawing icon=Icon::Share />
            <span class="label">{words::entering::SHARE}</span>
        </button>
        <div id="share" class="popover centred share" popover="auto" role="dialog" aria-label=words::SHARE_TITLE>
            <Link room />
        </div>
    }
}

#[component]
fn Link(
    /// The chat.
    room: Room,
) -> impl IntoView {
    let link = NodeRef::<html::Input>::new();
    let address = Signal::derive(move || room.address());
    let select = move |_| {
        if let Some(link) = link.get_untracked() {
            link.select();
        }
    };
    view! {
        <h2>{words::SHARE_TITLE}</h2>
        <p class="muted">{words::SHARE_TEXT}</p>
        <div class="input">
            <input node_ref=link readonly aria-label=words::LINK prop:value=address on:focus=select />
        </div>
        <div class="ways">
            <CopyText class="primary" text=address label=words::COPY_LINK />
            <ShareSheet address />
        </div>
        <Qr text=address label=words::entering::QR />
    }
}

/// The system's own way of sharing, where it has one.
#[component]
fn ShareSheet(
    /// What is shared.
    address: Signal<String>,
) -> impl IntoView {
    let offered = js_sys::Reflect::has(&window().navigator(), &JsValue::from_str("share")).unwrap_or(false);
    let share = move |_| {
        let data = web_sys::ShareData::new();
        data.set_url(&address.read_untracked());
        let shared = window().navigator().share_with_data(&data);
        spawn_local(async move {
            // Whoever closes the sheet has changed their mind.
            let _shared = wasm_bindgen_futures::JsFuture::from(shared).await;
        });
    };
    view! {
        <button class="quiet" hidden=!offered on:click=share>
            {words::entering::SHARE_BY}
        </button>
    }
}
