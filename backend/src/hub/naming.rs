//! Under which address a chat is spoken of: everyone who listens is told of a new one before they hear anything that
//! bears it, and hears nothing under the old one after that.

use std::sync::{Arc, Mutex, MutexGuard};

use actix_web::web::Bytes;
use shared::{changes::Changes, socket::ServerFrame};

use super::{Hub, audience::Audience, delivery::Delivery, frame, lock, session::Session};

impl Hub {
    /// The chat had this address when its head was this. If that is news, everyone who listens is told.
    pub fn learn_name(&self, chat_id: i64, uri: &str, head: i64) {
        let Some(audience) = self.audience(chat_id) else { return };
        let mut delivery = Delivery::default();
        lock(&audience).learn_name(uri, head, &mut delivery);
    }

    /// The address under which the chat is spoken of to those who listen, if anyone does.
    pub fn name_of(&self, chat_id: i64) -> Option<String> {
        self.audience(chat_id).map(|audience| lock(&audience).uri.clone())
    }

    /// Tells a session what was read for it.
    pub fn tell_read(&self, chat_id: i64, session: &Arc<Session>, changes: Changes) {
        let Some(audience) = self.audience(chat_id) else {
            return session.answer(&ServerFrame::Changes(changes));
        };
        if let Some((_named_so, frame, _)) = in_its_name(&audience, changes) {
            session.send(frame);
        }
    }

    /// Who has the chat open, at most so many, in the order in which they came.
    pub fn here(&self, chat_id: i64, most: usize) -> Vec<i64> {
        self.audience(chat_id).map_or_else(Vec::new, |audience| lock(&audience).here(most))
    }
}

/// Changes as a frame and its JSON, and the audience, in which the chat still has the address that they bear. Made outside
/// of its lock: others need not wait for it.
pub(super) fn in_its_name(
    audience: &Mutex<Audience>,
    changes: Changes,
) -> Option<(MutexGuard<'_, Audience>, Bytes, Bytes)> {
    let mut told = ServerFrame::Changes(changes);
    loop {
        if let ServerFrame::Changes(changes) = &mut told {
            changes.uri.clone_from(&lock(audience).uri);
        }
        let (frame, json) = frame::text_and_body(&told)?;
        let locked = lock(audience);
        if matches!(&told, ServerFrame::Changes(changes) if changes.uri == locked.uri) {
            return Some((locked, frame, json));
        }
    }
}
