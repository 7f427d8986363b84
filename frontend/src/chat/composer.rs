//! Where a message is written.

mod context_bar;

use gloo_timers::callback::Interval;
use leptos::{ev, html, prelude::*};

use self::context_bar::{ContextBar, has_context, leave_context};
use super::{
    state::{
        draft::{DraftStore, WriteRestriction},
        edits::EditStore,
        use_draft, use_edits, use_presence, use_sync, use_viewport,
    },
    tools::{self, Task},
};
use crate::{
    components::icon::{Icon, SvgIcon},
    input_method::{is_composing, is_touch_screen},
    js, skeleton, strings,
};

/// How often the countdown of slow mode is updated, in milliseconds.
const COUNTDOWN_INTERVAL: u32 = 500;

#[component]
pub fn Composer() -> impl IntoView {
    let (draft, edits, viewport, presence) = (use_draft(), use_edits(), use_viewport(), use_presence());
    let textarea = NodeRef::<html::Textarea>::new();
    let send = move || {
        if edits.is_editing_now() {
            tools::save_edit(&edits);
        } else if draft.send() {
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
    focus_on_request(&draft, textarea);
    let draft_error =
        move || draft.error().map(|code| strings::errors::for_field("message", code)).unwrap_or_default();
    let error = move || if edits.is_editing() { edits.error() } else { draft_error() };
    view! {
        <form class="composer" on:submit=on_submit>
            <SlowModeHint />
            <ContextBar />
            <p id="composer-error" role="alert" class="error">{error}</p>
            <div class="composer-line">
                <MessageInput textarea send=Callback::new(move |()| send()) />
                <SendButton />
            </div>
        </form>
    }
}

#[component]
fn SendButton() -> impl IntoView {
    let (draft, edits) = (use_draft(), use_edits());
    let is_editing = Memo::new(move |_| edits.is_editing());
    let icon = move || {
        let icon = if is_editing.get() { Icon::Check } else { Icon::Send };
        view! { <SvgIcon icon /> }
    };
    view! {
        // Without this, tapping the button would close the on-screen keyboard.
        <button
            class="send"
            class:idle=move || current_text(&draft, &edits).trim().is_empty()
            aria-label=move || if is_editing.get() { strings::SAVE } else { strings::SEND }
            aria-disabled=move || edits.is_saving().then_some("true")
            on:pointerdown=|event| event.prevent_default()
        >
            {icon}
        </button>
    }
}

#[component]
fn MessageInput(textarea: NodeRef<html::Textarea>, send: Callback<()>) -> impl IntoView {
    let (draft, edits, presence) = (use_draft(), use_edits(), use_presence());
    let on_input = move |event: ev::Event| {
        let text = event_target_value(&event);
        if edits.is_editing_now() {
            edits.set_text(text);
        } else {
            presence.send_typing(&text);
            draft.set_text(text);
        }
    };
    let has_error =
        move || if edits.is_editing() { !edits.error().is_empty() } else { draft.error().is_some() };
    view! {
        // The style sheet makes the field as high as this text.
        <div class="message-input" data-text=move || current_text(&draft, &edits)>
            <textarea
                rows="1"
                node_ref=textarea
                dir="auto"
                aria-label=strings::MESSAGE
                aria-describedby="composer-context composer-error"
                aria-invalid=move || has_error().then_some("true")
                aria-busy=move || edits.is_saving().then_some("true")
                placeholder=strings::MESSAGE_PLACEHOLDER
                autocomplete="off"
                prop:readOnly=move || edits.is_saving()
                prop:value=move || current_text(&draft, &edits)
                on:input=on_input
                on:keydown=key_handler(textarea, send)
            ></textarea>
        </div>
    }
}

fn key_handler(
    textarea: NodeRef<html::Textarea>,
    send: Callback<()>,
) -> impl Fn(ev::KeyboardEvent) + 'static {
    let (draft, edits, viewport) = (use_draft(), use_edits(), use_viewport());
    let edit_last = move || {
        let is_empty = !edits.is_editing_now() && untrack(|| draft.text()).is_empty();
        // The last message is not stored yet.
        is_empty && !untrack(|| viewport.has_pending()) && edits.start_with_last()
    };
    move |event| {
        let has_modifier = event.shift_key() || event.ctrl_key() || event.alt_key() || event.meta_key();
        let is_handled = match event.key().as_str() {
            _ if is_composing(&event) => false,
            "Escape" if has_context(&draft, &edits) => {
                // No other listener acts on it.
                event.stop_propagation();
                leave_context(&draft, &edits);
                true
            }
            "ArrowUp" => !has_modifier && edit_last(),
            _ if is_send_key(&event) => {
                send.run(());
                true
            }
            _ => format(textarea, &event),
        };
        if is_handled {
            event.prevent_default();
        }
    }
}

/// Formats the selection if the key is for that. Without a selection, Ctrl+K is for the chat list.
fn format(textarea: NodeRef<html::Textarea>, event: &ev::KeyboardEvent) -> bool {
    let key = event.key();
    let is_link = matches!(key.as_str(), "k" | "K");
    let is_shortcut = is_link || matches!(key.as_str(), "b" | "B" | "i" | "I");
    if !is_shortcut || !is_command(event) {
        return false;
    }
    let Some(textarea) = textarea.get_untracked() else { return false };
    if is_link && !has_selection(&textarea) {
        return false;
    }
    event.stop_propagation();
    tools::start(Task::Format(textarea, key));
    true
}

fn has_selection(textarea: &web_sys::HtmlTextAreaElement) -> bool {
    let offset = |name| js::field(textarea, name).and_then(|offset| offset.as_f64());
    offset("selectionStart") != offset("selectionEnd")
}

/// Whether ⌘ is held, or Ctrl, which on a Mac moves the caret.
fn is_command(event: &ev::KeyboardEvent) -> bool {
    let is_mac = || window().navigator().platform().is_ok_and(|platform| platform.starts_with("Mac"));
    let is_held = event.meta_key() || (event.ctrl_key() && !is_mac());
    is_held && !event.shift_key() && !event.alt_key()
}

/// The text of the message that is edited, or else the draft of a new one.
fn current_text(draft: &DraftStore, edits: &EditStore) -> String {
    edits.text().unwrap_or_else(|| draft.text())
}

/// Takes the focus when another part of the page asks for it.
fn focus_on_request(draft: &DraftStore, textarea: NodeRef<html::Textarea>) {
    let draft = *draft;
    Effect::new(move |previous: Option<()>| {
        draft.track_focus_requests();
        // Not when the composer appears.
        if previous.is_some() {
            focus(textarea);
        }
    });
}

/// Takes the focus when the composer appears, and gets its tools.
fn focus_when_shown(textarea: NodeRef<html::Textarea>) {
    let (sync, presence) = (use_sync(), use_presence());
    let had_focus = skeleton::typed_text("message").is_some_and(|typed| typed.has_focus);
    Effect::new(move |_| {
        if had_focus || !is_touch_screen() {
            focus(textarea);
        }
        if let Some(textarea) = textarea.get_untracked() {
            tools::start(Task::AddTools(textarea, sync, presence));
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
    event.key() == "Enter" && !event.shift_key() && !is_touch_screen()
}

fn focus(textarea: NodeRef<html::Textarea>) {
    if let Some(textarea) = textarea.get_untracked() {
        // If the field cannot take the focus, the focus stays where it is.
        let _focused = textarea.focus();
    }
}
