//! What everybody took down: writers what they said, readers what they saw, and what the database holds.

use shared::timeline::Timeline;
use uuid::Uuid;

/// A message as somebody knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub seq: i64,
    pub author: i64,
    pub client_id: Uuid,
    pub text: String,
}

/// What a writer said, and the place that was acknowledged.
#[derive(Clone, Debug)]
pub struct Said {
    pub client_id: Uuid,
    pub text: String,
    pub seq: Option<i64>,
    pub tries: usize,
}

#[derive(Clone, Debug)]
pub struct Log {
    pub author: i64,
    pub said: Vec<Said>,
    /// Nothing was said before what came before it was acknowledged.
    pub one_by_one: bool,
}

#[derive(Clone, Debug)]
pub struct View {
    /// In the order in which the messages came.
    pub arrived: Vec<Row>,
    /// As they stand on the screen.
    pub shown: Vec<Row>,
    pub connections: usize,
}

#[derive(Clone, Debug)]
pub struct Evidence {
    pub writers: Vec<Log>,
    pub readers: Vec<View>,
    /// As somebody reads it who just came.
    pub fresh: Vec<Row>,
    pub stored: Vec<Row>,
    /// The numbers of the chat that went to newcomers.
    pub joined: Vec<i64>,
    pub head: i64,
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
