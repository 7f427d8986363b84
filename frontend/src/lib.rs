//! The client. It consists of two WebAssembly programs, so that the chat loads without the code of the account pages: the chat
//! program (`app`) and the account program (`account`). Links between the two are full page loads.

pub mod account;
mod api;
pub mod app;
mod chat;
mod chat_list;
mod clock;
mod components;
mod drafts;
mod export;
mod files;
mod hash_redirect;
mod input_method;
mod js;
mod lazy_styles;
mod lazy_view;
mod listeners;
mod mentions;
mod outbox;
mod pages;
mod request_error;
mod search;
mod session;
mod skeleton;
mod socket;
mod storage;
mod strings;
mod utf16;

use leptos::{mount::mount_to, prelude::*};
use wasm_bindgen::JsCast;

/// Mounts a program in the page, in place of the skeleton.
pub fn mount_program<V: IntoView + 'static>(program: fn() -> V) {
    #[cfg(debug_assertions)]
    console_error_panic_hook::set_once();
    let joining = api::early_responses::take_over();
    let root = document().get_element_by_id("app").and_then(|root| root.dyn_into().ok());
    let Some::<web_sys::HtmlElement>(root) = root else { return };
    wasm_bindgen_futures::spawn_local(async move {
        if let Some(joining) = joining {
            // If it failed, the program joins.
            let _joined = joining.await;
        }
        mount_to(root, program).forget();
    });
}
