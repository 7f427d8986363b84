//! The pinned messages. Choosing one leads to it.

use leptos::prelude::*;
use shared::{
    id::Seq,
    message::{Message, PinsResponse},
};

use super::SidebarTab;
use crate::{
    api::{Empty, moderation as api},
    chat::{
        state::use_sync,
        use_request::{ChatRequest, use_chat_request},
    },
    clock,
    components::form_request::{Outcome, focus},
    mentions::plain_text,
    strings,
};

/// Characters of a message that are read: the view shows three lines.
const TEXT_MAX: usize = 400;

#[component]
pub fn Pins(show: Callback<Seq>) -> impl IntoView {
    let sync = use_sync();
    let pins = Memo::new(move |_| sync.chat().map(|chat| chat.pins).unwrap_or_default());
    let messages = RwSignal::new(Vec::<Message>::new());
    let shown = move || {
        let (messages, pins) = (messages.get().into_iter(), pins.read());
        messages.filter(|message| pins.contains(&message.seq)).collect::<Vec<_>>()
    };
    // Shown anew when the pins change. The list stays, so that it keeps its scroll position.
    let request = move || pins.with(|pins| !pins.is_empty()).then(|| view! { <PinRequest messages /> });
    view! {
        <p class="muted" hidden=move || !pins.read().is_empty()>{strings::NOTHING_PINNED}</p>
        <ul class="pins">
            <For
                each=shown
                key=|message| (message.seq, message.revision)
                children=move |message| view! { <PinRow message show /> }
            />
        </ul>
        {request}
    }
}

/// Loads the pinned messages.
#[component]
fn PinRequest(messages: RwSignal<Vec<Message>>) -> impl IntoView {
    let (sync, request) = (use_sync(), use_chat_request());
    request.send(api::list_pins(&sync.current_uri()), move |response: PinsResponse| {
        messages.set(response.messages);
    });
    let is_loading = move || request.is_blocked() && messages.read().is_empty();
    view! {
        <p class="muted" hidden=move || !is_loading()>{strings::LOADING}</p>
        <Outcome request />
    }
}

#[component]
fn PinRow(message: Message, show: Callback<Seq>) -> impl IntoView {
    let (sync, request) = (use_sync(), use_chat_request());
    let (seq, at) = (message.seq, message.created_at.timestamp_millis());
    let name = sync.distinct_name(&message.user);
    let text = plain_text(&message, &sync.mentions(&message), TEXT_MAX);
    view! {
        <li>
            <button class="pin" title=strings::SHOW_MESSAGE on:click=move |_| show.run(seq)>
                <span class="pin-head">
                    <bdi>{name}</bdi>
                    <time class="hint" datetime=clock::iso(at)>{clock::date_and_time(at)}</time>
                </span>
                <span class="pin-text" dir="auto">{text}</span>
            </button>
            <UnpinButton request seq />
            <Outcome request />
        </li>
    }
}

/// Offered to moderators.
#[component]
fn UnpinButton(request: ChatRequest, seq: Seq) -> impl IntoView {
    let sync = use_sync();
    let unpin = move |_| {
        // The button goes with the message.
        focus(SidebarTab::Pins.id());
        request.send(api::unpin_message(&sync.current_uri(), seq), |_: Empty| {});
    };
    view! {
        <button
            class="quiet"
            hidden=move || !sync.current_member().is_moderator()
            aria-disabled=move || request.aria_disabled()
            on:click=unpin
        >
            {strings::UNPIN}
        </button>
    }
}
