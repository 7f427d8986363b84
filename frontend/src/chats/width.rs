//! Whether there is room for two things beside each other.

use leptos::prelude::*;
use wasm_bindgen::{JsCast, closure::Closure};

/// As in `styles/chats.css`.
const WIDE: &str = "(width >= 900px)";

/// Goes along with the window.
pub fn is_wide() -> RwSignal<bool> {
    let wide = RwSignal::new(false);
    if let Some(query) = window().match_media(WIDE).ok().flatten() {
        wide.set(query.matches());
        let followed = query.clone();
        let follow = Closure::<dyn Fn()>::new(move || wide.set(followed.matches()));
        query.set_onchange(Some(follow.as_ref().unchecked_ref()));
        follow.forget();
        // The query hears of changes only for as long as somebody holds it.
        std::mem::forget(query);
    }
    wide
}
