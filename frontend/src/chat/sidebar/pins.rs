//! The pinned messages. Choosing one leads to it.

use leptos::{either::Either, prelude::*};
use shared::{
    id::Seq,
    message::{Message, PinsResponse},
};

use super::SidebarTab;
use crate::{
    api::{Empty, moderation as api},
    chat::{
        state::{sync::SyncStore, use_sync},
        use_request::{ChatRequest, use_chat_request},
    },
    clock,
    components::form_request::{Outcome, focus},
    strings,
};

/// Characters of a message that are read: the view shows three lines.
const TEXT_MAX: usize = 400;

/// Shown anew when the pins change.
#[component]
pub fn Pins(show: Callback<Seq>) -> impl IntoView {
    let sync = use_sync();
    let pins = Memo::new(move |_| sync.chat().map(|chat| chat.pins).unwrap_or_default());
    move || {
        if pins.read().is_empty() {
            Either::Left(view! { <p class="muted">{strings::NOTHING_PINNED}</p> })
        } else {
            Either::Right(view! { <PinList show /> })
        }
    }
}

#[component]
fn PinList(show: Callback<Seq>) -> impl IntoView {
    let (sync, request) = (use_sync(), use_chat_request());
    let messages = RwSignal::new(Vec::<Message>::new());
    request.send(api::list_pins(&sync.current_uri()), move |response: PinsResponse| {
        messages.set(response.messages);
    });
    let rows = move || {
        let messages = messages.get().into_iter();
        messages.map(|message| row(sync, request, show, &message)).collect_view()
    };
    view! {
        <p class="muted" hidden=move || !request.is_blocked()>{strings::LOADING}</p>
        <ul class="pins">{rows}</ul>
        <Outcome request />
    }
}

fn row(
    sync: SyncStore,
    request: ChatRequest,
    show: Callback<Seq>,
    message: &Message,
) -> impl IntoView + use<> {
    let (seq, at) = (message.seq, message.created_at.timestamp_millis());
    let name = sync.distinct_name(&message.user);
    let start: String = message.message.chars().take(TEXT_MAX).collect();
    let text = markdown::plain_text(&start);
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
