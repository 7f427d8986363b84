//! The messages that are not yet visible in the timeline. A message leaves only when it is stored or its author
//! discards it, so no text is lost; the `client_id` makes sending twice harmless.

pub mod idb_store;
pub mod sender;
pub mod tab_lock;

use shared::{
    id::{ChatId, Head, Seq, UserId},
    problem::{Problem, ProblemCode},
};
use uuid::Uuid;

use crate::clock::milliseconds;

/// After so many server errors a message fails, so that it does not block those behind it.
pub const SERVER_ERRORS_MAX: u8 = 5;
/// How long to pause, in milliseconds, if the server does not say.
pub const DEFAULT_PAUSE: i64 = 2_000;
/// The longest pause that the server can ask for, in milliseconds.
pub const PAUSE_MAX: i64 = 10 * 60 * 1_000;
/// The longest pause that slow mode can ask for, in milliseconds.
const SLOW_MODE_PAUSE_MAX: i64 = 24 * 60 * 60 * 1_000;
/// After a burst of so many messages the server may begin to limit the rate, and a message behind a rejected one could
/// overtake it. From then on messages are sent one at a time.
const BURST_MAX: usize = 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PendingState {
    /// Its files are uploaded first.
    Uploading,
    Waiting,
    InFlight,
    /// Stored under this sequence number; the message leaves when the timeline has reached it.
    Stored(Seq),
    Failed(ProblemCode),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingMessage {
    pub client_id: Uuid,
    /// The author.
    pub user_id: UserId,
    pub chat_id: ChatId,
    /// A URI of the chat, possibly a former one; requests need it.
    pub uri: String,
    pub text: String,
    /// The message that it replies to.
    pub reply_to: Option<Seq>,
    /// The ids of its files.
    pub files: Vec<Uuid>,
    /// When it was written or last retried, in milliseconds since 1970: messages are sent in this order.
    pub queued_at: i64,
    pub state: PendingState,
    /// Whether it is in the browser's database.
    pub is_persisted: bool,
    server_errors: u8,
    /// Whether the server had lost its files, and they are uploaded once more.
    is_uploaded_again: bool,
}

/// What the author of a new message has written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageContent {
    pub text: String,
    /// The message that it replies to.
    pub reply_to: Option<Seq>,
    /// The ids of its files.
    pub files: Vec<Uuid>,
}

impl PendingMessage {
    pub fn content(&self) -> MessageContent {
        MessageContent { text: self.text.clone(), reply_to: self.reply_to, files: self.files.clone() }
    }

    pub fn has_failed(&self) -> bool {
        matches!(self.state, PendingState::Failed(_))
    }

    fn is_stored(&self) -> bool {
        matches!(self.state, PendingState::Stored(_))
    }

    /// Whether the browser's database has it in this state, unless another tab has changed it there.
    fn is_at_rest(&self) -> bool {
        self.is_persisted && !self.is_stored() && self.state != PendingState::InFlight
    }

    fn fail(&mut self, code: ProblemCode) {
        self.state = PendingState::Failed(code);
        self.is_persisted = false;
    }

    fn is_same_row(&self, other: &Self) -> bool {
        (self.client_id, self.queued_at, self.state) == (other.client_id, other.queued_at, other.state)
    }
}

/// That of a message with these files, when it is written or retried.
fn first_state(files: &[Uuid]) -> PendingState {
    if files.is_empty() { PendingState::Waiting } else { PendingState::Uploading }
}

/// The ids of files as they are stored.
pub fn join_ids(ids: &[Uuid]) -> String {
    ids.iter().map(Uuid::to_string).collect::<Vec<_>>().join(" ")
}

/// The inverse of [`join_ids`].
pub fn parse_ids(ids: &str) -> Vec<Uuid> {
    ids.split(' ').filter_map(|id| id.parse().ok()).collect()
}

/// A message before and after a change of its key in the browser's database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rekeyed {
    pub before: PendingMessage,
    pub after: PendingMessage,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outbox {
    /// In the order in which they are sent.
    messages: Vec<PendingMessage>,
    paused_until: i64,
    /// Until when slow mode pauses each chat.
    slow_mode_until: Vec<(ChatId, i64)>,
    /// How many messages were sent since the outbox was last empty.
    sent_in_burst: usize,
}

impl Outbox {
    pub fn enqueue(
        &mut self,
        user_id: UserId,
        chat_id: ChatId,
        uri: String,
        content: MessageContent,
        now: i64,
    ) -> PendingMessage {
        let state = first_state(&content.files);
        let MessageContent { text, reply_to, files } = content;
        let message = PendingMessage {
            client_id: Uuid::new_v4(),
            user_id,
            chat_id,
            uri,
            text,
            reply_to,
            files,
            queued_at: self.next_queued_at(now),
            state,
            is_persisted: false,
            server_errors: 0,
            is_uploaded_again: false,
        };
        self.messages.push(message.clone());
        message
    }

    /// Takes over the user's messages in the browser's database, where other tabs add, change and delete messages.
    /// Returns whether there was anything new.
    pub fn reconcile(&mut self, user_id: UserId, persisted: Vec<PendingMessage>) -> bool {
        let before = self.messages.len();
        self.messages.retain(|message| {
            message.user_id != user_id
                || !message.is_at_rest()
                || persisted.iter().any(|other| other.is_same_row(message))
        });
        let mut is_changed = self.messages.len() < before;
        for message in persisted {
            is_changed |= self.restore(message);
        }
        is_changed
    }

    /// Adds a message that was persisted by another page; `false` if it is here already.
    fn restore(&mut self, message: PendingMessage) -> bool {
        let is_new = self.find(message.client_id).is_none();
        if is_new {
            let key = |message: &PendingMessage| (message.queued_at, message.client_id);
            let index = self.messages.partition_point(|other| key(other) < key(&message));
            self.messages.insert(index, message);
        }
        is_new
    }

    /// This user's messages to this chat, in the order in which they are shown: failed ones last.
    pub fn list_for_chat(&self, chat_id: ChatId, user_id: UserId) -> impl Iterator<Item = &PendingMessage> {
        let is_listed = move |m: &&PendingMessage| m.chat_id == chat_id && m.user_id == user_id;
        let (failed, others) =
            (self.messages.iter().filter(is_listed), self.messages.iter().filter(is_listed));
        others.filter(|m| !m.has_failed()).chain(failed.filter(|m| m.has_failed()))
    }

    /// The next message to send, if fewer than `in_flight_max` are in flight. No message overtakes the one before it, unless
    /// that one's files are still uploaded.
    pub fn take_next(&mut self, user_id: UserId, in_flight_max: usize, now: i64) -> Option<PendingMessage> {
        let in_flight = self.messages.iter().filter(|m| m.state == PendingState::InFlight).count();
        let in_flight_max = if self.sent_in_burst < BURST_MAX { in_flight_max } else { 1 };
        if in_flight >= in_flight_max || now < self.paused_until {
            return None;
        }
        let is_waiting = |m: &&mut PendingMessage| m.user_id == user_id && m.state == PendingState::Waiting;
        let chats = self.slow_mode_until.iter().map(|(chat_id, _)| *chat_id);
        let slow: Vec<ChatId> = chats.filter(|chat_id| self.is_slowed(*chat_id, now)).collect();
        let next = self.messages.iter_mut().filter(is_waiting).find(|m| !slow.contains(&m.chat_id))?;
        next.state = PendingState::InFlight;
        self.sent_in_burst += 1;
        Some(next.clone())
    }

    /// Slow mode pauses only its own chat, whose messages are then sent one at a time.
    fn is_slowed(&self, chat_id: ChatId, now: i64) -> bool {
        let is_in_flight = |m: &PendingMessage| m.chat_id == chat_id && m.state == PendingState::InFlight;
        self.end_of_slow_mode(chat_id)
            .is_some_and(|until| now < until || self.messages.iter().any(is_in_flight))
    }

    /// Until when slow mode holds back a waiting message to this chat.
    pub fn slow_mode_until(&self, chat_id: ChatId, user_id: UserId) -> Option<i64> {
        let is_waiting = |m: &PendingMessage| {
            m.chat_id == chat_id && m.user_id == user_id && m.state == PendingState::Waiting
        };
        self.end_of_slow_mode(chat_id).filter(|_| self.messages.iter().any(is_waiting))
    }

    fn end_of_slow_mode(&self, chat_id: ChatId) -> Option<i64> {
        self.slow_mode_until.iter().find(|(slowed, _)| *slowed == chat_id).map(|(_, until)| *until)
    }

    /// Slow mode ended, or the server will refuse the messages: nothing is held back. Returns whether anything was.
    pub fn end_slow_mode(&mut self, chat_id: ChatId) -> bool {
        let count = self.slow_mode_until.len();
        self.slow_mode_until.retain(|(slowed, _)| *slowed != chat_id);
        self.slow_mode_until.len() < count
    }

    pub fn has_waiting(&self, user_id: UserId) -> bool {
        self.has(user_id, PendingState::Waiting)
    }

    pub fn has_uploading(&self, user_id: UserId) -> bool {
        self.has(user_id, PendingState::Uploading)
    }

    fn has(&self, user_id: UserId, state: PendingState) -> bool {
        self.messages.iter().any(|m| m.user_id == user_id && m.state == state)
    }

    /// The files of all messages.
    pub fn list_files(&self) -> Vec<Uuid> {
        self.messages.iter().flat_map(|message| message.files.iter().copied()).collect()
    }

    /// The next of this user's messages whose files are to be uploaded.
    pub fn next_upload(&self, user_id: UserId) -> Option<&PendingMessage> {
        self.messages.iter().find(|m| m.user_id == user_id && m.state == PendingState::Uploading)
    }

    /// All files of the message are uploaded: now it waits like any other. Returns it unless it is gone.
    pub fn finish_upload(&mut self, client_id: Uuid) -> Option<PendingMessage> {
        let message = self.find_uploading(client_id)?;
        message.state = PendingState::Waiting;
        message.is_persisted = false;
        Some(message.clone())
    }

    /// The files of the message cannot be uploaded, unless its author tries again.
    pub fn fail_upload(&mut self, client_id: Uuid, code: ProblemCode) {
        if let Some(message) = self.find_uploading(client_id) {
            message.fail(code);
        }
    }

    fn find_uploading(&mut self, client_id: Uuid) -> Option<&mut PendingMessage> {
        self.messages.iter_mut().find(|m| m.client_id == client_id && m.state == PendingState::Uploading)
    }

    pub fn has_in_flight(&self) -> bool {
        self.messages.iter().any(|m| m.state == PendingState::InFlight)
    }

    pub fn find(&self, client_id: Uuid) -> Option<&PendingMessage> {
        self.messages.iter().find(|m| m.client_id == client_id)
    }

    pub fn mark_stored(&mut self, client_id: Uuid, seq: Seq) {
        self.update(client_id, |message| message.state = PendingState::Stored(seq));
        if !self.messages.iter().any(|m| matches!(m.state, PendingState::Waiting | PendingState::InFlight)) {
            self.sent_in_burst = 0;
        }
    }

    /// Lets a rejected message wait or fail, or its files be uploaded once more if the server has lost them. Returns the pause
    /// in milliseconds before it is sent again.
    pub fn reject(&mut self, client_id: Uuid, problem: &Problem, now: i64) -> Option<i64> {
        let is_temporary = problem.code.is_transient() || problem.code.status() == 401;
        let is_server_error = problem.code == ProblemCode::Internal;
        let is_slow_mode = problem.code == ProblemCode::SlowMode;
        let (mut pause, mut chat_id) = (None, ChatId::default());
        self.update(client_id, |message| {
            message.server_errors += u8::from(is_server_error);
            if is_temporary && message.server_errors < SERVER_ERRORS_MAX {
                message.state = PendingState::Waiting;
                let max = if is_slow_mode { SLOW_MODE_PAUSE_MAX } else { PAUSE_MAX };
                pause =
                    Some(problem.retry_after.map_or(DEFAULT_PAUSE, |seconds| milliseconds(seconds).min(max)));
                chat_id = message.chat_id;
            } else if problem.code == ProblemCode::FileNotFound && !message.is_uploaded_again {
                message.is_uploaded_again = true;
                message.is_persisted = false;
                message.state = PendingState::Uploading;
            } else {
                message.fail(problem.code);
            }
        });
        if let Some(pause) = pause.filter(|_| is_slow_mode) {
            // A millisecond less, so that the pause is over when its timer ends.
            self.end_slow_mode(chat_id);
            self.slow_mode_until.push((chat_id, now + pause - 1));
        } else if let Some(pause) = pause {
            self.paused_until = now + pause;
            self.sent_in_burst = BURST_MAX;
        }
        pause
    }

    /// The connection broke: messages in flight may be lost and are sent again.
    pub fn requeue_in_flight(&mut self) {
        self.paused_until = 0;
        for message in self.messages.iter_mut().filter(|m| m.state == PendingState::InFlight) {
            message.state = PendingState::Waiting;
        }
    }

    /// Queues the message again, behind all others.
    pub fn retry(&mut self, client_id: Uuid, now: i64) -> Option<Rekeyed> {
        let before = self.remove(client_id)?;
        let after = PendingMessage {
            state: first_state(&before.files),
            queued_at: self.next_queued_at(now),
            is_persisted: false,
            server_errors: 0,
            is_uploaded_again: false,
            ..before.clone()
        };
        self.messages.push(after.clone());
        Some(Rekeyed { before, after })
    }

    pub fn remove(&mut self, client_id: Uuid) -> Option<PendingMessage> {
        let index = self.messages.iter().position(|m| m.client_id == client_id)?;
        Some(self.messages.remove(index))
    }

    pub fn resume(&mut self) {
        self.paused_until = 0;
    }

    /// Removes the messages that are visible in the timeline, and those that were stored at or before its head but are
    /// not loaded. Returns those that became visible before the server acknowledged them.
    pub fn acknowledge(
        &mut self,
        chat_id: ChatId,
        head: Head,
        is_visible: impl Fn(Uuid) -> bool,
    ) -> Vec<PendingMessage> {
        let is_passed = |m: &PendingMessage| {
            m.chat_id == chat_id && matches!(m.state, PendingState::Stored(seq) if seq <= head.as_seq())
        };
        let mut unacknowledged = Vec::new();
        self.messages.retain(|message| {
            let leaves = is_visible(message.client_id) || is_passed(message);
            if leaves && !message.is_stored() {
                unacknowledged.push(message.clone());
            }
            !leaves
        });
        unacknowledged
    }

    pub fn mark_persisted(&mut self, client_id: Uuid) {
        self.update(client_id, |message| message.is_persisted = true);
    }

    /// The messages that closing the page would lose.
    pub fn list_unpersisted(&self) -> Vec<PendingMessage> {
        self.messages.iter().filter(|m| !m.is_persisted && !m.is_stored()).cloned().collect()
    }

    fn next_queued_at(&self, now: i64) -> i64 {
        self.messages.last().map_or(now, |last| now.max(last.queued_at + 1))
    }

    fn update(&mut self, client_id: Uuid, update: impl FnOnce(&mut PendingMessage)) {
        if let Some(message) = self.messages.iter_mut().find(|m| m.client_id == client_id) {
            update(message);
        }
    }
}

#[cfg(test)]
mod tests;
