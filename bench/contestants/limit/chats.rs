//! Who listens to which chat, and what waits to be written.

use std::collections::HashMap;

use crate::peer::Peer;

#[derive(Default)]
pub struct Chats {
    members: HashMap<String, Vec<usize>>,
    /// Peers that have something waiting; some twice.
    touched: Vec<usize>,
}

impl Chats {
    pub fn join(&mut self, chat: &str, peer: usize) {
        self.members.entry(chat.to_owned()).or_default().push(peer);
    }

    pub fn leave(&mut self, peer: usize) {
        self.members.values_mut().for_each(|members| members.retain(|member| *member != peer));
    }

    /// The same bytes for everyone; they go out when the round is over, joined with whatever else waits.
    pub fn publish(&mut self, chat: &str, frame: &[u8], peers: &mut [Option<Peer>]) {
        for &member in self.members.get(chat).map_or(&[][..], Vec::as_slice) {
            if let Some(peer) = &mut peers[member]
                && peer.queue(frame)
            {
                self.touched.push(member);
            }
        }
    }

    pub fn touched(&mut self, peer: usize) {
        self.touched.push(peer);
    }

    /// One write for each peer.
    pub fn flush(&mut self, peers: &mut [Option<Peer>]) {
        for index in self.touched.drain(..) {
            if let Some(peer) = &mut peers[index] {
                peer.flush();
            }
        }
    }
}
