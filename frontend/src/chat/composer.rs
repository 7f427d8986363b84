//! Where a message is written. The module `tools` adds what is not needed at first.

use leptos::{ev, html, prelude::*};

use super::{
    state::{
        draft::{DraftStore, WriteRestriction},
        edits::EditStore,
        use_draft, use_edits, use_presence, use_viewport,
    },
    tools::{self, Task},
};
use crate::{
    components::icon::{Icon, SvgIcon},
    input_method::{is_command, is_composing, is_touch_screen},
    skeleton, strings,
};

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
            <p id="composer-error" role="alert" class="error">{error}</p>
            <div class="composer-line">
                // The tools read its files.
                <label class="attach icon-button">
                    <input type="file" multiple class="visually-hidden" aria-label=strings::uploads::ATTACH_FILES />
                    <SvgIcon icon=Icon::Attach />
                </label>
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
            class:idle=move || current_text(&draft, &edits).trim().is_empty() && !draft.has_files()
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
                on:keydown=move |event| handle_key(&event, send)
            ></textarea>
        </div>
    }
}

/// The tools handle keys before this. If they are not loaded yet, formatting waits for them.
fn handle_key(event: &ev::KeyboardEvent, send: Callback<()>) {
    let key = event.key();
    if is_composing(event) {
        return;
    }
    if is_send_key(event) {
        event.prevent_default();
        send.run(());
    } else if is_command(event) && matches!(key.as_str(), "b" | "B" | "i" | "I") {
        event.prevent_default();
        tools::start(Task::Format(event_target(event), key));
    }
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
    let owner = Owner::current().unwrap_or_default();
    let had_focus = skeleton::typed_text("message").is_some_and(|typed| typed.has_focus);
    Effect::new(move |_| {
        if had_focus || !is_touch_screen() {
            focus(textarea);
        }
        if let Some(textarea) = textarea.get_untracked() {
            tools::start(Task::AddTools(textarea, owner.clone()));
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
