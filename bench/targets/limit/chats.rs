//! The connections of each chat, and those with unwritten data.

use std::collections::HashMap;

use crate::connection::PeerConnection;

#[derive(Default)]
pub struct Chats {
    members: HashMap<String, Vec<usize>>,
    /// May contain duplicates.
    touched: Vec<usize>,
}

impl Chats {
    pub fn join(&mut self, chat: &str, connection: usize) {
        self.members.entry(chat.to_owned()).or_default().push(connection);
    }

    pub fn leave(&mut self, connection: usize) {
        self.members.values_mut().for_each(|members| members.retain(|member| *member != connection));
    }

    /// Queues the same bytes for all members. They are written at the end of the round, together with other data.
    pub fn publish(&mut self, chat: &str, frame: &[u8], connections: &mut [Option<PeerConnection>]) {
        for &member in self.members.get(chat).map_or(&[][..], Vec::as_slice) {
            if let Some(connection) = &mut connections[member]
                && connection.queue(frame)
            {
                self.touched.push(member);
            }
        }
    }

    pub fn mark_touched(&mut self, connection: usize) {
        self.touched.push(connection);
    }

    /// One write per connection.
    pub fn flush(&mut self, connections: &mut [Option<PeerConnection>]) {
        for index in self.touched.drain(..) {
            if let Some(connection) = &mut connections[index] {
                connection.flush();
            }
        }
    }
}
