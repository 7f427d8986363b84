//! The actions on a stored message.

use leptos::{ev, html, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use crate::{
    chat::state::{rows::MessageItem, use_deletions},
    components::{
        copy_button::CopyButton,
        form_request::focus,
        icon::{Icon, SvgIcon},
    },
    strings,
};

/// Visible while the message is hovered, tapped or focused.
#[component]
pub fn ActionMenuButton(is_open: RwSignal<bool>) -> impl IntoView {
    view! {
        <button
            class="icon-button message-menu-button"
            class:open=move || is_open.get()
            aria-label=strings::moderation::MESSAGE_ACTIONS
            aria-expanded=move || is_open.get().to_string()
            on:click=move |_| is_open.update(|is_open| *is_open = !*is_open)
        >
            <SvgIcon icon=Icon::More />
        </button>
    }
}

#[component]
pub fn ActionMenu(is_open: RwSignal<bool>, item: RwSignal<MessageItem>) -> impl IntoView {
    let deletions = use_deletions();
    let actions = NodeRef::<html::Div>::new();
    Effect::new(move |_| {
        let first = actions.get().and_then(|actions| actions.query_selector("button").ok().flatten());
        if let Some(button) = first.and_then(|button| button.dyn_into::<HtmlElement>().ok()) {
            // If the button cannot take the focus, the focus stays where it is.
            let _focused = button.focus();
        }
    });
    let close = move || {
        is_open.set(false);
        focus(&item.read_untracked().element_id());
    };
    let delete = move |_| {
        close();
        deletions.delete(item.read_untracked().seq);
    };
    let menu = move || {
        let text = Signal::derive(move || item.read().text.clone());
        let is_deletable = move || item.read().is_deletable;
        view! {
            <div class="message-actions" node_ref=actions on:keydown=move |event| {
                if take_escape(&event) { close() }
            }>
                <CopyButton class="quiet" text label=strings::COPY_TEXT />
                <button class="quiet destructive" hidden=move || !is_deletable() on:click=delete>
                    {strings::DELETE}
                </button>
            </div>
        }
    };
    move || is_open.get().then(menu)
}

/// Whether the key is Escape; then no other listener receives it.
fn take_escape(event: &ev::KeyboardEvent) -> bool {
    let is_escape = event.key() == "Escape";
    if is_escape {
        event.stop_propagation();
    }
    is_escape
}
