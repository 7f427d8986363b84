//! What assistive technology says of the chat: what others say, and what became of one's own messages.

use leptos::prelude::*;

use super::room::Room;

/// The list itself stays silent, or loading its history would be read aloud.
#[component]
pub fn Announcer(
    /// The chat.
    room: Room,
) -> impl IntoView {
    // A blank more or less, so that the same words are a change and are said again.
    let said = move || {
        let (count, text) = room.announced();
        if count % 2 == 0 { text } else { text + "\u{a0}" }
    };
    view! {
        <div class="hidden" aria-live="polite">
            {said}
        </div>
    }
}
