//! Where a message is written.

use gloo_timers::callback::Interval;
use leptos::{ev, html, prelude::*};

use super::room::{Room, keeping::Hush};
use crate::{
    ui::icon::{Drawing, Icon},
    words,
};

/// The code of a key that an input method is still working on, in browsers that do not say so otherwise.
const IN_COMPOSITION: u32 = 229;

/// How often a countdown is looked at, in milliseconds.
const TICK: u32 = 500;

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
            <Slow room />
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

/// Stands where one would write, and says why one cannot.
#[component]
pub fn Hushed(
    /// Why.
    hush: Hush,
) -> impl IntoView {
    let why = match hush {
        Hush::Closed => words::keeping::CHAT_IS_CLOSED,
        Hush::OnlyReading => words::keeping::ONLY_READING,
    };
    view! { <p class="composer hushed">{why}</p> }
}

/// How slow the chat is, and when what waits goes out.
#[component]
fn Slow(
    /// The chat.
    room: Room,
) -> impl IntoView {
    let pace = Memo::new(move |_| room.pace());
    let left = RwSignal::new(0);
    let count = move || left.set(untrack(|| room.held_for()));
    Effect::new(move |ticking: Option<Option<Interval>>| {
        room.track();
        count();
        // It ticks only where there is something to wait for.
        ticking
            .flatten()
            .filter(|_| pace.get() > 0)
            .or_else(|| (pace.get() > 0).then(|| Interval::new(TICK, count)))
    });
    let line = move || match (pace.get(), left.get()) {
        (0, _) => String::new(),
        (pace, 0) => words::keeping::slow(pace),
        (_, left) => words::keeping::goes_out_in(left),
    };
    view! { <p class="hint slow">{line}</p> }
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
