//! Where a message is written.

use gloo_timers::callback::Interval;
use leptos::{ev, html, prelude::*};

use super::state::{draft::WriteRestriction, use_draft, use_presence, use_viewport};
use crate::{
    components::icon::{Icon, SvgIcon},
    skeleton, strings,
};

/// The key code of a key that an input method handles, in browsers without `isComposing`.
const IN_COMPOSITION: u32 = 229;
/// How often the countdown of slow mode is updated, in milliseconds.
const COUNTDOWN_INTERVAL: u32 = 500;

#[component]
pub fn Composer() -> impl IntoView {
    let (draft, viewport, presence) = (use_draft(), use_viewport(), use_presence());
    let textarea = NodeRef::<html::Textarea>::new();
    let send = move || {
        if draft.send() {
            presence.on_sent();
            viewport.on_sent();
        }
        focus(textarea);
    };
    let on_submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        send();
    };
    focus_when_shown(textarea);
    let error =
        move || draft.error().map(|code| strings::errors::for_field("message", code)).unwrap_or_default();
    view! {
        <form class="composer" on:submit=on_submit>
            <SlowModeHint />
            <p id="composer-error" role="alert" class="error">{error}</p>
            <div class="composer-line">
                <MessageInput textarea send=Callback::new(move |()| send()) />
                // Without this, tapping the button would close the on-screen keyboard.
                <button
                    class="send"
                    class:idle=move || draft.text().trim().is_empty()
                    aria-label=strings::SEND
                    on:pointerdown=|event| event.prevent_default()
                >
                    <SvgIcon icon=Icon::Send />
                </button>
            </div>
        </form>
    }
}

#[component]
fn MessageInput(textarea: NodeRef<html::Textarea>, send: Callback<()>) -> impl IntoView {
    let (draft, presence) = (use_draft(), use_presence());
    let on_input = move |event: ev::Event| {
        let text = event_target_value(&event);
        presence.send_typing(&text);
        draft.set_text(text);
    };
    let on_key = move |event: ev::KeyboardEvent| {
        if is_send_key(&event) {
            event.prevent_default();
            send.run(());
        }
    };
    view! {
        // The style sheet makes the field as high as this text.
        <div class="message-input" data-text=move || draft.text()>
            <textarea
                rows="1"
                node_ref=textarea
                dir="auto"
                aria-label=strings::MESSAGE
                aria-describedby="composer-error"
                aria-invalid=move || draft.error().map(|_| "true")
                placeholder=strings::MESSAGE_PLACEHOLDER
                autocomplete="off"
                prop:value=move || draft.text()
                on:input=on_input
                on:keydown=on_key
            ></textarea>
        </div>
    }
}

/// Takes the focus when the composer appears.
fn focus_when_shown(textarea: NodeRef<html::Textarea>) {
    let had_focus = skeleton::typed_text("message").is_some_and(|typed| typed.has_focus);
    Effect::new(move |_| {
        if had_focus || !is_touch_screen() {
            focus(textarea);
        }
    });
}

/// Takes the place of the composer.
#[component]
pub fn WriteRestrictionNotice(restriction: WriteRestriction) -> impl IntoView {
    let text = match restriction {
        WriteRestriction::ChatClosed => strings::CHAT_IS_CLOSED,
        WriteRestriction::ReaderRole => strings::moderation::READ_ONLY,
    };
    view! { <p class="composer composer-disabled">{text}</p> }
}

/// The interval of slow mode, or how long the next message still waits.
#[component]
fn SlowModeHint() -> impl IntoView {
    let draft = use_draft();
    let interval = Memo::new(move |_| draft.slow_mode_seconds());
    let seconds_left = RwSignal::new(0);
    let count_down = move || seconds_left.set(untrack(|| draft.seconds_until_send()));
    Effect::new(move |timer: Option<Option<Interval>>| {
        // Tracks the outbox.
        seconds_left.set(draft.seconds_until_send());
        // The timer runs only in slow mode.
        timer
            .flatten()
            .filter(|_| interval.get() > 0)
            .or_else(|| (interval.get() > 0).then(|| Interval::new(COUNTDOWN_INTERVAL, count_down)))
    });
    let text = move || match (interval.get(), seconds_left.get()) {
        (0, _) => String::new(),
        (interval, 0) => strings::moderation::slow_mode(interval),
        (_, seconds) => strings::moderation::sends_in(seconds),
    };
    view! { <p class="hint slow-mode" prop:textContent=text></p> }
}

/// Enter sends, Shift+Enter breaks the line. On touch screens, which have no Shift to hold, Enter breaks the line.
fn is_send_key(event: &ev::KeyboardEvent) -> bool {
    let is_composing = event.is_composing() || event.key_code() == IN_COMPOSITION;
    event.key() == "Enter" && !event.shift_key() && !is_composing && !is_touch_screen()
}

fn is_touch_screen() -> bool {
    let query = window().match_media("(hover: none) and (pointer: coarse)");
    query.ok().flatten().is_some_and(|query| query.matches())
}

fn focus(textarea: NodeRef<html::Textarea>) {
    if let Some(textarea) = textarea.get_untracked() {
        // If the field cannot take the focus, the focus stays where it is.
        let _focused = textarea.focus();
    }
}
