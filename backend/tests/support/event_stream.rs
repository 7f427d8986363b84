//! A client of the event stream of a chat (Server-Sent Events).

use reqwest::Response;
use shared::{changes::Changes, socket::ServerFrame};
use tokio::time::timeout;

use super::{ApiRequest, TEST_TIMEOUT, TestUser};

pub struct EventStream {
    response: Response,
    bytes: Vec<u8>,
}

#[derive(Debug)]
pub struct StreamEvent {
    pub name: String,
    pub id: String,
    pub data: String,
}

impl TestUser {
    pub fn try_open_stream(&self, uri: &str) -> ApiRequest {
        self.get(&format!("/api/chats/{uri}/events/"))
    }

    /// Opens a stream from now on.
    pub async fn open_stream(&self, uri: &str) -> EventStream {
        let mut stream = EventStream::open(self.try_open_stream(uri)).await;
        stream.recv_changes().await;
        stream
    }

    /// Resumes a stream after the event with the id `last`.
    pub async fn resume_stream(&self, uri: &str, last: &str) -> EventStream {
        EventStream::open(self.try_open_stream(uri).header("last-event-id", last)).await
    }
}

impl EventStream {
    pub async fn open(request: ApiRequest) -> Self {
        let response = timeout(TEST_TIMEOUT, request.open()).await.expect("response in time").unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, bytes: Vec::new() }
    }

    /// The next event; `None` at the end. Comments and retry times are skipped.
    pub async fn next(&mut self) -> Option<StreamEvent> {
        loop {
            let block = self.next_block().await?;
            let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
            if let Some(data) = field("data: ") {
                let name = field("event: ").unwrap_or("message").to_owned();
                let id = field("id: ").unwrap_or_default().to_owned();
                return Some(StreamEvent { name, id, data: data.to_owned() });
            }
        }
    }

    /// The next event, which must be changes, and its id.
    pub async fn recv_changes(&mut self) -> (String, Changes) {
        let event = self.next().await.expect("the stream goes on");
        assert_eq!(event.name, "changes", "{event:?}");
        match serde_json::from_str(&event.data).unwrap() {
            ServerFrame::Changes(changes) => (event.id, changes),
            other => panic!("expected changes, got {other:?}"),
        }
    }

    /// Reads to the end; fails on an event other than changes and a goodbye.
    pub async fn drain(&mut self) {
        while let Some(event) = self.next().await {
            assert!(["changes", "goodbye"].contains(&event.name.as_str()), "{event:?}");
        }
    }

    /// The text up to an empty line.
    async fn next_block(&mut self) -> Option<String> {
        let mut searched = 0;
        loop {
            let unseen = &self.bytes[searched..];
            if let Some(end) = unseen.windows(2).position(|pair| pair == b"\n\n") {
                let block: Vec<_> = self.bytes.drain(..searched + end + 2).collect();
                return Some(String::from_utf8(block).unwrap());
            }
            searched = self.bytes.len().saturating_sub(1);
            match timeout(TEST_TIMEOUT, self.response.chunk()).await.expect("data in time") {
                Ok(Some(chunk)) => self.bytes.extend_from_slice(&chunk),
                Ok(None) => return None,
                Err(error) => panic!("the stream broke: {error:?}"),
            }
        }
    }
}
