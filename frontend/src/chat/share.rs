//! The link to the chat, and copying it.

use leptos::{html, prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;

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
    let link = NodeRef::<html::Input>::new();
    let talking = move || !room.is_empty();
    let select = move |_| {
        if let Some(link) = link.get_untracked() {
            link.select();
        }
    };
    view! {
        <section class="card centred share" hidden=talking>
            <h2>{words::SHARE_TITLE}</h2>
            <p class="muted">{words::SHARE_TEXT}</p>
            <div class="input">
                <input node_ref=link readonly aria-label=words::LINK prop:value=address on:focus=select />
            </div>
            <CopyLink class="primary" hidden=Signal::derive(talking) />
        </section>
    }
}

#[component]
pub fn CopyLink(
    /// How it looks.
    class: &'static str,
    /// Whether it stands somewhere else now.
    hidden: Signal<bool>,
) -> impl IntoView {
    view! { <Copying class hidden text=address /> }
}

/// Copies another link than the chat's own.
#[component]
pub fn CopyText(
    /// How it looks.
    class: &'static str,
    /// What is copied.
    text: String,
) -> impl IntoView {
    view! { <Copying class hidden=Signal::stored(false) text=move || text.clone() /> }
}

#[component]
fn Copying(
    /// How it looks.
    class: &'static str,
    /// Whether it stands somewhere else now.
    hidden: Signal<bool>,
    /// What is copied.
    text: impl Fn() -> String + 'static,
) -> impl IntoView {
    let copied = RwSignal::new(false);
    let copy = move |_| {
        let text = text();
        spawn_local(async move {
            copied.set(copy(&text).await);
            gloo_timers::future::TimeoutFuture::new(COPIED_FOR).await;
            copied.set(false);
        });
    };
    view! {
        <button class=format!("{class} copy-link") hidden=hidden on:click=copy>
            <Drawing icon=Icon::Copy />
            <span class="label">{move || if copied.get() { words::COPIED } else { words::COPY_LINK }}</span>
        </button>
    }
}

fn address() -> String {
    let location = window().location();
    let origin = location.origin().unwrap_or_default();
    origin + &location.pathname().unwrap_or_default()
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
