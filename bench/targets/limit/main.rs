//! The limit: what one thread achieves that only writes frames to sockets, without users or permissions.
//!
//! `bench-limit raw` only broadcasts. Without `raw`, messages are stored first, in batches that gather while the
//! previous batch is committed. `GET /canned/<bytes>` returns that many bytes from memory.

#![allow(clippy::indexing_slicing, reason = "indexes come from this program alone")]
#![allow(clippy::print_stdout, reason = "signals readiness")]
#![allow(clippy::cast_possible_truncation, reason = "frames are shorter than 64 KiB here")]

mod chats;
mod connection;
mod protocol;
mod store;

use std::env;
use std::net::Ipv4Addr;

use anyhow::{Context, Result};
use chats::Chats;
use connection::PeerConnection;
use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Token, Waker};
use protocol::ClientMessage;
use store::{GroupCommitStore, QueuedPost};
use ws_frame::encode_text;

const LISTENER: Token = Token(usize::MAX);
const STORED: Token = Token(usize::MAX - 1);

fn main() -> Result<()> {
    let port = env::var("PORT")?.parse()?;
    let mut poll = Poll::new()?;
    let mut listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port).into())?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let waker = Waker::new(poll.registry(), STORED)?;
    let raw = env::args().nth(1).is_some_and(|mode| mode == "raw");
    let store = if raw { None } else { Some(GroupCommitStore::start(env::var("DATABASE_URL")?, waker)?) };
    println!("ready");
    let mut server = Server { listener, store, connections: Vec::new(), chats: Chats::default(), last_id: 0 };
    let mut events = Events::with_capacity(4_096);
    loop {
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            result => result?,
        }
        for event in &events {
            match event.token() {
                LISTENER => server.accept(&poll)?,
                STORED => server.publish_stored()?,
                Token(index) => server.read(index, event.is_writable())?,
            }
        }
        server.chats.flush(&mut server.connections);
    }
}

struct Server {
    listener: TcpListener,
    store: Option<GroupCommitStore>,
    connections: Vec<Option<PeerConnection>>,
    chats: Chats,
    last_id: u64,
}

impl Server {
    fn accept(&mut self, poll: &Poll) -> Result<()> {
        while let Ok((mut stream, _)) = self.listener.accept() {
            stream.set_nodelay(true)?;
            let token = Token(self.connections.len());
            poll.registry().register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
            self.connections.push(Some(PeerConnection::new(stream)));
        }
        Ok(())
    }

    fn read(&mut self, index: usize, writable: bool) -> Result<()> {
        let Some(connection) = &mut self.connections[index] else { return Ok(()) };
        if writable {
            connection.flush();
        }
        let mut messages = Vec::new();
        let is_open = connection.read(|text| messages.extend(ClientMessage::parse(text)));
        if !is_open {
            self.chats.leave(index);
            self.connections[index] = None;
        }
        for message in messages {
            match message {
                ClientMessage::Join { chat } => {
                    self.chats.join(&chat, index);
                    self.send(index, br#"{"type":"joined"}"#);
                }
                ClientMessage::Post { chat, id, message } => {
                    self.post(QueuedPost { connection: index, chat, id, message })?;
                }
            }
        }
        Ok(())
    }

    fn post(&mut self, post: QueuedPost) -> Result<()> {
        if let Some(store) = &self.store {
            return store.enqueue(post);
        }
        self.publish(&post);
        Ok(())
    }

    fn publish_stored(&mut self) -> Result<()> {
        let store = self.store.as_ref().context("no store")?;
        for post in store.take_stored() {
            self.publish(&post);
        }
        Ok(())
    }

    fn publish(&mut self, post: &QueuedPost) {
        self.last_id += 1;
        self.send(post.connection, format!(r#"{{"type":"ack","id":"{}"}}"#, post.id).as_bytes());
        let text = format!(
            r#"{{"type":"message","id":{},"chat":"{}","client_id":"{}","message":"{}"}}"#,
            self.last_id, post.chat, post.id, post.message
        );
        self.chats.publish(&post.chat, &encode_text(text.as_bytes()), &mut self.connections);
    }

    fn send(&mut self, index: usize, text: &[u8]) {
        if let Some(Some(connection)) = self.connections.get_mut(index) {
            connection.queue(&encode_text(text));
            self.chats.mark_touched(index);
        }
    }
}
