//! Somebody who follows a chat by Server-Sent Events.

use reqwest::Response;
use shared::{changes::Changes, socket::ServerFrame};
use tokio::time::timeout;

use crate::{
    app::{Call, Person},
    listener::BOUND,
};

/// What came of a chat so far.
pub struct NewsStream {
    response: Response,
    bytes: Vec<u8>,
}

/// One event.
#[derive(Debug)]
pub struct Event {
    pub name: String,
    pub id: String,
    pub data: String,
}

impl Person {
    pub fn follow(&self, uri: &str) -> Call {
        self.get(&format!("/api/chats/{uri}/events/"))
    }

    /// Follows a chat from now on.
    pub async fn follows(&self, uri: &str) -> NewsStream {
        let mut stream = NewsStream::open(self.follow(uri)).await;
        stream.hears_changes().await;
        stream
    }

    /// Follows a chat from an event that was heard before.
    pub async fn follows_from(&self, uri: &str, last: &str) -> NewsStream {
        NewsStream::open(self.follow(uri).header("last-event-id", last)).await
    }
}

impl NewsStream {
    pub async fn open(call: Call) -> Self {
        let response = timeout(BOUND, call.open()).await.expect("an answer in time").unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, bytes: Vec::new() }
    }

    /// The next event; nothing at the end. Remarks and the time to come back are no events.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            let block = self.block().await?;
            let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
            if let Some(data) = field("data: ") {
                let name = field("event: ").unwrap_or("message").to_owned();
                return Some(Event {
                    name,
                    id: field("id: ").unwrap_or_default().to_owned(),
                    data: data.to_owned(),
                });
            }
        }
    }

    pub async fn hears_changes(&mut self) -> (String, Changes) {
        let event = self.next().await.expect("the stream goes on");
        assert_eq!(event.name, "changes", "{event:?}");
        match serde_json::from_str(&event.data).unwrap() {
            ServerFrame::Changes(changes) => (event.id, changes),
            other => panic!("changes were awaited: {other:?}"),
        }
    }

    /// The text up to an empty line.
    async fn block(&mut self) -> Option<String> {
        let mut looked = 0;
        loop {
            let unseen = &self.bytes[looked..];
            if let Some(end) = unseen.windows(2).position(|pair| pair == b"\n\n") {
                let block: Vec<_> = self.bytes.drain(..looked + end + 2).collect();
                return Some(String::from_utf8(block).unwrap());
            }
            looked = self.bytes.len().saturating_sub(1);
            match timeout(BOUND, self.response.chunk()).await.expect("something in time") {
                Ok(Some(chunk)) => self.bytes.extend_from_slice(&chunk),
                Ok(None) => return None,
                Err(error) => panic!("the stream broke: {error:?}"),
            }
        }
    }
}
