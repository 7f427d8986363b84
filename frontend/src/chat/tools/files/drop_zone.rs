//! Files can be dropped anywhere on the chat, which shows that while they are dragged over it.

use std::any::Any;

use js_sys::Reflect;
use leptos::{mount::mount_to, prelude::*};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, Event, HtmlElement, Node};

use super::local_file::{FileSelection, read_files};
use crate::{
    chat::tools::listener::Listener,
    js::{call, field},
    strings::uploads,
};

/// Works until the listeners and the result are dropped.
pub fn show(
    chat: &Element,
    is_allowed: impl Fn() -> bool + Copy + 'static,
    attach: impl Fn(FileSelection) + 'static,
    listeners: &mut Vec<Listener>,
) -> Option<Box<dyn Any>> {
    let conversation = chat.query_selector(".conversation").ok()??.dyn_into::<HtmlElement>().ok()?;
    let owner = Owner::new();
    let is_over = owner.with(|| RwSignal::new(false));
    let view = mount_to(conversation, move || {
        view! {
            <div class="drop-zone" hidden=move || !is_over.get()>
                {uploads::DROP_FILES}
            </div>
        }
    });
    let over = move |event: Event| {
        if let Some(data) = take_files(&event) {
            set_effect(&data, if is_allowed() { "copy" } else { "none" });
            is_over.set(is_allowed());
        }
    };
    let left = chat.clone();
    let leave = move |event: Event| {
        let next = field(&event, "relatedTarget").and_then(|next| next.dyn_into::<Node>().ok());
        if next.is_none_or(|next| !left.contains(Some(&next))) {
            is_over.set(false);
        }
    };
    let drop = move |event: Event| {
        is_over.set(false);
        if let Some(data) = take_files(&event).filter(|_| is_allowed()) {
            attach(read_files(&data));
        }
    };
    listeners.extend(Listener::new(chat, "dragover", Box::new(over)));
    listeners.extend(Listener::new(chat, "dragleave", Box::new(leave)));
    listeners.extend(Listener::new(chat, "drop", Box::new(drop)));
    Some(Box::new((view, owner)))
}

fn set_effect(data: &JsValue, effect: &str) {
    // A browser that does not allow it keeps its own.
    let _set = Reflect::set(data, &"dropEffect".into(), &effect.into());
}

/// What is dragged, if that is files. The browser would open them otherwise.
fn take_files(event: &Event) -> Option<JsValue> {
    let data = field(event, "dataTransfer").filter(JsValue::is_object)?;
    let types = field(&data, "types")?;
    let data = call(&types, "includes", &[&"Files".into()])?.is_truthy().then_some(data)?;
    event.prevent_default();
    Some(data)
}
