//! A chat in which people write and read while something goes wrong.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::{sync::watch, task::JoinHandle, time::timeout};

use crate::{
    checker::check,
    evidence::{Evidence, Log, View},
    people::Person,
    place::Place,
    reader::{CAUGHT_UP_WITHIN, Reader, read_afresh},
    writer::{Way, Writer},
};

pub struct Load {
    uri: String,
    newcomer: Person,
    stop: watch::Sender<bool>,
    end: watch::Sender<Option<i64>>,
    writers: Vec<JoinHandle<Log>>,
    readers: Vec<JoinHandle<View>>,
}

/// How much of it there was.
#[derive(Clone, Copy, Debug, Default)]
pub struct Figures {
    pub messages: usize,
    pub retries: usize,
    pub deliveries: usize,
    pub connections: usize,
}

impl Load {
    /// Everyone has joined and reads before the first word.
    pub async fn start(writers: &[(Person, Way)], readers: &[Person], pause: Duration) -> Self {
        let uri = writers[0].0.starts().await;
        let (stop, stopped) = watch::channel(false);
        let (end, ended) = watch::channel(None);
        for (person, _) in writers {
            person.joins(&uri).await;
        }
        for person in readers {
            person.joins(&uri).await;
        }
        let opened = join_all(readers.iter().map(|person| Reader::open(person.clone(), &uri))).await;
        let readers = opened.into_iter().map(|reader| tokio::spawn(reader.read(ended.clone()))).collect();
        let write = |(person, way): &(Person, Way)| {
            tokio::spawn(Writer::new(person.clone(), &uri, *way, pause).write(stopped.clone()))
        };
        let (newcomer, writers) = (writers[0].0.clone(), writers.iter().map(write).collect());
        Self { uri, newcomer, stop, end, writers, readers }
    }

    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// Lets everybody come to an end, and compares what they took down.
    pub async fn settle(self, place: &Place) -> Figures {
        self.stop.send_replace(true);
        let said = timeout(CAUGHT_UP_WITHIN, join_all(self.writers)).await;
        let writers: Vec<_> =
            said.expect("all is acknowledged in time").into_iter().map(Result::unwrap).collect();
        let (joined, head) = place.numbers(&self.uri).await;
        self.end.send_replace(Some(head));
        let read = timeout(CAUGHT_UP_WITHIN, join_all(self.readers)).await;
        let readers: Vec<_> =
            read.expect("everybody catches up in time").into_iter().map(Result::unwrap).collect();
        let fresh = read_afresh(&self.newcomer.over(place.address()), &self.uri).await;
        let stored = place.rows(&self.uri).await;
        let evidence = Evidence { writers, readers, fresh, stored, joined, head };
        assert_eq!(check(&evidence), Ok(()));
        Figures::of(&evidence)
    }
}

impl Figures {
    fn of(evidence: &Evidence) -> Self {
        let tries: usize = evidence.writers.iter().flat_map(|log| &log.said).map(|said| said.tries).sum();
        let messages = evidence.stored.len();
        Self {
            messages,
            retries: tries - messages,
            deliveries: evidence.readers.iter().map(|view| view.arrived.len()).sum(),
            connections: evidence.readers.iter().map(|view| view.connections).sum(),
        }
    }

    pub fn and(self, other: Self) -> Self {
        Self {
            messages: self.messages + other.messages,
            retries: self.retries + other.retries,
            deliveries: self.deliveries + other.deliveries,
            connections: self.connections + other.connections,
        }
    }
}
