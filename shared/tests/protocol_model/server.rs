//! The model of the server: what is stored, what a crash loses, and how posts get their numbers.

use shared::id::{Head, Seq};

use crate::model::Mutation;

/// A client's index. Each writer posts one message, so it also identifies a message.
pub type Author = usize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Row {
    pub seq: Seq,
    pub author: Author,
}

/// A post that waits to be committed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PendingPost {
    pub author: Author,
    /// The connection it came from still exists, so it can be answered.
    pub can_answer: bool,
    /// Its number, if it was assigned too early.
    early_seq: Option<Seq>,
}

/// A committed batch that is not published yet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CommittedBatch {
    pub after: Head,
    pub posts: Vec<PendingPost>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Server {
    pub head: Head,
    pub rows: Vec<Row>,
    pub pending: Vec<PendingPost>,
    pub committed: Option<CommittedBatch>,
}

impl Server {
    pub fn enqueue(&mut self, author: Author, mutation: Option<Mutation>) {
        let early_seq = (mutation == Some(Mutation::AssignsSeqBeforeCommit)).then(|| {
            self.head = self.head.advance(1);
            self.head.as_seq()
        });
        self.pending.push(PendingPost { author, can_answer: true, early_seq });
    }

    /// Stores all pending posts, each message once.
    pub fn commit(&mut self, mutation: Option<Mutation>) {
        let after = self.rows.last().map_or(Head::default(), |row| row.seq.as_head());
        let posts = std::mem::take(&mut self.pending);
        for post in &posts {
            if mutation == Some(Mutation::StoresDuplicates) || !self.is_stored(post.author) {
                self.store(post);
            }
        }
        self.committed = Some(CommittedBatch { after, posts });
    }

    fn store(&mut self, post: &PendingPost) {
        let seq = post.early_seq.unwrap_or(self.head.advance(1).as_seq());
        self.head = self.head.max(seq.as_head());
        self.rows.push(Row { seq, author: post.author });
    }

    pub fn is_stored(&self, author: Author) -> bool {
        self.find_seq(author).is_some()
    }

    pub fn find_seq(&self, author: Author) -> Option<Seq> {
        self.rows.iter().find(|row| row.author == author).map(|row| row.seq)
    }

    pub fn rows_after(&self, after: Head) -> Vec<Row> {
        self.rows.iter().filter(|row| row.seq > after.as_seq()).copied().collect()
    }

    /// A connection broke: its posts are still stored, but not answered.
    pub fn disconnect(&mut self, author: Author) {
        let committed = self.committed.iter_mut().flat_map(|batch| &mut batch.posts);
        for post in self.pending.iter_mut().chain(committed).filter(|post| post.author == author) {
            post.can_answer = false;
        }
    }

    pub fn crash(&mut self) {
        self.pending.clear();
        self.committed = None;
    }
}
