//! Quotes in messages, and links to messages of the same chat, lead to the message.

use leptos::{ev, prelude::untrack};
use shared::id::Seq;
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::body::QUOTED_SEQ;
use crate::chat::state::{sync::SyncStore, viewport::ViewportStore};

/// Shows the message that the click leads to, if it is on a quote or on a link of this chat.
pub fn follow_link(event: &ev::MouseEvent, sync: SyncStore, viewport: ViewportStore) {
    // Otherwise, the link is opened in another tab or window.
    let is_plain = !event.ctrl_key() && !event.meta_key() && !event.shift_key();
    if let Some(seq) = clicked_message(event, &untrack(|| sync.page_url())).filter(|_| is_plain) {
        event.prevent_default();
        viewport.request_message(seq);
    }
}

fn clicked_message(event: &ev::MouseEvent, page_url: &str) -> Option<Seq> {
    let clicked = event.target()?.dyn_into::<Element>().ok()?;
    let attribute = |selector, name| clicked.closest(selector).ok()??.get_attribute(name);
    let seq = attribute(".quote", QUOTED_SEQ).or_else(|| {
        let href = attribute("a", "href")?;
        Some(href.strip_prefix(page_url)?.strip_prefix("?at=")?.to_owned())
    });
    seq?.parse().ok()
}
