//! How the composer shows mentions: as `@` and a name. They are stored with ids. The module `tools` converts between the two;
//! before it is loaded, text stays as it is.

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

/// The text to be written on.
pub fn decode(sync: &SyncStore, text: String, mentions: &Mentions) -> String {
    sync.with_timeline_untracked(|timeline| match (timeline, CONVERTER.get()) {
        (Some(timeline), Some(converter)) => (converter.decode)(timeline, &text, mentions),
        _ => text,
    })
}
