//! Somebody who keeps saying things, and says again what was not acknowledged.

use std::time::Duration;

use anyhow::{Result, bail};
use rand::RngExt;
use shared::socket::ServerFrame;
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};
use uuid::Uuid;

use crate::{
    evidence::{Log, Said},
    line::Line,
    people::{PATIENCE, Person},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// One by one.
    Rest,
    /// So many at once.
    Socket(usize),
}

pub struct Writer {
    pub person: Person,
    pub uri: String,
    pub way: Way,
    pub pause: Duration,
    line: Option<Line>,
    said: Vec<Said>,
}

impl Writer {
    pub fn new(person: Person, uri: &str, way: Way, pause: Duration) -> Self {
        Self { person, uri: uri.to_owned(), way, pause, line: None, said: Vec::new() }
    }

    /// Writes until it is told to stop, and until all of it is acknowledged.
    pub async fn write(mut self, mut stop: watch::Receiver<bool>) -> Log {
        let at_once = if let Way::Socket(count) = self.way { count } else { 1 };
        loop {
            for _ in 0..at_once {
                self.think();
            }
            while !self.waiting().is_empty() {
                if self.try_to_say().await.is_err() {
                    self.line = None;
                    sleep(before_coming_back()).await;
                }
            }
            if timeout(self.pause, stop.wait_for(|stop| *stop)).await.is_ok() {
                break;
            }
        }
        Log { author: self.person.id, said: self.said, one_by_one: at_once == 1 }
    }

    fn think(&mut self) {
        let text = format!("message {} of {}", self.said.len(), self.person.name);
        self.said.push(Said { client_id: Uuid::new_v4(), text, seq: None, tries: 0 });
    }

    /// The places of what is not acknowledged: only the last few can be.
    fn waiting(&self) -> Vec<usize> {
        let last = self.said.len().saturating_sub(16);
        (last..self.said.len()).filter(|&place| self.said[place].seq.is_none()).collect()
    }

    async fn try_to_say(&mut self) -> Result<()> {
        match self.way {
            Way::Rest => self.say_by_rest().await,
            Way::Socket(_) => self.say_by_socket().await,
        }
    }

    async fn say_by_rest(&mut self) -> Result<()> {
        for place in self.waiting() {
            let said = &mut self.said[place];
            said.tries += 1;
            said.seq = Some(self.person.posts(&self.uri, said.client_id, &said.text).await?.stored.seq);
        }
        Ok(())
    }

    async fn say_by_socket(&mut self) -> Result<()> {
        let mut line = match self.line.take() {
            Some(line) => line,
            None => Line::open(&self.person).await?,
        };
        for place in self.waiting() {
            let said = &mut self.said[place];
            said.tries += 1;
            line.posts(&self.uri, said.client_id, &said.text).await?;
        }
        while !self.waiting().is_empty() {
            match timeout(PATIENCE, line.hears()).await?? {
                ServerFrame::Posted { client_id, seq, .. } => self.is_told(client_id, seq),
                ServerFrame::Refused { problem, .. } => {
                    assert!(problem.code.is_passing(), "refused for good: {problem:?}");
                    bail!("refused for now");
                }
                _ => {}
            }
        }
        self.line = Some(line);
        Ok(())
    }

    fn is_told(&mut self, client_id: Uuid, seq: i64) {
        let said = self.said.iter_mut().rev().find(|said| said.client_id == client_id);
        let said = said.expect("an answer to what was said");
        assert!(said.seq.is_none_or(|known| known == seq), "acknowledged twice, as {seq} too: {said:?}");
        said.seq = Some(seq);
    }
}

/// Sooner than a browser, so that a server that comes back finds everybody at its door.
pub fn before_coming_back() -> Duration {
    Duration::from_millis(rand::rng().random_range(20..200))
}
