//! The address under which the listeners of a chat know it.

use shared::socket::ServerFrame;

use super::{Audience, Delivery, Session, frame};

impl Audience {
    /// The chat had this address when its head was this; tells everyone if it is another one than they know.
    pub fn learn_name(&mut self, uri: &str, head: i64, delivery: &mut Delivery) {
        if head <= self.named_at {
            return;
        }
        self.named_at = head;
        if self.uri == uri {
            return;
        }
        let former = std::mem::replace(&mut self.uri, uri.to_owned());
        let Some(moved) = frame::text(&ServerFrame::Moved { uri: former, to: uri.to_owned() }) else {
            return;
        };
        for listener in self.listeners.values() {
            delivery.answer(&listener.session, moved.clone());
        }
    }

    /// Tells a session which address the chat has, if its client knows another one.
    pub fn tell_name(&self, asked: &str, session: &Session) {
        if asked != self.uri {
            session.answer(&ServerFrame::Moved { uri: asked.to_owned(), to: self.uri.clone() });
        }
    }
}
