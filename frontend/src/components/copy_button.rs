//! A button that copies a text to the clipboard.

use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;

use super::icon::{Icon, SvgIcon};
use crate::strings;

/// Milliseconds for which the button says “Copied”.
const FEEDBACK_DURATION: u32 = 2_000;

#[component]
pub fn CopyButton(
    class: &'static str,
    #[prop(into)] text: Signal<String>,
    label: &'static str,
) -> impl IntoView {
    let copied = RwSignal::new(false);
    let copy = move |_| {
        spawn_local(async move {
            copied.set(copy(&text.get_untracked()).await);
            gloo_timers::future::TimeoutFuture::new(FEEDBACK_DURATION).await;
            copied.set(false);
        });
    };
    view! {
        <button class=class on:click=copy>
            <SvgIcon icon=Icon::Copy />
            <span class="label" prop:textContent=move || if copied.get() { strings::COPIED } else { label }></span>
        </button>
    }
}

/// Returns whether the text was copied.
async fn copy(text: &str) -> bool {
    if window().is_secure_context() {
        let clipboard = window().navigator().clipboard();
        wasm_bindgen_futures::JsFuture::from(clipboard.write_text(text)).await.is_ok()
    } else {
        copy_selection(text).unwrap_or(false)
    }
}

/// Without https browsers have no clipboard API, but can copy a selection.
fn copy_selection(text: &str) -> Option<bool> {
    let document = document().dyn_into::<web_sys::HtmlDocument>().ok()?;
    let area = document.create_element("textarea").ok()?.dyn_into::<web_sys::HtmlTextAreaElement>().ok()?;
    area.set_value(text);
    document.body()?.append_child(&area).ok()?;
    area.select();
    let copied = document.exec_command("copy").ok();
    area.remove();
    copied
}
