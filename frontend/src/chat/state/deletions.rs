//! Messages that the user deletes. The server is asked a few seconds later, so that a deletion can be undone.

use gloo_timers::callback::Timeout;
use leptos::{prelude::*, task::spawn_local};
use shared::{
    id::Seq,
    message::{DELETE_MESSAGES_MAX, DeleteMessages},
    problem::ProblemCode,
};

use super::{
    rows::{DeliveryStatus, MessageItem, MessageKind},
    sync::{SyncEvent, SyncStore},
};
use crate::{api::moderation as api, chat::announcer::Announcements, strings};

/// For how long a deletion can be undone, in milliseconds.
const UNDO_TIME: u32 = 6_000;

#[derive(Clone, Copy)]
pub struct DeletionStore {
    sync: SyncStore,
    announcements: Announcements,
    /// Of the open chat.
    deletions: RwSignal<Vec<Deletion>, LocalStorage>,
    /// How often messages were deleted.
    count: StoredValue<u32>,
    /// Sends what can be undone. Set by the first deletion, so that the code is loaded no earlier.
    send_all: StoredValue<Option<fn(Self)>>,
}

struct Deletion {
    /// A URI of the chat.
    uri: String,
    seq: Seq,
    state: DeletionState,
}

enum DeletionState {
    /// Until the time is over. The same number as of the messages that are deleted with it.
    Undoable(u32),
    /// The timeline has it soon.
    Sent,
    /// No code: the server could not be reached.
    Failed(Option<ProblemCode>),
}

impl DeletionStore {
    pub fn new(sync: SyncStore, announcements: Announcements) -> Self {
        let (count, send_all) = (StoredValue::new(0), StoredValue::new(None));
        let store = Self { sync, announcements, deletions: RwSignal::new_local(Vec::new()), count, send_all };
        sync.subscribe(move |event| {
            if matches!(event, SyncEvent::Reset) {
                store.send_all();
                store.deletions.set(Vec::new());
            }
        });
        store
    }

    /// Returns the number of this deletion.
    pub fn delete(self, seqs: &[Seq]) -> u32 {
        let number = self.count.get_value().wrapping_add(1);
        self.count.set_value(number);
        self.send_all.set_value(Some(|store| store.send(None)));
        let uri = self.sync.current_uri();
        self.deletions.update(|deletions| {
            deletions.retain(|deletion| !seqs.contains(&deletion.seq));
            let state = || DeletionState::Undoable(number);
            deletions.extend(seqs.iter().map(|seq| Deletion { uri: uri.clone(), seq: *seq, state: state() }));
        });
        Timeout::new(UNDO_TIME, move || self.send(Some(number))).forget();
        self.announcements.announce(strings::moderation::deleted_messages(seqs.len()));
        number
    }

    /// Whether the user deletes this message, and that has not failed. Does not track.
    pub fn contains(self, seq: Seq) -> bool {
        let is_deleted = |it: &Deletion| it.seq == seq && !matches!(it.state, DeletionState::Failed(_));
        self.deletions.with_untracked(|deletions| deletions.iter().any(is_deleted))
    }

    /// Subscribes to every change.
    pub fn track(self) {
        self.deletions.track();
    }

    /// How many messages of a deletion can be undone.
    pub fn count_undoable(self, number: u32) -> usize {
        self.deletions.read().iter().filter(|deletion| deletion.is_undoable(Some(number))).count()
    }

    pub fn undo(self, seq: Seq) {
        self.deletions.update(|deletions| deletions.retain(|deletion| deletion.seq != seq));
    }

    /// Undoes what can be undone of a deletion.
    pub fn undo_all(self, number: u32) {
        self.deletions.update(|deletions| deletions.retain(|deletion| !deletion.is_undoable(Some(number))));
    }

    /// Called when the page is hidden or left, or the chat is left.
    pub fn send_all(self) {
        if let Some(send_all) = self.send_all.get_value() {
            send_all(self);
        }
    }

    /// Sends the deletion with this number, or all.
    fn send(self, number: Option<u32>) {
        let (mut uri, mut seqs) = (String::new(), Vec::new());
        self.deletions.update(|deletions| {
            for deletion in deletions.iter_mut().filter(|deletion| deletion.is_undoable(number)) {
                deletion.state = DeletionState::Sent;
                uri.clone_from(&deletion.uri);
                seqs.push(deletion.seq);
            }
        });
        for seqs in seqs.chunks(DELETE_MESSAGES_MAX) {
            spawn_local(self.request(uri.clone(), seqs.to_vec()));
        }
    }

    async fn request(self, uri: String, seqs: Vec<Seq>) {
        let request = match *seqs.as_slice() {
            [seq] => api::delete_message(&uri, seq),
            _ => api::delete_messages(&uri, &DeleteMessages { seqs: seqs.clone() }),
        };
        match self.sync.session().send(request).await {
            // Without a socket, nothing else brings the change into the timeline.
            Ok(_) if !self.sync.has_socket() => self.sync.fetch_changes(),
            Ok(_) => {}
            Err(error) => {
                let is_failed = |it: &&mut Deletion| seqs.contains(&it.seq);
                self.deletions.update(|deletions| {
                    for deletion in deletions.iter_mut().filter(is_failed) {
                        deletion.state = DeletionState::Failed(error.code());
                    }
                });
                self.announcements.announce(strings::not_deleted(error.code()));
            }
        }
    }

    /// Shows a message as it is after the user's deletion. Tracks the deletions.
    pub fn apply(self, item: &mut MessageItem) {
        let deletions = self.deletions.read();
        let Some(deletion) = deletions.iter().find(|deletion| deletion.seq == item.seq) else { return };
        if !matches!(deletion.state, DeletionState::Failed(_)) {
            (item.quote, item.edited_at) = (None, None);
            item.files.clear();
        }
        match deletion.state {
            _ if item.kind != MessageKind::Text => {}
            DeletionState::Undoable(_) => item.kind = MessageKind::Undoable,
            DeletionState::Sent => item.kind = MessageKind::Deleted(1),
            DeletionState::Failed(code) => item.status = DeliveryStatus::NotDeleted(code),
        }
    }
}

impl Deletion {
    /// Whether it can be undone, and has this number if there is one.
    fn is_undoable(&self, number: Option<u32>) -> bool {
        matches!(self.state, DeletionState::Undoable(own) if number.is_none_or(|number| number == own))
    }
}
