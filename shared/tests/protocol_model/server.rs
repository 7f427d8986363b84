//! The server: what is on disk, and what a crash takes.

use crate::model::Mistake;

/// A message is known by its author: everybody says one thing.
pub type Author = usize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Row {
    pub seq: i64,
    pub author: Author,
}

/// A post on its way to the disk.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Work {
    pub author: Author,
    /// The connection over which it came is still there to be answered.
    pub heard: bool,
    /// Its number, if it was given one too early.
    seq: Option<i64>,
}

/// What was committed and not told to anyone yet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Commit {
    pub after: i64,
    pub works: Vec<Work>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Server {
    pub head: i64,
    pub rows: Vec<Row>,
    pub gathering: Vec<Work>,
    pub committed: Option<Commit>,
}

impl Server {
    pub fn gather(&mut self, author: Author, mistake: Option<Mistake>) {
        let seq = (mistake == Some(Mistake::NumbersBeforeTheCommit)).then(|| {
            self.head += 1;
            self.head
        });
        self.gathering.push(Work { author, heard: true, seq });
    }

    /// Stores all that gathered, each message once.
    pub fn commit(&mut self, mistake: Option<Mistake>) {
        let after = self.rows.last().map_or(0, |row| row.seq);
        let works = std::mem::take(&mut self.gathering);
        for work in &works {
            if mistake == Some(Mistake::StoresTwice) || !self.is_stored(work.author) {
                self.store(work);
            }
        }
        self.committed = Some(Commit { after, works });
    }

    fn store(&mut self, work: &Work) {
        let seq = work.seq.unwrap_or(self.head + 1);
        self.head = self.head.max(seq);
        self.rows.push(Row { seq, author: work.author });
    }

    pub fn is_stored(&self, author: Author) -> bool {
        self.seq_of(author).is_some()
    }

    pub fn seq_of(&self, author: Author) -> Option<i64> {
        self.rows.iter().find(|row| row.author == author).map(|row| row.seq)
    }

    pub fn rows_after(&self, after: i64) -> Vec<Row> {
        self.rows.iter().filter(|row| row.seq > after).copied().collect()
    }

    /// A connection broke: what came over it is stored all the same, but not answered.
    pub fn loses_sight_of(&mut self, author: Author) {
        let committed = self.committed.iter_mut().flat_map(|commit| &mut commit.works);
        for work in self.gathering.iter_mut().chain(committed).filter(|work| work.author == author) {
            work.heard = false;
        }
    }

    pub fn crash(&mut self) {
        self.gathering.clear();
        self.committed = None;
    }
}
