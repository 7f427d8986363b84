//! A button that puts a text into the clipboard, and says that it did.

use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;

use super::icon::{Drawing, Icon};
use crate::words;

/// For how long it says so, in milliseconds.
const COPIED_FOR: u32 = 2_000;

#[component]
pub fn CopyText(
    /// How it looks.
    class: &'static str,
    /// What is copied.
    #[prop(into)]
    text: Signal<String>,
    /// What the button says.
    label: &'static str,
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
            <span class="label">{move || if copied.get() { words::COPIED } else { label }}</span>
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
