//! Somebody who follows a chat by the rule, whatever becomes of the line.

use std::time::Duration;

use anyhow::{Result, bail};
use shared::{
    changes::Changes,
    message::Message,
    socket::ServerFrame,
    timeline::{Heard, Timeline},
};
use tokio::{sync::watch, time::sleep};

use crate::{
    evidence::{Row, View, row, shown},
    line::Line,
    people::Person,
    writer::before_coming_back,
};

pub struct Reader {
    person: Person,
    timeline: Timeline,
    /// Each message when it comes up first; changes may bring along what is numbered after their head.
    arrived: Vec<Row>,
    connections: usize,
}

impl Reader {
    /// Comes before anything is said.
    pub async fn open(person: Person, uri: &str) -> Self {
        let joined = person.joins(uri).await;
        let newest = person.history(uri, "").await.unwrap();
        Self { person, timeline: Timeline::open(joined, newest), arrived: Vec::new(), connections: 0 }
    }

    /// Reads until the chat is known up to the head that it is told.
    pub async fn read(mut self, mut until: watch::Receiver<Option<i64>>) -> View {
        let end = until.clone();
        while !self.knows_all(&end) {
            tokio::select! {
                // Looks again.
                _ = until.changed() => {}
                _ = self.stay(&end) => sleep(before_coming_back()).await,
            }
        }
        View { arrived: self.arrived, shown: shown(&self.timeline), connections: self.connections }
    }

    fn knows_all(&self, end: &watch::Receiver<Option<i64>>) -> bool {
        end.borrow().is_some_and(|end| self.timeline.head() >= end)
    }

    /// Comes, and stays until the line breaks or everything is known.
    async fn stay(&mut self, end: &watch::Receiver<Option<i64>>) -> Result<()> {
        let mut line = Line::open(&self.person).await?;
        self.connections += 1;
        line.subscribes(self.timeline.uri(), Some(self.timeline.since())).await?;
        while !self.knows_all(end) {
            match line.hears().await? {
                ServerFrame::Changes(changes) => self.hear(changes).await?,
                ServerFrame::Resync { .. } => self.fetch().await?,
                ServerFrame::Refused { problem, .. } => bail!("{problem:?}"),
                _ => {}
            }
        }
        Ok(())
    }

    async fn hear(&mut self, changes: Changes) -> Result<()> {
        if self.take(changes) == Heard::Missed { self.fetch().await } else { Ok(()) }
    }

    async fn fetch(&mut self) -> Result<()> {
        loop {
            let changes = self.person.changes(self.timeline.uri(), self.timeline.since()).await?;
            let more = changes.more;
            assert_ne!(self.take(changes), Heard::Missed, "what was fetched continues what is known");
            if !more {
                return Ok(());
            }
        }
    }

    fn take(&mut self, changes: Changes) -> Heard {
        let is_new = |message: &&Message| self.timeline.message(message.seq).is_none();
        let new: Vec<_> = changes.messages.iter().filter(is_new).map(row).collect();
        let heard = self.timeline.hear(changes);
        assert_ne!(heard, Heard::Foreign, "the database is the same");
        if heard == Heard::Applied {
            self.arrived.extend(new);
        }
        heard
    }
}

/// The whole chat, read page by page.
pub async fn read_afresh(person: &Person, uri: &str) -> Vec<Row> {
    let mut timeline = Timeline::open(person.joins(uri).await, person.history(uri, "").await.unwrap());
    while timeline.has_earlier() {
        let query = format!("?before={}", timeline.oldest().unwrap());
        let page = person.history(uri, &query).await.unwrap();
        assert!(!timeline.extend_back(page), "nothing happens any more");
    }
    shown(&timeline)
}

/// Long enough for whoever waits for an answer that never comes to give up twice.
pub const CAUGHT_UP_WITHIN: Duration = Duration::from_secs(45);
