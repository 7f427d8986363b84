//! The client. It is two programs: the chat, which everyone loads, and the pages of one's account, which few open and
//! nobody has to wait for. From page to page of one another goes by the browser itself.

pub mod account;
mod api;
pub mod app;
mod chat;
mod chats;
mod clock;
mod legacy;
mod live;
mod outbox;
mod session;
mod start;
mod storage;
mod ui;
mod words;

use leptos::{mount::mount_to, prelude::*};
use wasm_bindgen::JsCast;

/// Puts a program into the page.
pub fn show<V: IntoView + 'static>(program: fn() -> V) {
    #[cfg(debug_assertions)]
    console_error_panic_hook::set_once();
    // The page's skeleton stands where the program goes.
    let place = document().get_element_by_id("app").and_then(|place| place.dyn_into().ok());
    if let Some::<web_sys::HtmlElement>(place) = place {
        place.set_text_content(None);
        mount_to(place, program).forget();
    }
}
