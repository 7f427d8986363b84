//! Sends the user's read positions to the server, at most one per second.

use gloo_timers::callback::Timeout;
use leptos::{prelude::*, task::spawn_local};
use shared::{
    id::{ChatId, Seq},
    socket::ClientFrame,
};

use crate::{api, socket::SocketClient};

/// The shortest time between two positions, in milliseconds.
const INTERVAL: u32 = 1_000;

#[derive(Clone, Copy)]
pub struct ReadSync {
    socket: SocketClient,
    queue: StoredValue<PositionQueue, LocalStorage>,
}

#[derive(Clone, PartialEq, Eq)]
pub(super) struct ReadPosition {
    pub chat_id: ChatId,
    /// A URI of the chat, for requests.
    pub uri: String,
    pub seq: Seq,
}

#[derive(Default)]
struct PositionQueue {
    pending: Option<ReadPosition>,
    last_sent: Option<ReadPosition>,
    /// Runs for [`INTERVAL`] after a position was sent.
    timer: Option<Timeout>,
}

impl PositionQueue {
    fn take_unsent(&mut self) -> Option<ReadPosition> {
        let position = self.pending.take().filter(|position| self.last_sent.as_ref() != Some(position))?;
        self.last_sent = Some(position.clone());
        Some(position)
    }
}

impl ReadSync {
    pub fn new(socket: SocketClient) -> Self {
        Self { socket, queue: StoredValue::new_local(PositionQueue::default()) }
    }

    pub fn send(self, position: ReadPosition) {
        self.queue.update_value(|queue| {
            let is_other_chat =
                queue.pending.as_ref().is_some_and(|pending| pending.chat_id != position.chat_id);
            if queue.timer.is_some() && !is_other_chat {
                queue.pending = Some(position);
                return;
            }
            // The pending position of another chat is sent at once, so that a quick change of chats does not lose it.
            let other = if is_other_chat { queue.take_unsent() } else { None };
            queue.pending = Some(position);
            for position in other.into_iter().chain(queue.take_unsent()) {
                self.send_now(position);
            }
            queue.timer = Some(self.start_timer());
        });
    }

    /// After the list was fetched: a position that the server does not have is sent again.
    pub fn forget_sent(self) {
        self.queue.update_value(|queue| queue.last_sent = None);
    }

    fn start_timer(self) -> Timeout {
        Timeout::new(INTERVAL, move || {
            self.queue.update_value(|queue| {
                queue.timer = None;
                if let Some(position) = queue.take_unsent() {
                    self.send_now(position);
                    queue.timer = Some(self.start_timer());
                }
            });
        })
    }

    fn send_now(self, ReadPosition { chat_id, uri, seq }: ReadPosition) {
        if !self.socket.send(&ClientFrame::Read { chat_id, seq }) {
            spawn_local(async move {
                // A position that is lost is sent again after the list is fetched.
                let _sent = self.socket.session().send(api::set_read_position(&uri, seq)).await;
            });
        }
    }
}
