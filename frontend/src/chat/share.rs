//! The link to the chat: to copy, to scan, to hand to another program.

mod qr;

use leptos::{html, prelude::*, task::spawn_local};
use wasm_bindgen::{JsCast, JsValue};

use super::room::Room;
use crate::{
    ui::icon::{Drawing, Icon},
    words,
};

/// How long the button says that it copied, in milliseconds.
const COPIED_FOR: u32 = 2_000;

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
            <CopyText class="primary" text=address />
            <ShareSheet address />
        </div>
        <Qr address />
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

/// To be scanned from another screen.
#[component]
pub fn Qr(
    /// What is to be scanned.
    address: Signal<String>,
) -> impl IntoView {
    let code = move || {
        qr::code(&address.read()).map(|(width, path)| {
            view! {
                <svg class="qr" viewBox=format!("0 0 {width} {width}") role="img" aria-label=words::entering::QR>
                    <path d=path />
                </svg>
            }
        })
    };
    view! { {code} }
}

/// Copies a link.
#[component]
pub fn CopyText(
    /// How it looks.
    class: &'static str,
    /// What is copied.
    #[prop(into)]
    text: Signal<String>,
) -> impl IntoView {
    let copied = RwSignal::new(false);
    let copy = move |_| {
        spawn_local(async move {
            copied.set(copy(&text.get_untracked()).await);
            gloo_timers::future::TimeoutFuture::new(COPIED_FOR).await;
            copied.set(false);
        });
    };
    view! {
        <button class=format!("{class} copy-link") on:click=copy>
            <Drawing icon=Icon::Copy />
            <span class="label">{move || if copied.get() { words::COPIED } else { words::COPY_LINK }}</span>
        </button>
    }
}

/// Whether the text is in the clipboard now.
async fn copy(text: &str) -> bool {
    if window().is_secure_context() {
        let clipboard = window().navigator().clipboard();
        wasm_bindgen_futures::JsFuture::from(clipboard.write_text(text)).await.is_ok()
    } else {
        copy_the_old_way(text).unwrap_or(false)
    }
}

/// Without https browsers offer no clipboard, but still copy what is selected.
fn copy_the_old_way(text: &str) -> Option<bool> {
    let document = document().dyn_into::<web_sys::HtmlDocument>().ok()?;
    let area = document.create_element("textarea").ok()?.dyn_into::<web_sys::HtmlTextAreaElement>().ok()?;
    area.set_value(text);
    document.body()?.append_child(&area).ok()?;
    area.select();
    let copied = document.exec_command("copy").ok();
    area.remove();
    copied
}
