//! A reader that follows a chat by the sync rule over connections that break.

use std::time::Duration;

use anyhow::{Result, bail};
use shared::{
    changes::Changes, id::Head, message::Message, socket::ServerFrame, sync::ApplyResult, timeline::Timeline,
};
use tokio::{sync::watch, time::sleep};

use crate::{
    flaky_connection::FlakyConnection,
    report::{ReaderView, Row, row, shown},
    user::{TestChat, TestUser},
    writer::reconnect_delay,
};

/// Long enough for a client to give up twice on a response that never comes.
pub const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(45);

pub struct Reader {
    user: TestUser,
    chat: TestChat,
    timeline: Timeline,
    /// Each message when it is received first; changes may contain messages above their head.
    arrived: Vec<Row>,
    connections: usize,
}

impl Reader {
    pub async fn open(user: TestUser, chat: TestChat) -> Self {
        let joined = user.join(&chat).await;
        let newest = user.history(&chat.uri, "").await.unwrap();
        let timeline = Timeline::open(joined, newest);
        Self { user, chat, timeline, arrived: Vec::new(), connections: 0 }
    }

    /// Reads until the timeline has reached the head in `end`.
    pub async fn run(mut self, mut end: watch::Receiver<Option<Head>>) -> ReaderView {
        let head = end.clone();
        while !self.has_reached(&head) {
            tokio::select! {
                _ = end.changed() => {}
                _ = self.follow(&head) => sleep(reconnect_delay()).await,
            }
        }
        ReaderView { arrived: self.arrived, shown: shown(&self.timeline), connections: self.connections }
    }

    fn has_reached(&self, end: &watch::Receiver<Option<Head>>) -> bool {
        end.borrow().is_some_and(|end| self.timeline.head() >= end)
    }

    /// Connects, and follows the chat until the connection breaks or the end is reached.
    async fn follow(&mut self, end: &watch::Receiver<Option<Head>>) -> Result<()> {
        let mut connection = FlakyConnection::open(&self.user).await?;
        self.connections += 1;
        connection.subscribe(self.chat.id, Some(self.timeline.changes_query())).await?;
        while !self.has_reached(end) {
            let needs_fetch = match connection.recv().await? {
                ServerFrame::Changes(changes) => self.apply(changes) == ApplyResult::Gap,
                ServerFrame::Resync { .. } => true,
                ServerFrame::Refused { problem, .. } => bail!("{problem:?}"),
                _ => false,
            };
            if needs_fetch {
                self.fetch().await?;
            }
        }
        Ok(())
    }

    async fn fetch(&mut self) -> Result<()> {
        loop {
            let changes = self.user.changes(&self.chat.uri, self.timeline.changes_query()).await?;
            let more = changes.more;
            assert_ne!(self.apply(changes), ApplyResult::Gap, "fetched changes leave no gap");
            if !more {
                return Ok(());
            }
        }
    }

    fn apply(&mut self, changes: Changes) -> ApplyResult {
        let is_new = |message: &&Message| self.timeline.message(message.seq).is_none();
        let new: Vec<_> = changes.messages.iter().filter(is_new).map(row).collect();
        let result = self.timeline.apply(changes);
        assert_ne!(result, ApplyResult::Mismatch, "the database is the same");
        if result == ApplyResult::Applied {
            self.arrived.extend(new);
        }
        result
    }
}

/// Reads the whole chat page by page.
pub async fn read_history(user: &TestUser, chat: &TestChat) -> Vec<Row> {
    let newest = user.history(&chat.uri, "").await.unwrap();
    let mut timeline = Timeline::open(user.join(chat).await, newest);
    while timeline.has_earlier() {
        let oldest = timeline.oldest_seq().unwrap();
        let page = user.history(&chat.uri, &format!("?before={oldest}")).await.unwrap();
        assert!(!timeline.prepend_page(oldest, page), "nothing changes meanwhile");
    }
    shown(&timeline)
}
