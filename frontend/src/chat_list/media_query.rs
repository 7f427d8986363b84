//! Whether the window has space for the chat list beside a chat.

use leptos::prelude::*;
use wasm_bindgen::{JsCast, closure::Closure};

/// The same condition as in `styles/chat-list.css`.
const WIDE: &str = "(width >= 900px)";

/// Returns a signal that follows the width of the window.
pub fn track_wide() -> RwSignal<bool> {
    let is_wide = RwSignal::new(false);
    if let Some(query) = window().match_media(WIDE).ok().flatten() {
        is_wide.set(query.matches());
        let changed = query.clone();
        let on_change = Closure::<dyn Fn()>::new(move || is_wide.set(changed.matches()));
        query.set_onchange(Some(on_change.as_ref().unchecked_ref()));
        on_change.forget();
        // The query notifies only as long as it is referenced.
        std::mem::forget(query);
    }
    is_wide
}
