//! The model of a client: its post, its edit or reaction, its view of the chat, and the frames on their way over its connection.

use std::collections::BTreeSet;

use shared::{
    id::{Head, Seq},
    sync::ApplyResult,
};

use crate::{
    model::Mutation,
    server::{Author, Row, Server, WriteKind},
    view::View,
};

/// The state of the one message that a writer posts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PostState {
    /// The client is only a reader.
    None,
    Pending,
    Acknowledged(Seq),
}

/// The state of the change that a client makes to a message: writers edit their own when it is stored, others react to the
/// first one that they see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChangeState {
    /// The client makes none.
    None,
    Planned,
    Pending,
    Acknowledged,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Frame {
    Write(WriteKind),
    Subscribe {
        after: Head,
    },
    /// A request for `GET …/changes/`, and the second half of a subscription that is already active.
    Fetch {
        after: Head,
    },
    /// The second half of a subscription whose changes were read before it is active.
    Activate,
    Posted {
        seq: Seq,
    },
    Saved,
    Changes {
        after: Head,
        head: Head,
        rows: Vec<Row>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Client {
    pub post: PostState,
    pub change: ChangeState,
    change_kind: WriteKind,
    pub view: View,
    pub is_connected: bool,
    /// The server pushes changes to it.
    pub is_subscribed: bool,
    /// A frame was lost: sooner or later the connection breaks.
    pub is_broken: bool,
    /// Frames on their way to the server, unordered.
    pub up: BTreeSet<Frame>,
    /// Frames on their way to the client, unordered.
    pub down: BTreeSet<Frame>,
}

impl Client {
    /// `has_change`: whether it makes the change that clients of its kind make.
    pub fn new(is_writer: bool, has_change: bool) -> Self {
        Self {
            post: if is_writer { PostState::Pending } else { PostState::None },
            change: if has_change { ChangeState::Planned } else { ChangeState::None },
            change_kind: if is_writer { WriteKind::Edit } else { WriteKind::React },
            view: View::empty(),
            is_connected: true,
            is_subscribed: true,
            is_broken: false,
            up: is_writer.then_some(Frame::Write(WriteKind::Post)).into_iter().collect(),
            down: BTreeSet::new(),
        }
    }

    pub fn disconnect(&mut self) {
        (self.is_connected, self.is_subscribed, self.is_broken) = (false, false, false);
        self.up.clear();
        self.down.clear();
    }

    pub fn reconnect(&mut self, mutation: Option<Mutation>) {
        self.is_connected = true;
        self.up.insert(Frame::Subscribe { after: self.view.head() });
        if mutation == Some(Mutation::NeverResends) {
            return;
        }
        if self.post == PostState::Pending {
            self.up.insert(Frame::Write(WriteKind::Post));
        }
        if self.change == ChangeState::Pending {
            self.up.insert(Frame::Write(self.change_kind));
        }
    }

    /// The server receives a frame of this client.
    pub fn deliver_up(
        &mut self,
        author: Author,
        frame: &Frame,
        server: &mut Server,
        mutation: Option<Mutation>,
    ) {
        match frame {
            &Frame::Write(kind) => server.enqueue(author, kind, mutation),
            &Frame::Subscribe { after } if mutation == Some(Mutation::ReadsBeforeSubscribing) => {
                self.down.insert(changes_since(after, server));
                self.up.insert(Frame::Activate);
            }
            &Frame::Subscribe { after } => {
                self.is_subscribed = true;
                self.up.insert(Frame::Fetch { after });
            }
            Frame::Activate => self.is_subscribed = true,
            &Frame::Fetch { after } => {
                self.down.insert(changes_since(after, server));
            }
            Frame::Posted { .. } | Frame::Saved | Frame::Changes { .. } => unreachable!("a server frame"),
        }
        if mutation == Some(Mutation::AcknowledgesBeforeCommit)
            && let Some(index) = server.pending.iter().position(|write| write.author == author)
        {
            let seq = server.head.advance(1 + i64::try_from(index).unwrap()).as_seq();
            self.down.insert(Frame::Posted { seq });
        }
    }

    /// This client receives a frame of the server.
    pub fn deliver_down(&mut self, frame: Frame, mutation: Option<Mutation>) {
        match frame {
            Frame::Posted { seq } => {
                self.post = PostState::Acknowledged(seq);
                self.start_change(WriteKind::Edit);
            }
            Frame::Saved => self.change = ChangeState::Acknowledged,
            Frame::Changes { after, head, rows } => match (self.view.apply(after, head, &rows), mutation) {
                (ApplyResult::Gap, Some(Mutation::AppliesAfterGap)) => {
                    self.view.apply(self.view.head(), head, &rows);
                }
                (ApplyResult::Ignored, Some(Mutation::MovesHeadBack)) => {
                    let rows: Vec<_> = self.view.rows().collect();
                    self.view = View::open(head, &rows);
                }
                (ApplyResult::Gap, _) => {
                    self.up.insert(Frame::Fetch { after: self.view.head() });
                }
                (ApplyResult::Applied | ApplyResult::Ignored, _) => {}
                (ApplyResult::Mismatch, _) => unreachable!("there is one chat and one epoch"),
            },
            _ => unreachable!("a client frame"),
        }
        if self.view.rows().len() > 0 {
            self.start_change(WriteKind::React);
        }
    }

    fn start_change(&mut self, kind: WriteKind) {
        if self.change == ChangeState::Planned && self.change_kind == kind {
            self.change = ChangeState::Pending;
            self.up.insert(Frame::Write(kind));
        }
    }
}

pub fn changes_since(after: Head, server: &Server) -> Frame {
    let rows = server.rows_after(after);
    let head = rows.iter().map(|row| row.revision.as_head()).max().unwrap_or(after);
    Frame::Changes { after, head, rows }
}
