//! Where a message is written.

use leptos::{ev, html, prelude::*};

use super::room::Room;
use crate::{
    ui::icon::{Drawing, Icon},
    words,
};

/// The code of a key that an input method is still working on, in browsers that do not say so otherwise.
const IN_COMPOSITION: u32 = 229;

#[component]
pub fn Composer(
    /// The chat.
    room: Room,
) -> impl IntoView {
    let area = NodeRef::<html::Textarea>::new();
    let say = move || {
        room.say();
        focus(area);
    };
    let on_key = move |event: ev::KeyboardEvent| {
        if sends(&event) {
            event.prevent_default();
            say();
        }
    };
    Effect::new(move |before: Option<()>| {
        room.draft();
        // Once the text is in the field.
        request_animation_frame(move || fit(area));
        if before.is_none() && !is_touch() {
            focus(area);
        }
    });
    let fault = move || room.fault().map(|code| words::field("message", code)).unwrap_or_default();
    view! {
        <form
            class="composer"
            on:submit=move |event: ev::SubmitEvent| {
                event.prevent_default();
                say();
            }
        >
            <p id="composer-fault" role="alert" class="error">{fault}</p>
            <div class="composer-line">
                <textarea
                    rows="1"
                    node_ref=area
                    dir="auto"
                    aria-label=words::MESSAGE
                    aria-describedby="composer-fault"
                    aria-invalid=move || room.fault().map(|_| "true")
                    placeholder=words::WRITE
                    autocomplete="off"
                    prop:value=move || room.draft()
                    on:input=move |event| room.write(event_target_value(&event))
                    on:keydown=on_key
                ></textarea>
                // Without this a tap on the button would close the on-screen keyboard.
                <button
                    class="send"
                    class:idle=move || room.draft().trim().is_empty()
                    aria-label=words::SEND
                    on:pointerdown=|event| event.prevent_default()
                >
                    <Drawing icon=Icon::Send />
                </button>
            </div>
        </form>
    }
}

/// Enter sends, Shift+Enter breaks the line; so does Enter where there is no Shift to hold.
fn sends(event: &ev::KeyboardEvent) -> bool {
    let composing = event.is_composing() || event.key_code() == IN_COMPOSITION;
    event.key() == "Enter" && !event.shift_key() && !composing && !is_touch()
}

fn is_touch() -> bool {
    let query = window().match_media("(hover: none) and (pointer: coarse)");
    query.ok().flatten().is_some_and(|query| query.matches())
}

/// Grows with the text; the style sheet sets the bound.
fn fit(area: NodeRef<html::Textarea>) {
    // The chat may have been left meanwhile.
    let Some(area) = area.try_get_untracked().flatten() else { return };
    let style = web_sys::HtmlElement::style(&area);
    // A style that is refused leaves a field that scrolls.
    let _reset = style.set_property("height", "auto");
    let _grown = style.set_property("height", &format!("{}px", area.scroll_height()));
}

fn focus(area: NodeRef<html::Textarea>) {
    if let Some(area) = area.get_untracked() {
        // A field that cannot take the focus leaves it where it is.
        let _focused = area.focus();
    }
}
