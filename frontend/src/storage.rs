//! What the browser keeps for us. A browser may forbid it; then nothing is kept, and nothing breaks.

use leptos::prelude::window;
use web_sys::Storage;

/// Kept with the tab.
pub fn tab() -> Option<Storage> {
    window().session_storage().ok().flatten()
}

/// Kept with the browser.
pub fn browser() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

pub fn read(storage: Option<Storage>, key: &str) -> Option<String> {
    storage?.get_item(key).ok().flatten()
}

/// Nothing removes the entry.
pub fn write(storage: Option<Storage>, key: &str, value: Option<&str>) {
    let Some(storage) = storage else { return };
    // A full or forbidden storage loses a convenience, not a message.
    let _kept = match value {
        Some(value) => storage.set_item(key, value),
        None => storage.remove_item(key),
    };
}
