//! A client: what it says, what it knows, and the connection between.

use std::collections::BTreeSet;

use shared::timeline::{Verdict, judge};

use crate::{
    model::Mistake,
    server::{Author, Row, Server},
};

/// What became of the one thing that a client has to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Saying {
    Nothing,
    Unanswered,
    Answered(i64),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Frame {
    Post,
    Subscribe {
        after: i64,
    },
    /// The way of `GET …/changes/`, and what is left of a subscription once the server listens for it.
    Fetch {
        after: i64,
    },
    /// What is left of a subscription that was read before the server listened for it.
    Listen,
    Posted {
        seq: i64,
    },
    Changes {
        after: i64,
        head: i64,
        rows: Vec<Row>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Client {
    pub saying: Saying,
    pub view: Vec<Row>,
    pub head: i64,
    pub connected: bool,
    /// The server tells it what happens.
    pub listened_for: bool,
    /// A frame was lost: sooner or later the connection breaks.
    pub torn: bool,
    /// On the way to the server, in no order.
    pub up: BTreeSet<Frame>,
    /// On the way to the client.
    pub down: BTreeSet<Frame>,
}

impl Client {
    pub fn new(writes: bool) -> Self {
        Self {
            saying: if writes { Saying::Unanswered } else { Saying::Nothing },
            view: Vec::new(),
            head: 0,
            connected: true,
            listened_for: true,
            torn: false,
            up: writes.then_some(Frame::Post).into_iter().collect(),
            down: BTreeSet::new(),
        }
    }

    pub fn disconnect(&mut self) {
        (self.connected, self.listened_for, self.torn) = (false, false, false);
        self.up.clear();
        self.down.clear();
    }

    pub fn reconnect(&mut self, mistake: Option<Mistake>) {
        self.connected = true;
        self.up.insert(Frame::Subscribe { after: self.head });
        if self.saying == Saying::Unanswered && mistake != Some(Mistake::SendsNothingAgain) {
            self.up.insert(Frame::Post);
        }
    }

    /// The server takes a frame of this client.
    pub fn is_heard(&mut self, me: Author, frame: &Frame, server: &mut Server, mistake: Option<Mistake>) {
        match frame {
            Frame::Post => server.gather(me, mistake),
            &Frame::Subscribe { after } if mistake == Some(Mistake::ReadsBeforeItListens) => {
                self.down.insert(changes(after, server));
                self.up.insert(Frame::Listen);
            }
            &Frame::Subscribe { after } => {
                self.listened_for = true;
                self.up.insert(Frame::Fetch { after });
            }
            Frame::Listen => self.listened_for = true,
            &Frame::Fetch { after } => {
                self.down.insert(changes(after, server));
            }
            Frame::Posted { .. } | Frame::Changes { .. } => unreachable!("a client does not say it"),
        }
        if mistake == Some(Mistake::AnswersBeforeTheCommit)
            && let Some(work) = server.gathering.iter().position(|work| work.author == me)
        {
            let seq = server.head + 1 + i64::try_from(work).unwrap();
            self.down.insert(Frame::Posted { seq });
        }
    }

    /// This client takes a frame of the server.
    pub fn hears(&mut self, frame: Frame, mistake: Option<Mistake>) {
        match frame {
            Frame::Posted { seq } => self.saying = Saying::Answered(seq),
            Frame::Changes { after, head, rows } => match (judge(self.head, after, head), mistake) {
                (Verdict::Fetch, Some(Mistake::AppliesWhatItShouldFetch))
                | (Verdict::Ignore, Some(Mistake::AppliesWhatItShouldIgnore))
                | (Verdict::Apply, _) => self.apply(after, head, rows),
                (Verdict::Fetch, _) => {
                    self.up.insert(Frame::Fetch { after: self.head });
                }
                (Verdict::Ignore, _) => {}
            },
            _ => unreachable!("a server does not say it"),
        }
    }

    fn apply(&mut self, after: i64, head: i64, rows: Vec<Row>) {
        self.view.retain(|row| row.seq <= after || row.seq > head);
        self.view.extend(rows);
        self.head = head;
    }
}

pub fn changes(after: i64, server: &Server) -> Frame {
    let rows = server.rows_after(after);
    let head = rows.last().map_or(after, |row| row.seq);
    Frame::Changes { after, head, rows }
}
