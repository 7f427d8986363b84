//! Frames for all connections of one user, whatever chats they subscribe to.

use std::sync::Arc;

use shared::{
    id::UserId,
    socket::{ServerFrame, close},
};
use uuid::Uuid;

use super::{Hub, frame, lock};
use crate::realtime::hub::connection::Connection;

impl Hub {
    /// Sends a frame about the user's chat list.
    pub fn send_to_user(&self, user_id: UserId, frame: &ServerFrame) {
        self.chat_list_versions.bump(user_id);
        for (_, connection) in self.connections_of_user(user_id) {
            connection.send_frame(frame);
        }
    }

    /// Sends a frame about the user's chat list that may be lost, except to the connection it came from.
    pub fn send_to_other_devices(&self, user_id: UserId, origin: Option<Uuid>, frame: &ServerFrame) {
        self.chat_list_versions.bump(user_id);
        let mut connections = self.connections_of_user(user_id);
        connections.retain(|(id, _)| Some(*id) != origin);
        if let Some(frame) = (!connections.is_empty()).then(|| frame::text(frame)).flatten() {
            for (_, connection) in connections {
                connection.send_ephemeral(&frame);
            }
        }
    }

    /// Closes the connections of a session that has ended.
    pub fn disconnect_session(&self, sid: Uuid) {
        for connection in self.all_connections().iter().filter(|connection| connection.sid() == sid) {
            connection.close(close::TOKEN_EXPIRED, "session ended");
        }
    }

    /// Closes the connections of a user whose account was deleted.
    pub fn disconnect_user(&self, user_id: UserId) {
        for (_, connection) in self.connections_of_user(user_id) {
            connection.close(close::ACCOUNT_DELETED, "account deleted");
        }
    }

    fn connections_of_user(&self, user_id: UserId) -> Vec<(Uuid, Arc<Connection>)> {
        let connections = lock(&self.connections);
        let range = (user_id, Uuid::nil())..=(user_id, Uuid::max());
        connections.range(range).map(|((_, id), connection)| (*id, Arc::clone(connection))).collect()
    }
}
