//! What writers sent, what readers received, and what the database holds.

use shared::{
    id::{Head, Seq, UserId},
    timeline::Timeline,
};
use uuid::Uuid;

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub seq: Seq,
    pub author: UserId,
    pub client_id: Uuid,
    pub text: String,
}

/// A message that a writer sent, and the `seq` that was acknowledged.
#[derive(Clone, Debug)]
pub struct SentMessage {
    pub client_id: Uuid,
    pub text: String,
    pub seq: Option<Seq>,
    pub tries: usize,
}

#[derive(Clone, Debug)]
pub struct WriterLog {
    pub author: UserId,
    pub sent: Vec<SentMessage>,
    /// Each message was sent after the one before it was acknowledged.
    pub one_by_one: bool,
}

#[derive(Clone, Debug)]
pub struct ReaderView {
    /// Messages in the order in which they arrived.
    pub arrived: Vec<Row>,
    /// Messages in the order in which they are shown.
    pub shown: Vec<Row>,
    pub connections: usize,
}

#[derive(Clone, Debug)]
pub struct Report {
    pub writers: Vec<WriterLog>,
    pub readers: Vec<ReaderView>,
    /// Messages as a new client reads them.
    pub history: Vec<Row>,
    pub stored: Vec<Row>,
    /// Sequence numbers of the members.
    pub joined: Vec<Seq>,
    pub head: Head,
}

pub fn shown(timeline: &Timeline) -> Vec<Row> {
    timeline.messages().map(row).collect()
}

pub fn row(message: &shared::message::Message) -> Row {
    Row {
        seq: message.seq,
        author: message.user.id,
        client_id: message.client_id,
        text: message.message.clone(),
    }
}
