//! Who listens to what. The hub never waits: a listener that does not keep up is told so and reads from the database.

pub mod session;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytestring::ByteString;
use shared::{changes::Changes, socket::ServerFrame};
use tokio::sync::{broadcast, watch};

use self::session::{Inbox, Mailbox};

/// Changes of a chat as they go out: serialised once, shared by everyone who listens.
#[derive(Debug)]
pub struct News {
    pub chat_id: i64,
    pub after: i64,
    pub head: i64,
    pub frame: ByteString,
}

/// Which sessions listen to which chat.
pub struct Hub {
    listeners: Mutex<HashMap<i64, Vec<Mailbox>>>,
    closing: watch::Sender<bool>,
    /// Says which account has ended, to every session: it is rare.
    ended: broadcast::Sender<i64>,
}

impl Default for Hub {
    fn default() -> Self {
        Self {
            listeners: Mutex::default(),
            closing: watch::Sender::new(false),
            ended: broadcast::Sender::new(64),
        }
    }
}

impl Hub {
    /// A session that listens to nothing yet.
    pub fn open(self: &Arc<Self>) -> Inbox {
        Inbox::new(Arc::clone(self), self.closing.subscribe(), self.ended.subscribe())
    }

    /// Hands the changes to everyone who listens to the chat.
    pub fn publish(&self, chat_id: i64, changes: Changes) {
        if !self.listeners().contains_key(&chat_id) {
            return;
        }
        let Changes { after, head, .. } = changes;
        // Outside of the lock: other chats need not wait for it.
        let Some(frame) = frame(&ServerFrame::Changes(changes)) else { return };
        let news = Arc::new(News { chat_id, after, head, frame });
        self.each(chat_id, |mailbox| mailbox.put(Arc::clone(&news)));
    }

    /// Has everyone who listens to the chat read it again: nobody knows whether it changed.
    pub fn doubt(&self, chat_id: i64) {
        self.each(chat_id, Mailbox::fall_behind);
    }

    fn each(&self, chat_id: i64, act: impl Fn(&Mailbox)) {
        self.listeners().get(&chat_id).into_iter().flatten().for_each(act);
    }

    /// Has the sessions of a user end.
    pub fn end_account(&self, user_id: i64) {
        // Nobody may be there to hear it.
        let _ = self.ended.send(user_id);
    }

    /// Tells every session that the server stops.
    pub fn close(&self) {
        self.closing.send_replace(true);
    }

    /// Waits until every session is gone.
    pub async fn closed(&self) {
        self.closing.closed().await;
    }

    fn subscribe(&self, chat_id: i64, mailbox: Mailbox) {
        self.listeners().entry(chat_id).or_default().push(mailbox);
    }

    fn unsubscribe(&self, chat_id: i64, mailbox: &Mailbox) {
        let mut listeners = self.listeners();
        if let Some(mailboxes) = listeners.get_mut(&chat_id) {
            mailboxes.retain(|other| !other.is(mailbox));
            if mailboxes.is_empty() {
                listeners.remove(&chat_id);
            }
        }
    }

    fn listeners(&self) -> MutexGuard<'_, HashMap<i64, Vec<Mailbox>>> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A frame as text. Our own types always serialise; should one not, it is logged and left out.
pub fn frame(frame: &ServerFrame) -> Option<ByteString> {
    serde_json::to_string(frame)
        .map(ByteString::from)
        .inspect_err(|error| tracing::error!(%error, "a frame does not serialise"))
        .ok()
}
