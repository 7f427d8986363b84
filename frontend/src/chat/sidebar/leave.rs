//! Leaving the chat, and deleting it.

use leptos::{either::Either, ev, html, prelude::*};

use crate::{
    api::{auth, moderation as api},
    chat::{
        state::use_sync,
        use_request::{ChatRequest, use_chat_request},
    },
    components::{confirm::ConfirmedButton, form_request::Outcome},
    strings::{self, moderation},
};

/// Anyone may leave the chat, and the owner may delete it.
#[component]
pub fn LeaveOrDelete() -> impl IntoView {
    let sync = use_sync();
    let is_owner = Memo::new(move |_| sync.current_member().is_owner());
    view! {
        {move || is_owner.get().then(|| view! { <p class="hint">{moderation::OWNER_LEAVES}</p> })}
        <LeaveChat />
        {move || is_owner.get().then(|| view! { <DeleteChat /> })}
    }
}

#[component]
fn LeaveChat() -> impl IntoView {
    let (sync, request) = (use_sync(), use_chat_request());
    let leave = move |()| request.send(auth::leave_chat(&sync.current_uri()), move |_| sync.on_left());
    view! {
        <ConfirmedButton
            class="plain destructive"
            label=moderation::LEAVE
            question=moderation::LEAVE_CONFIRM
            request
            on_confirm=leave
        />
    }
}

#[component]
fn DeleteChat() -> impl IntoView {
    let request = use_chat_request();
    let is_confirming = RwSignal::new(false);
    move || {
        if is_confirming.get() {
            Either::Left(view! { <DeleteChatForm is_confirming request /> })
        } else {
            Either::Right(view! {
                <button class="plain destructive" on:click=move |_| is_confirming.set(true)>
                    {moderation::DELETE_CHAT}
                </button>
            })
        }
    }
}

/// Deletes the chat after a word was typed.
#[component]
fn DeleteChatForm(is_confirming: RwSignal<bool>, request: ChatRequest) -> impl IntoView {
    let sync = use_sync();
    let typed = RwSignal::new(String::new());
    let is_confirmed = move || typed.read().trim().eq_ignore_ascii_case(moderation::DELETE_CHAT_WORD);
    let delete = move |event: ev::SubmitEvent| {
        event.prevent_default();
        if untrack(is_confirmed) {
            request.send(api::delete_chat(&sync.current_uri()), move |_| sync.on_deleted());
        }
    };
    view! {
        <form class="confirm" on:submit=delete>
            <p id="delete-hint">
                {moderation::DELETE_CHAT_CONFIRM} " " <strong>{moderation::DELETE_CHAT_WORD}</strong> "."
            </p>
            <ConfirmationInput typed />
            <div class="button-row">
                <button
                    class="danger"
                    aria-disabled=move || if is_confirmed() { request.aria_disabled() } else { Some("true") }
                >
                    {moderation::DELETE_CHAT}
                </button>
                <button type="button" class="plain" on:click=move |_| is_confirming.set(false)>
                    {strings::CANCEL}
                </button>
            </div>
            <Outcome request />
        </form>
    }
}

#[component]
fn ConfirmationInput(typed: RwSignal<String>) -> impl IntoView {
    let input = NodeRef::<html::Input>::new();
    Effect::new(move |_| {
        if let Some(input) = input.get() {
            // If the field cannot take the focus, the focus stays where it is.
            let _focused = input.focus();
        }
    });
    view! {
        <div class="input">
            <input
                node_ref=input
                aria-label=moderation::CONFIRMATION
                aria-describedby="delete-hint"
                autocomplete="off"
                autocapitalize="none"
                on:input=move |event| typed.set(event_target_value(&event))
            />
        </div>
    }
}
