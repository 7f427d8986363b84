//! How the user types: with an input method, as for Japanese, on a touch screen, or keys for commands.

use leptos::{ev, prelude::window};

/// The key code of a key that an input method handles, in browsers without `isComposing`.
const IN_COMPOSITION: u32 = 229;

/// Whether an input method handles the key.
pub fn is_composing(event: &ev::KeyboardEvent) -> bool {
    event.is_composing() || event.key_code() == IN_COMPOSITION
}

/// Whether ⌘ is held, or Ctrl, which on a Mac moves the caret.
pub fn is_command(event: &ev::KeyboardEvent) -> bool {
    let is_mac = || window().navigator().platform().is_ok_and(|platform| platform.starts_with("Mac"));
    let is_held = event.meta_key() || (event.ctrl_key() && !is_mac());
    is_held && !event.shift_key() && !event.alt_key()
}

/// Whether the keyboard is on the screen.
pub fn is_touch_screen() -> bool {
    let query = window().match_media("(hover: none) and (pointer: coarse)");
    query.ok().flatten().is_some_and(|query| query.matches())
}
