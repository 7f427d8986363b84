//! The link to the chat: to copy, to scan, or to share with the system's dialog.

use leptos::{html, prelude::*, task::spawn_local};
use wasm_bindgen::JsValue;

use super::state::{use_sync, use_viewport};
use crate::{
    components::{
        copy_button::CopyButton,
        icon::{Icon, SvgIcon},
        qr_code::QrCodeImage,
    },
    strings,
};

/// In the place of the first message, while the chat is empty.
#[component]
pub fn SharePanel() -> impl IntoView {
    let viewport = use_viewport();
    view! {
        <section class="card centred share" hidden=move || !viewport.is_empty()>
            <ShareLink />
        </section>
    }
}

/// The same in a popover, once there are messages.
#[component]
pub fn ShareButton() -> impl IntoView {
    let viewport = use_viewport();
    view! {
        <button class="quiet share-button" popovertarget="share" hidden=move || viewport.is_empty()>
            <SvgIcon icon=Icon::Share />
            <span class="label">{strings::onboarding::SHARE}</span>
        </button>
        <div id="share" class="popover centred share" popover="auto" role="dialog" aria-label=strings::SHARE_TITLE>
            <ShareLink />
        </div>
    }
}

#[component]
fn ShareLink() -> impl IntoView {
    let sync = use_sync();
    let input = NodeRef::<html::Input>::new();
    let url = Signal::derive(move || sync.page_url());
    let select = move |_| {
        if let Some(input) = input.get_untracked() {
            input.select();
        }
    };
    view! {
        <h2>{strings::SHARE_TITLE}</h2>
        <p class="muted">{strings::SHARE_TEXT}</p>
        <div class="input">
            <input node_ref=input readonly aria-label=strings::CHAT_LINK prop:value=url on:focus=select />
        </div>
        <div class="share-actions">
            <CopyButton class="primary" text=url label=strings::COPY_LINK />
            <SystemShareButton url />
        </div>
        <QrCodeImage text=url label=strings::onboarding::LINK_QR_CODE />
    }
}

/// Hidden where the system has no share dialog.
#[component]
fn SystemShareButton(url: Signal<String>) -> impl IntoView {
    let is_supported =
        js_sys::Reflect::has(&window().navigator(), &JsValue::from_str("share")).unwrap_or(false);
    let share = move |_| {
        let data = web_sys::ShareData::new();
        data.set_url(&url.read_untracked());
        let shared = window().navigator().share_with_data(&data);
        spawn_local(async move {
            // Fails when the user closes the dialog.
            let _shared = wasm_bindgen_futures::JsFuture::from(shared).await;
        });
    };
    view! {
        <button class="quiet" hidden=!is_supported on:click=share>
            {strings::onboarding::SHARE_WITH}
        </button>
    }
}
