//! The limit: what one thread can do that writes frames into sockets and knows nothing of people or their rights.
//!
//! `bench-limit raw` only broadcasts; without `raw` every message is on disk first, together with whatever gathered while
//! the last batch was being committed. It also answers `GET /canned/<bytes>` with so many bytes from memory.

#![allow(clippy::indexing_slicing, reason = "a measuring stick, whose places are its own")]
#![allow(clippy::print_stdout, reason = "the one line that says that it is ready")]
#![allow(clippy::cast_possible_truncation, reason = "lengths of frames are below 64 KiB here")]

mod chats;
mod peer;
mod store;
mod wire;

use std::env;
use std::net::Ipv4Addr;

use anyhow::{Context, Result};
use chats::Chats;
use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Token, Waker};
use peer::Peer;
use store::{Post, Store};

const LISTENER: Token = Token(usize::MAX);
const STORED: Token = Token(usize::MAX - 1);

fn main() -> Result<()> {
    let port = env::var("PORT")?.parse()?;
    let mut poll = Poll::new()?;
    let mut listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port).into())?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let waker = Waker::new(poll.registry(), STORED)?;
    let raw = env::args().nth(1).is_some_and(|mode| mode == "raw");
    let store = if raw { None } else { Some(Store::start(env::var("DATABASE_URL")?, waker)?) };
    println!("ready");
    let mut server = Server { listener, store, peers: Vec::new(), chats: Chats::default(), number: 0 };
    let mut events = Events::with_capacity(4_096);
    loop {
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            done => done?,
        }
        for event in &events {
            match event.token() {
                LISTENER => server.welcome(&poll)?,
                STORED => server.stored()?,
                Token(index) => server.hear(index, event.is_writable())?,
            }
        }
        server.chats.flush(&mut server.peers);
    }
}

struct Server {
    listener: TcpListener,
    store: Option<Store>,
    peers: Vec<Option<Peer>>,
    chats: Chats,
    number: u64,
}

impl Server {
    fn welcome(&mut self, poll: &Poll) -> Result<()> {
        while let Ok((mut stream, _)) = self.listener.accept() {
            stream.set_nodelay(true)?;
            let token = Token(self.peers.len());
            poll.registry().register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
            self.peers.push(Some(Peer::new(stream)));
        }
        Ok(())
    }

    fn hear(&mut self, index: usize, writable: bool) -> Result<()> {
        let Some(peer) = &mut self.peers[index] else { return Ok(()) };
        if writable {
            peer.flush();
        }
        let mut said = Vec::new();
        let lives = peer.read(|text| said.extend(wire::Said::read(text)));
        if !lives {
            self.chats.leave(index);
            self.peers[index] = None;
        }
        for said in said {
            match said {
                wire::Said::Join { chat } => {
                    self.chats.join(&chat, index);
                    self.tell(index, br#"{"type":"joined"}"#);
                }
                wire::Said::Post { chat, id, message } => {
                    self.post(Post { peer: index, chat, id, message })?;
                }
            }
        }
        Ok(())
    }

    fn post(&mut self, post: Post) -> Result<()> {
        if let Some(store) = &self.store {
            return store.send(post);
        }
        self.publish(&post);
        Ok(())
    }

    fn stored(&mut self) -> Result<()> {
        let store = self.store.as_ref().context("stored without a store")?;
        for post in store.stored() {
            self.publish(&post);
        }
        Ok(())
    }

    fn publish(&mut self, post: &Post) {
        self.number += 1;
        self.tell(post.peer, format!(r#"{{"type":"ack","id":"{}"}}"#, post.id).as_bytes());
        let text = format!(
            r#"{{"type":"message","id":{},"chat":"{}","client_id":"{}","message":"{}"}}"#,
            self.number, post.chat, post.id, post.message
        );
        self.chats.publish(&post.chat, &wire::frame(text.as_bytes()), &mut self.peers);
    }

    fn tell(&mut self, index: usize, text: &[u8]) {
        if let Some(Some(peer)) = self.peers.get_mut(index) {
            peer.queue(&wire::frame(text));
            self.chats.touched(index);
        }
    }
}
