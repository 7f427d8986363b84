//! Messages of a few emoji are shown larger.

use js_sys::Function;
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue};

use crate::js::field;

/// Three of the longest emoji, in bytes, with blanks.
const BYTES_MAX: usize = 120;

/// Whether a text is one to three emoji. The browser knows them: a table would weigh more than the list.
pub fn is_emoji_only(text: &str) -> bool {
    !text.is_ascii() && text.len() <= BYTES_MAX && ask_browser(text).unwrap_or_default()
}

/// Calls a function of `skeleton.js`.
fn ask_browser(text: &str) -> Option<bool> {
    let is_emoji: Function = field(&field(&window(), "early")?, "isEmoji")?.dyn_into().ok()?;
    is_emoji.call1(&JsValue::NULL, &text.into()).ok()?.as_bool()
}
