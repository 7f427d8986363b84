//! A writer that sends messages, and sends again what was not acknowledged.

use std::time::Duration;

use anyhow::{Result, bail};
use rand::RngExt;
use shared::{id::Seq, socket::ServerFrame};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};
use uuid::Uuid;

use crate::{
    flaky_connection::FlakyConnection,
    report::{SentMessage, WriterLog},
    user::{REQUEST_TIMEOUT, TestChat, TestUser},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// One message at a time.
    Rest,
    /// This many messages at once.
    Socket(usize),
}

pub struct Writer {
    user: TestUser,
    chat: TestChat,
    transport: Transport,
    pause: Duration,
    connection: Option<FlakyConnection>,
    sent: Vec<SentMessage>,
}

impl Writer {
    pub fn new(user: TestUser, chat: TestChat, transport: Transport, pause: Duration) -> Self {
        Self { user, chat, transport, pause, connection: None, sent: Vec::new() }
    }

    /// Writes until `stop` is set and every message is acknowledged.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) -> WriterLog {
        let burst = if let Transport::Socket(count) = self.transport { count } else { 1 };
        loop {
            for _ in 0..burst {
                self.queue_message();
            }
            while !self.unacknowledged().is_empty() {
                if self.try_send().await.is_err() {
                    self.connection = None;
                    sleep(reconnect_delay()).await;
                }
            }
            if timeout(self.pause, stop.wait_for(|stop| *stop)).await.is_ok() {
                break;
            }
        }
        WriterLog { author: self.user.id, sent: self.sent, one_by_one: burst == 1 }
    }

    fn queue_message(&mut self) {
        let text = format!("message {} of {}", self.sent.len(), self.user.name);
        self.sent.push(SentMessage { client_id: Uuid::new_v4(), text, seq: None, tries: 0 });
    }

    /// Indices of the messages without acknowledgement; only the last few can be.
    fn unacknowledged(&self) -> Vec<usize> {
        let first = self.sent.len().saturating_sub(16);
        (first..self.sent.len()).filter(|&index| self.sent[index].seq.is_none()).collect()
    }

    async fn try_send(&mut self) -> Result<()> {
        match self.transport {
            Transport::Rest => self.try_send_by_rest().await,
            Transport::Socket(_) => self.try_send_by_socket().await,
        }
    }

    async fn try_send_by_rest(&mut self) -> Result<()> {
        for index in self.unacknowledged() {
            let message = &mut self.sent[index];
            message.tries += 1;
            let posted = self.user.try_send_message(&self.chat, message.client_id, &message.text).await?;
            message.seq = Some(posted.stored.seq);
        }
        Ok(())
    }

    async fn try_send_by_socket(&mut self) -> Result<()> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => FlakyConnection::open(&self.user).await?,
        };
        for index in self.unacknowledged() {
            let message = &mut self.sent[index];
            message.tries += 1;
            connection.post_message(self.chat.id, message.client_id, &message.text).await?;
        }
        while !self.unacknowledged().is_empty() {
            match timeout(REQUEST_TIMEOUT, connection.recv()).await?? {
                ServerFrame::Posted { client_id, seq, .. } => self.record_acknowledgement(client_id, seq),
                ServerFrame::Refused { problem, .. } => {
                    assert!(problem.code.is_transient(), "rejected permanently: {problem:?}");
                    bail!("rejected temporarily");
                }
                _ => {}
            }
        }
        self.connection = Some(connection);
        Ok(())
    }

    fn record_acknowledgement(&mut self, client_id: Uuid, seq: Seq) {
        let message = self.sent.iter_mut().rev().find(|message| message.client_id == client_id);
        let message = message.expect("the acknowledgement of a sent message");
        let is_consistent = message.seq.is_none_or(|acknowledged| acknowledged == seq);
        assert!(is_consistent, "acknowledged again as {seq}: {message:?}");
        message.seq = Some(seq);
    }
}

/// Shorter than a browser waits, so that a restarted server gets all clients at once.
pub fn reconnect_delay() -> Duration {
    Duration::from_millis(rand::rng().random_range(20..200))
}
