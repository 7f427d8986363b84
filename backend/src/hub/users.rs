//! What is told to all sockets of one user, whatever they listen to.

use std::sync::Arc;

use shared::socket::{ServerFrame, close};
use uuid::Uuid;

use super::{Hub, frame, lock, session::Session};

impl Hub {
    /// Tells all sockets of a user.
    pub fn tell_user(&self, user_id: i64, told: &ServerFrame) {
        for (_, session) in self.sessions_of(user_id) {
            session.answer(told);
        }
    }

    /// Closes the sockets that were opened in what a sign-in began and what has ended now.
    pub fn end_session(&self, sid: Uuid) {
        for session in self.sessions().iter().filter(|session| session.sid() == sid) {
            session.end(close::TOKEN_ENDED, "the session ended");
        }
    }

    /// Tells a user's sockets what may as well be lost, but not the one on which they said it themselves.
    pub fn tell_elsewhere(&self, user_id: i64, here: Option<Uuid>, told: &ServerFrame) {
        let mut sessions = self.sessions_of(user_id);
        sessions.retain(|(id, _)| Some(*id) != here);
        if let Some(frame) = (!sessions.is_empty()).then(|| frame::text(told)).flatten() {
            for (_, session) in sessions {
                session.send_passing(&frame);
            }
        }
    }

    /// Ends the sessions of a user whose account has ended.
    pub fn end_account(&self, user_id: i64) {
        for (_, session) in self.sessions_of(user_id) {
            session.end(close::REMOVED, "the account is gone");
        }
    }

    fn sessions_of(&self, user_id: i64) -> Vec<(Uuid, Arc<Session>)> {
        let all = lock(&self.sessions);
        let of_user = all.range((user_id, Uuid::nil())..=(user_id, Uuid::max()));
        of_user.map(|((_, id), session)| (*id, Arc::clone(session))).collect()
    }
}
