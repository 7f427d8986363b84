//! The user's drafts in all chats, stored for all tabs of the browser.

use leptos::{ev, prelude::*};

use crate::{
    session::Session,
    storage::{self, DRAFT_PREFIX},
};

/// Ends the keys under which the ids of the files of drafts are stored.
pub const FILES_SUFFIX: &str = "/files";

#[derive(Clone, Copy)]
pub struct Drafts {
    session: Session,
    changed: Trigger,
}

pub fn use_drafts() -> Drafts {
    expect_context()
}

impl Drafts {
    pub fn new(session: Session) -> Self {
        let drafts = Self { session, changed: Trigger::new() };
        // Another tab may have changed a draft.
        let _storage = window_event_listener(ev::storage, move |_| drafts.changed.notify());
        drafts
    }

    /// The draft of the chat; empty without one.
    pub fn read(self, uri: &str) -> String {
        self.changed.track();
        self.key(uri).and_then(|key| storage::read(storage::browser(), &key)).unwrap_or_default()
    }

    pub fn write(self, uri: &str, text: &str) {
        if let Some(key) = self.key(uri) {
            storage::write(storage::browser(), &key, Some(text).filter(|text| !text.is_empty()));
            self.changed.notify();
        }
    }

    /// Contains the user, so that another one does not find the text.
    pub fn key(self, uri: &str) -> Option<String> {
        let user_id = self.session.user_id_untracked()?;
        Some(format!("{DRAFT_PREFIX}{user_id}/{uri}"))
    }
}
