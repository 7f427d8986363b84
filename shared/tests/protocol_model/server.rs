//! The model of the server: what is stored, what a crash loses, and how posts, edits and reactions get their numbers.

use std::collections::BTreeSet;

use shared::id::{Head, Seq};

use crate::model::Mutation;

/// The most clients in a chat.
pub const CLIENTS_MAX: usize = 3;

/// A client's index. Each writer posts one message, so it also identifies a message.
pub type Author = usize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Row {
    pub seq: Seq,
    pub author: Author,
    pub revision: Seq,
    pub is_edited: bool,
    /// Whether the client with this index has reacted to it.
    pub reactions: [bool; CLIENTS_MAX],
}

impl Row {
    /// How often the row was changed, with its post.
    fn count_changes(&self) -> usize {
        1 + usize::from(self.is_edited) + self.reactions.iter().filter(|has_reacted| **has_reacted).count()
    }

    /// Whether `later` is this row, possibly with further changes.
    pub fn is_same_or_earlier(&self, later: &Self) -> bool {
        let is_kept = |(before, after): (&bool, &bool)| !before || *after;
        (self.seq, self.author) == (later.seq, later.author)
            && (self == later || self.revision < later.revision)
            && is_kept((&self.is_edited, &later.is_edited))
            && self.reactions.iter().zip(&later.reactions).all(is_kept)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WriteKind {
    Post,
    /// Changes the author's message. Each author makes one edit.
    Edit,
    /// Adds the author's reaction to the first message.
    React,
}

/// A write that waits to be committed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PendingWrite {
    pub author: Author,
    pub kind: WriteKind,
    /// The connection it came from still exists, so it can be answered.
    pub can_answer: bool,
    /// Its number, if it was assigned too early.
    early_seq: Option<Seq>,
}

/// A committed batch that is not published yet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CommittedBatch {
    pub after: Head,
    pub writes: Vec<PendingWrite>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Server {
    pub head: Head,
    pub rows: Vec<Row>,
    pub pending: Vec<PendingWrite>,
    pub committed: Option<CommittedBatch>,
}

impl Server {
    pub fn enqueue(&mut self, author: Author, kind: WriteKind, mutation: Option<Mutation>) {
        let early_seq = (mutation == Some(Mutation::AssignsSeqBeforeCommit)).then(|| {
            self.head = self.head.advance(1);
            self.head.as_seq()
        });
        self.pending.push(PendingWrite { author, kind, can_answer: true, early_seq });
    }

    /// Stores all pending writes, each once.
    pub fn commit(&mut self, mutation: Option<Mutation>) {
        let after = self.last_change();
        let writes = std::mem::take(&mut self.pending);
        for write in &writes {
            match write.kind {
                WriteKind::Post => {
                    if mutation == Some(Mutation::StoresDuplicates) || !self.is_stored(write.author) {
                        self.store(write);
                    }
                }
                WriteKind::Edit => self.edit(write.author, mutation),
                WriteKind::React => self.react(write.author, mutation),
            }
        }
        self.committed = Some(CommittedBatch { after, writes });
    }

    fn store(&mut self, post: &PendingWrite) {
        let seq = post.early_seq.unwrap_or(self.head.advance(1).as_seq());
        self.head = self.head.max(seq.as_head());
        self.rows.push(Row {
            seq,
            author: post.author,
            revision: seq,
            is_edited: false,
            reactions: Default::default(),
        });
    }

    fn edit(&mut self, author: Author, mutation: Option<Mutation>) {
        let Some(row) = self.rows.iter_mut().find(|row| row.author == author && !row.is_edited) else {
            return;
        };
        row.is_edited = true;
        if mutation != Some(Mutation::EditsWithoutNumber) {
            self.head = self.head.advance(1);
            row.revision = self.head.as_seq();
        }
    }

    /// A repeated reaction changes nothing.
    fn react(&mut self, author: Author, mutation: Option<Mutation>) {
        let Some(row) = self.rows.first_mut() else { return };
        if row.reactions[author] && mutation != Some(Mutation::RemovesRepeatedReaction) {
            return;
        }
        row.reactions[author] = !row.reactions[author];
        self.head = self.head.advance(1);
        row.revision = self.head.as_seq();
    }

    /// The number of the last change that is stored.
    fn last_change(&self) -> Head {
        self.rows.iter().map(|row| row.revision.as_head()).max().unwrap_or_default()
    }

    /// Whether the stored changes have the numbers from 1 on, each its own. Of a row that changed often, only the first and
    /// the last number are left.
    pub fn has_no_gap(&self) -> bool {
        let numbers: BTreeSet<_> = self.rows.iter().flat_map(|row| [row.seq, row.revision]).collect();
        let kept = self.rows.iter().map(|row| 1 + usize::from(row.revision > row.seq)).sum::<usize>();
        let changes = self.rows.iter().map(Row::count_changes).sum::<usize>();
        numbers.len() == kept && self.last_change() == Head::default().advance(changes.try_into().unwrap())
    }

    pub fn is_stored(&self, author: Author) -> bool {
        self.find_seq(author).is_some()
    }

    pub fn find_seq(&self, author: Author) -> Option<Seq> {
        self.rows.iter().find(|row| row.author == author).map(|row| row.seq)
    }

    pub fn rows_after(&self, after: Head) -> Vec<Row> {
        self.rows.iter().filter(|row| row.revision > after.as_seq()).copied().collect()
    }

    pub fn is_edited(&self, author: Author) -> bool {
        self.rows.iter().any(|row| row.author == author && row.is_edited)
    }

    pub fn has_reaction(&self, author: Author) -> bool {
        self.rows.first().is_some_and(|row| row.reactions[author])
    }

    /// A connection broke: its writes are still stored, but not answered.
    pub fn disconnect(&mut self, author: Author) {
        let committed = self.committed.iter_mut().flat_map(|batch| &mut batch.writes);
        for write in self.pending.iter_mut().chain(committed).filter(|write| write.author == author) {
            write.can_answer = false;
        }
    }

    pub fn crash(&mut self) {
        self.pending.clear();
        self.committed = None;
    }
}
