//! How the composer shows mentions: as `@` and a name. They are stored with ids. The module `tools` converts between the two;
//! before it is loaded, a new text stays as it is, and one with mentions cannot be edited.

use std::cell::Cell;

use shared::{mentions::Mentions, timeline::Timeline};

use super::sync::SyncStore;

/// Converts texts in both directions.
#[derive(Clone, Copy)]
pub struct MentionConverter {
    /// From names to ids.
    pub encode: fn(&Timeline, &str) -> String,
    /// From ids to names; `mentions` has the names of those who are no members any more.
    pub decode: fn(&Timeline, &str, &Mentions) -> String,
}

thread_local! {
    static CONVERTER: Cell<Option<MentionConverter>> = const { Cell::new(None) };
}

pub fn set_converter(converter: MentionConverter) {
    CONVERTER.set(Some(converter));
}

/// The text to be sent.
pub fn encode(sync: &SyncStore, text: String) -> String {
    sync.with_timeline_untracked(|timeline| match (timeline, CONVERTER.get()) {
        (Some(timeline), Some(converter)) => (converter.encode)(timeline, &text),
        _ => text,
    })
}

/// The text to be written on. `None` if it has mentions, and the module is not loaded.
pub fn decode(sync: &SyncStore, text: &str, mentions: &Mentions) -> Option<String> {
    sync.with_timeline_untracked(|timeline| match (timeline, CONVERTER.get()) {
        (Some(timeline), Some(converter)) => Some((converter.decode)(timeline, text, mentions)),
        _ => Some(text.to_owned()).filter(|_| mentions.is_empty()),
    })
}
