//! How the user types: with an input method, as for Japanese, or on a touch screen.

use leptos::{ev, prelude::window};

/// The key code of a key that an input method handles, in browsers without `isComposing`.
const IN_COMPOSITION: u32 = 229;

/// Whether an input method handles the key.
pub fn is_composing(event: &ev::KeyboardEvent) -> bool {
    event.is_composing() || event.key_code() == IN_COMPOSITION
}

/// Whether the keyboard is on the screen.
pub fn is_touch_screen() -> bool {
    let query = window().match_media("(hover: none) and (pointer: coarse)");
    query.ok().flatten().is_some_and(|query| query.matches())
}
