//! When slow mode lets the next message pass.

use gloo_timers::callback::Interval;
use leptos::prelude::*;

use crate::{chat::state::use_draft, strings};

/// How often the countdown of slow mode is updated, in milliseconds.
const COUNTDOWN_INTERVAL: u32 = 500;

/// The interval of slow mode, or how long the next message still waits.
#[component]
pub fn SlowModeHint() -> impl IntoView {
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
