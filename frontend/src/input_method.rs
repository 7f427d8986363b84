//! Whether an input method composes what is typed, as for Japanese.

use leptos::ev;

/// The key code of a key that an input method handles, in browsers without `isComposing`.
const IN_COMPOSITION: u32 = 229;

/// Whether an input method handles the key.
pub fn is_composing(event: &ev::KeyboardEvent) -> bool {
    event.is_composing() || event.key_code() == IN_COMPOSITION
}
