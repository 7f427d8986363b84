//! Who listens to what. The hub never waits: a listener that does not keep up is told so and reads from the database.

pub mod session;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytestring::ByteString;
use shared::{changes::Changes, socket::ServerFrame};
use tokio::sync::watch;

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
}

impl Default for Hub {
    fn default() -> Self {
        Self { listeners: Mutex::default(), closing: watch::Sender::new(false) }
    }
}

impl Hub {
    /// A session that listens to nothing yet.
    pub fn open(self: &Arc<Self>) -> Inbox {
        Inbox::new(Arc::clone(self), self.closing.subscribe())
    }

    /// Hands the changes to everyone who listens to the chat.
    pub fn publish(&self, chat_id: i64, changes: &Changes) {
        let listeners = self.listeners();
        let Some(mailboxes) = listeners.get(&chat_id) else { return };
        let Changes { after, head, .. } = *changes;
        let Some(frame) = frame(&ServerFrame::Changes(changes.clone())) else { return };
        let news = Arc::new(News { chat_id, after, head, frame });
        for mailbox in mailboxes {
            mailbox.put(Arc::clone(&news));
        }
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
