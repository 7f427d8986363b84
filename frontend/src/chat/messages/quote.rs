//! Quotes in messages, and links to messages of the same chat, lead to the message.

use leptos::ev;
use shared::id::Seq;
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::body::QUOTED_SEQ;

/// The message that the click leads to. `page_url` is the URL of the chat.
pub fn clicked_message(event: &ev::MouseEvent, page_url: &str) -> Option<Seq> {
    let clicked = event.target()?.dyn_into::<Element>().ok()?;
    let attribute = |selector, name| clicked.closest(selector).ok()??.get_attribute(name);
    let seq = attribute(".quote", QUOTED_SEQ).or_else(|| {
        let href = attribute("a", "href")?;
        Some(href.strip_prefix(page_url)?.strip_prefix("?at=")?.to_owned())
    });
    seq?.parse().ok()
}
