//! What screen readers announce: messages of others, and what became of the user's own.

use leptos::prelude::*;

/// The text that is announced.
#[derive(Clone, Copy)]
pub struct Announcements(RwSignal<String>);

impl Announcements {
    pub fn new() -> Self {
        Self(RwSignal::new(String::new()))
    }

    pub fn announce(self, text: String) {
        self.0.update(|current| {
            // A trailing space makes the same text a change, so that it is announced again.
            *current = if *current == text { text + "\u{a0}" } else { text };
        });
    }

    pub fn clear(self) {
        self.0.set(String::new());
    }
}

/// The list of messages is silent itself: loading earlier messages must not be announced.
#[component]
pub fn Announcer() -> impl IntoView {
    let Announcements(text) = expect_context();
    view! {
        <div class="visually-hidden" aria-live="polite" prop:textContent=text></div>
    }
}
