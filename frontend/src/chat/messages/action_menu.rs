//! The actions on a stored message.

use leptos::{ev, html, prelude::*};
use shared::id::Seq;
use uuid::Uuid;

use crate::{
    api::moderation,
    chat::{announcer::Announcements, state::use_sync, use_request::use_chat_request},
    components::{
        form_request::{Outcome, focus},
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
pub fn ActionMenu(is_open: RwSignal<bool>, seq: Seq, client_id: Uuid) -> impl IntoView {
    let (sync, request) = (use_sync(), use_chat_request());
    let announcements: Announcements = expect_context();
    let first_button = NodeRef::<html::Button>::new();
    Effect::new(move |_| {
        if let Some(button) = first_button.get() {
            // If the button cannot take the focus, the focus stays where it is.
            let _focused = button.focus();
        }
    });
    let focus_message = move || focus(&format!("m-{client_id}"));
    let close = move || {
        is_open.set(false);
        focus_message();
    };
    let delete = move |_| {
        let deletion = moderation::delete_message(&sync.current_uri(), seq);
        // The deleted message gets a new element.
        request.send(deletion, move |_| {
            announcements.announce(strings::MESSAGE_DELETED.to_owned());
            request_animation_frame(focus_message);
        });
    };
    let menu = move || {
        view! {
            <div class="message-actions" on:keydown=move |event| {
                if take_escape(&event) { close() }
            }>
                <button class="quiet destructive" node_ref=first_button aria-disabled=move || request.aria_disabled() on:click=delete>
                    {strings::DELETE}
                </button>
                <button class="quiet" on:click=move |_| close()>{strings::CANCEL}</button>
                <Outcome request />
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
