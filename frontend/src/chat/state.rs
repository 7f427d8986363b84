//! The state of the open chat, in seven stores that views take from the context.
//!
//! [`sync`] owns what the server says about the chat and depends on none of the others, which subscribe to its events.

pub mod deletions;
pub mod draft;
pub mod edits;
mod join;
pub mod mention_text;
pub mod presence;
pub mod quotes;
pub mod reactions;
mod read_positions;
pub mod rows;
pub mod sync;
pub mod viewport;
mod visible_range;

use leptos::prelude::*;

use self::{
    deletions::DeletionStore, draft::DraftStore, edits::EditStore, presence::PresenceStore,
    reactions::ReactionStore, sync::SyncStore, viewport::ViewportStore,
};
use super::announcer::Announcements;
use crate::{chat_list::ChatListStore, drafts::Drafts, outbox::sender::OutboxSender, socket::SocketClient};

/// Creates the stores, which live as long as the page: a late response finds them, and a draft survives a visit to
/// another chat.
pub fn provide_chat_state(socket: SocketClient, outbox: OutboxSender, chat_list: ChatListStore) {
    let announcements = Announcements::new();
    let sync = SyncStore::new(socket);
    provide_context(announcements);
    provide_context(sync);
    let deletions = DeletionStore::new(sync, announcements);
    provide_context(deletions);
    let reactions = ReactionStore::new(sync, announcements);
    provide_context(reactions);
    provide_context(ViewportStore::new(
        sync,
        chat_list,
        outbox.outbox(),
        deletions,
        reactions,
        announcements,
    ));
    let drafts = Drafts::new(socket.session());
    provide_context(drafts);
    provide_context(EditStore::new(sync, drafts, deletions, announcements));
    provide_context(DraftStore::new(sync, outbox, drafts, announcements));
    provide_context(PresenceStore::new(sync));
}

pub fn use_sync() -> SyncStore {
    expect_context()
}

pub fn use_viewport() -> ViewportStore {
    expect_context()
}

pub fn use_deletions() -> DeletionStore {
    expect_context()
}

pub fn use_reactions() -> ReactionStore {
    expect_context()
}

pub fn use_edits() -> EditStore {
    expect_context()
}

pub fn use_draft() -> DraftStore {
    expect_context()
}

pub fn use_presence() -> PresenceStore {
    expect_context()
}
