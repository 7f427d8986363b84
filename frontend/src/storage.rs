//! The browser's session and local storage. When the browser forbids it, reads find nothing and writes do nothing.

use leptos::prelude::window;
use web_sys::Storage;

/// Begins the keys of drafts in [`browser`] and of edits in [`tab`].
pub const DRAFT_PREFIX: &str = "draft/";

/// Lives as long as the tab.
pub fn tab() -> Option<Storage> {
    window().session_storage().ok().flatten()
}

/// Shared by all tabs, and permanent.
pub fn browser() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

pub fn read(storage: Option<Storage>, key: &str) -> Option<String> {
    storage?.get_item(key).ok().flatten()
}

/// `None` removes the entry.
pub fn write(storage: Option<Storage>, key: &str, value: Option<&str>) {
    let Some(storage) = storage else { return };
    // Full or forbidden storage loses only convenience: messages are stored in IndexedDB.
    let _stored = match value {
        Some(value) => storage.set_item(key, value),
        None => storage.remove_item(key),
    };
}

/// Removes the drafts of all chats and users.
pub fn remove_drafts() {
    for storage in [browser(), tab()].into_iter().flatten() {
        let keys =
            (0..storage.length().unwrap_or_default()).filter_map(|index| storage.key(index).ok().flatten());
        // Removing an entry renumbers the others.
        let drafts: Vec<_> = keys.filter(|key| key.starts_with(DRAFT_PREFIX)).collect();
        for key in drafts {
            write(Some(storage.clone()), &key, None);
        }
    }
}
