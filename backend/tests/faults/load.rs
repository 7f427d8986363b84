//! A chat with writers and readers, under which faults happen.

use std::time::Duration;

use futures_util::future::join_all;
use shared::id::Head;
use tokio::{sync::watch, task::JoinHandle, time::timeout};

use crate::{
    checker::check,
    fixture::Fixture,
    reader::{CATCH_UP_TIMEOUT, Reader, read_history},
    report::{ReaderView, Report, WriterLog},
    user::{TestChat, TestUser},
    writer::{Transport, Writer},
};

pub struct Load {
    pub chat: TestChat,
    user: TestUser,
    stop: watch::Sender<bool>,
    end: watch::Sender<Option<Head>>,
    writers: Vec<JoinHandle<WriterLog>>,
    readers: Vec<JoinHandle<ReaderView>>,
}

/// Totals of a load.
#[derive(Clone, Copy, Debug, Default)]
pub struct Figures {
    pub messages: usize,
    pub retries: usize,
    pub deliveries: usize,
    pub connections: usize,
}

impl Load {
    /// Starts the writers once all users have joined and all readers read.
    pub async fn start(writers: &[(TestUser, Transport)], readers: &[TestUser], pause: Duration) -> Self {
        let user = writers[0].0.clone();
        let chat = user.create_chat().await;
        let (stop, stopped) = watch::channel(false);
        let (end, ended) = watch::channel(None);
        for user in writers.iter().map(|(user, _)| user).chain(readers) {
            user.join(&chat).await;
        }
        let opened = join_all(readers.iter().map(|user| Reader::open(user.clone(), chat.clone()))).await;
        let readers = opened.into_iter().map(|reader| tokio::spawn(reader.run(ended.clone()))).collect();
        let write = |(user, transport): &(TestUser, Transport)| {
            let writer = Writer::new(user.clone(), chat.clone(), *transport, pause);
            tokio::spawn(writer.run(stopped.clone()))
        };
        let writers = writers.iter().map(write).collect();
        Self { chat, user, stop, end, writers, readers }
    }

    /// Waits until all messages are acknowledged and received, and checks the result.
    pub async fn finish(self, fixture: &Fixture) -> Figures {
        self.stop.send_replace(true);
        let writers = timeout(CATCH_UP_TIMEOUT, join_all(self.writers)).await;
        let writers = writers.expect("all is acknowledged in time").into_iter().map(Result::unwrap).collect();
        let (joined, head) = fixture.member_seqs_and_head(&self.chat).await;
        self.end.send_replace(Some(head));
        let readers = timeout(CATCH_UP_TIMEOUT, join_all(self.readers)).await;
        let readers =
            readers.expect("all readers catch up in time").into_iter().map(Result::unwrap).collect();
        let history = read_history(&self.user.with_address(fixture.address()), &self.chat).await;
        let stored = fixture.stored_messages(&self.chat).await;
        let report = Report { writers, readers, history, stored, joined, head };
        assert_eq!(check(&report), Ok(()));
        Figures::new(&report)
    }
}

impl Figures {
    fn new(report: &Report) -> Self {
        let tries: usize = report.writers.iter().flat_map(|log| &log.sent).map(|sent| sent.tries).sum();
        let messages = report.stored.len();
        Self {
            messages,
            retries: tries - messages,
            deliveries: report.readers.iter().map(|view| view.arrived.len()).sum(),
            connections: report.readers.iter().map(|view| view.connections).sum(),
        }
    }

    pub fn plus(self, other: Self) -> Self {
        Self {
            messages: self.messages + other.messages,
            retries: self.retries + other.retries,
            deliveries: self.deliveries + other.deliveries,
            connections: self.connections + other.connections,
        }
    }
}
