//! Messages that the user deletes. The server is asked a few seconds later, so that a deletion can be undone.

use gloo_timers::callback::Timeout;
use leptos::{prelude::*, task::spawn_local};
use shared::{id::Seq, problem::ProblemCode};

use super::{
    rows::{DeliveryStatus, MessageItem, MessageKind},
    sync::{SyncEvent, SyncStore},
};
use crate::{api::moderation, chat::announcer::Announcements, strings};

/// For how long a deletion can be undone, in milliseconds.
const UNDO_TIME: u32 = 6_000;

#[derive(Clone, Copy)]
pub struct DeletionStore {
    sync: SyncStore,
    announcements: Announcements,
    /// Of the open chat.
    deletions: RwSignal<Vec<Deletion>, LocalStorage>,
}

struct Deletion {
    /// A URI of the chat.
    uri: String,
    seq: Seq,
    state: DeletionState,
}

enum DeletionState {
    /// Until the timer runs out.
    Undoable(#[expect(dead_code, reason = "dropping it stops the timer")] Timeout),
    /// The timeline has it soon.
    Sent,
    /// No code: the server could not be reached.
    Failed(Option<ProblemCode>),
}

impl DeletionStore {
    pub fn new(sync: SyncStore, announcements: Announcements) -> Self {
        let store = Self { sync, announcements, deletions: RwSignal::new_local(Vec::new()) };
        sync.subscribe(move |event| {
            if matches!(event, SyncEvent::Reset) {
                store.send_all();
                store.deletions.set(Vec::new());
            }
        });
        store
    }

    pub fn delete(self, seq: Seq) {
        let uri = self.sync.current_uri();
        let timer = Timeout::new(UNDO_TIME, {
            let uri = uri.clone();
            move || self.send(uri, seq)
        });
        self.deletions.update(|deletions| {
            deletions.retain(|deletion| deletion.seq != seq);
            deletions.push(Deletion { uri, seq, state: DeletionState::Undoable(timer) });
        });
        self.announcements.announce(strings::MESSAGE_DELETED.to_owned());
    }

    /// Whether the user deletes this message. Does not track.
    pub fn contains(self, seq: Seq) -> bool {
        self.deletions.with_untracked(|deletions| deletions.iter().any(|deletion| deletion.seq == seq))
    }

    pub fn undo(self, seq: Seq) {
        self.deletions.update(|deletions| deletions.retain(|deletion| deletion.seq != seq));
    }

    /// Called when the page is hidden or left, or the chat is left.
    pub fn send_all(self) {
        let undoable = |deletion: &Deletion| {
            let is_undoable = matches!(deletion.state, DeletionState::Undoable(_));
            is_undoable.then(|| (deletion.uri.clone(), deletion.seq))
        };
        let unsent: Vec<_> = self.deletions.read_untracked().iter().filter_map(undoable).collect();
        for (uri, seq) in unsent {
            self.send(uri, seq);
        }
    }

    fn send(self, uri: String, seq: Seq) {
        let sync = self.sync;
        self.set_state(&uri, seq, DeletionState::Sent);
        spawn_local(async move {
            let response = sync.session().send(moderation::delete_message(&uri, seq)).await;
            match response {
                // Without a socket, nothing else brings the change into the timeline.
                Ok(_) if !sync.has_socket() => sync.fetch_changes(),
                Ok(_) => {}
                Err(error) => {
                    self.set_state(&uri, seq, DeletionState::Failed(error.code()));
                    self.announcements.announce(strings::not_deleted(error.code()));
                }
            }
        });
    }

    fn set_state(self, uri: &str, seq: Seq, state: DeletionState) {
        self.deletions.update(|deletions| {
            if let Some(deletion) = deletions.iter_mut().find(|it| it.seq == seq && it.uri == uri) {
                deletion.state = state;
            }
        });
    }

    /// Shows a message as it is after the user's deletion. Tracks the deletions.
    pub fn apply(self, item: &mut MessageItem) {
        let deletions = self.deletions.read();
        let Some(deletion) = deletions.iter().find(|deletion| deletion.seq == item.seq) else { return };
        if !matches!(deletion.state, DeletionState::Failed(_)) {
            (item.quote, item.edited_at) = (None, None);
        }
        match deletion.state {
            _ if item.kind != MessageKind::Text => {}
            DeletionState::Undoable(_) => item.kind = MessageKind::Undoable,
            DeletionState::Sent => item.kind = MessageKind::Deleted(1),
            DeletionState::Failed(code) => item.status = DeliveryStatus::NotDeleted(code),
        }
    }
}
