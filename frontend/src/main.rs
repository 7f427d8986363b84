//! The client: pages and parts, what is known of the open chat, and the one socket that keeps it true.

mod api;
mod app;
mod auth;
mod chat;
mod chats;
mod clock;
mod legacy;
mod live;
mod outbox;
mod session;
mod settings;
mod start;
mod storage;
mod ui;
mod words;

use leptos::prelude::*;
use wasm_bindgen::JsCast;

fn main() {
    #[cfg(debug_assertions)]
    console_error_panic_hook::set_once();
    forward_old_link();
    // The page's skeleton stands where the application goes.
    let place = document().get_element_by_id("app").and_then(|place| place.dyn_into().ok());
    if let Some::<web_sys::HtmlElement>(place) = place {
        place.set_text_content(None);
        mount_to(place, app::App).forget();
    }
}

/// Turns `/#/chats/<uri>` into the path that it means, before anything reads the path.
fn forward_old_link() {
    let hash = window().location().hash().unwrap_or_default();
    if let (Some(path), Ok(history)) = (legacy::path_of(&hash), window().history()) {
        // A browser that refuses leaves the person on the start page.
        let _forwarded = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(&path));
    }
}
