//! How one talks to each server.

use crate::mark::{Mark, object};

/// Somebody who has a socket, or posts over HTTP.
#[derive(Clone, Debug, Default)]
pub struct Person {
    pub id: usize,
    /// What proves it, where that is asked for.
    pub token: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    Chatire,
    /// What the servers speak that were written for the comparison.
    Plain,
    SocketIo,
}

/// What a frame of the server means.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
    Welcome,
    Joined,
    Acknowledged(Mark),
    /// Messages, perhaps none: to be searched for marks.
    Messages,
    /// Wants this said.
    Answer(&'static str),
    Refused,
    /// The server skipped something and says so.
    Resync,
    Nothing,
}

impl Dialect {
    /// The request that opens a socket.
    pub fn upgrade(self, person: &Person) -> String {
        let (path, headers) = match self {
            Self::Chatire => (
                "/api/socket/".to_owned(),
                format!("Authorization: JWT {}\r\nSec-WebSocket-Protocol: chatire.v1\r\n", person.token),
            ),
            Self::Plain => (format!("/ws?user={}", person.id), String::new()),
            Self::SocketIo => ("/socket.io/?EIO=4&transport=websocket".to_owned(), String::new()),
        };
        format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHRlYSBpcyBncmV5IQ==\r\n{headers}\r\n"
        )
    }

    pub fn join(self, chat: usize) -> String {
        match self {
            Self::Chatire => object(&[("type", "subscribe"), ("uri", &uri(chat))]),
            Self::Plain => object(&[("type", "join"), ("chat", &chat.to_string())]),
            Self::SocketIo => format!(r#"420["join","{chat}"]"#),
        }
    }

    pub fn post(self, chat: usize, id: &str, text: &str) -> String {
        match self {
            Self::Chatire => {
                object(&[("type", "post"), ("uri", &uri(chat)), ("client_id", id), ("message", text)])
            }
            Self::Plain => {
                object(&[("type", "post"), ("chat", &chat.to_string()), ("id", id), ("message", text)])
            }
            Self::SocketIo => format!(r#"421["post","{chat}","{id}","{text}"]"#),
        }
    }

    /// Judges by the beginning alone: this is done for every delivery.
    pub fn hear(self, frame: &[u8]) -> Heard {
        match self {
            Self::Chatire => hear_chatire(frame),
            Self::Plain => hear_plain(frame),
            Self::SocketIo => hear_socket_io(frame),
        }
    }

    /// A request that posts.
    pub fn post_request(self, person: &Person, chat: usize, id: &str, text: &str) -> String {
        let (path, body) = match self {
            Self::Chatire => (history_path(self, chat), object(&[("message", text), ("client_id", id)])),
            _ => (
                history_path(self, chat),
                object(&[("user", &person.id.to_string()), ("id", id), ("message", text)]),
            ),
        };
        format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\n{}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.authorization(person),
            body.len()
        )
    }

    /// A request for the newest messages.
    pub fn history_request(self, person: &Person, chat: usize, limit: usize) -> String {
        format!(
            "GET {}?limit={limit} HTTP/1.1\r\nHost: localhost\r\n{}\r\n",
            history_path(self, chat),
            self.authorization(person)
        )
    }

    fn authorization(self, person: &Person) -> String {
        match self {
            Self::Chatire => format!("Authorization: JWT {}\r\n", person.token),
            _ => String::new(),
        }
    }
}

/// The address of a chat on our server; chats are counted from 1.
pub fn uri(chat: usize) -> String {
    format!("bench{:017}", chat + 1)
}

fn history_path(dialect: Dialect, chat: usize) -> String {
    match dialect {
        Dialect::Chatire => format!("/api/chats/{}/messages/", uri(chat)),
        _ => format!("/chats/{chat}/messages"),
    }
}

fn hear_chatire(frame: &[u8]) -> Heard {
    if frame.starts_with(br#"{"type":"changes""#) {
        Heard::Messages
    } else if let Some(rest) = frame.strip_prefix(br#"{"type":"posted","client_id":""#) {
        acknowledged(rest)
    } else if frame.starts_with(br#"{"type":"welcome""#) {
        Heard::Welcome
    } else if frame.starts_with(br#"{"type":"refused""#) || frame.starts_with(br#"{"type":"goodbye""#) {
        Heard::Refused
    } else if frame.starts_with(br#"{"type":"resync""#) {
        Heard::Resync
    } else {
        Heard::Nothing
    }
}

fn hear_plain(frame: &[u8]) -> Heard {
    if frame.starts_with(br#"{"type":"message""#) {
        Heard::Messages
    } else if let Some(rest) = frame.strip_prefix(br#"{"type":"ack","id":""#) {
        acknowledged(rest)
    } else if frame.starts_with(br#"{"type":"joined""#) {
        Heard::Joined
    } else if frame.starts_with(br#"{"type":"welcome""#) {
        Heard::Welcome
    } else {
        Heard::Refused
    }
}

/// Digits of Engine.IO and of Socket.IO come first: 0 opens, 2 asks whether one lives, 40 connects, 42 says something,
/// 43 acknowledges, with the number of what it acknowledges.
fn hear_socket_io(frame: &[u8]) -> Heard {
    if frame.starts_with(br#"42["message""#) {
        Heard::Messages
    } else if let Some(rest) = frame.strip_prefix(br#"431[""#) {
        acknowledged(rest)
    } else if frame.starts_with(b"430") {
        Heard::Joined
    } else if frame.starts_with(b"40") {
        Heard::Welcome
    } else if frame.starts_with(b"0") {
        Heard::Answer("40")
    } else if frame == b"2" {
        Heard::Answer("3")
    } else {
        Heard::Refused
    }
}

fn acknowledged(id: &[u8]) -> Heard {
    id.get(..36).and_then(Mark::of_id).map_or(Heard::Refused, Heard::Acknowledged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_acknowledgement_names_its_message_in_every_dialect() {
        let mark = Mark { lane: 9, counter: 1_234 };
        let id = mark.id(42);
        for (dialect, frame) in [
            (Dialect::Chatire, format!(r#"{{"type":"posted","client_id":"{id}","seq":3,"revision":3}}"#)),
            (Dialect::Plain, format!(r#"{{"type":"ack","id":"{id}"}}"#)),
            (Dialect::SocketIo, format!(r#"431["{id}"]"#)),
        ] {
            assert_eq!(dialect.hear(frame.as_bytes()), Heard::Acknowledged(mark), "{dialect:?}");
        }
    }

    #[test]
    fn what_is_said_to_our_server_is_what_it_takes() {
        let frame = Dialect::Chatire.post(0, &Mark { lane: 0, counter: 0 }.id(1), "tea");
        assert!(
            frame.starts_with(r#"{"type":"post","uri":"bench00000000000000001","client_id":""#),
            "{frame}"
        );
        assert_eq!(uri(9_999).len(), 22);
    }

    #[test]
    fn a_refusal_is_never_taken_for_something_else() {
        assert_eq!(Dialect::Chatire.hear(br#"{"type":"refused","problem":{}}"#), Heard::Refused);
        assert_eq!(Dialect::Plain.hear(br#"{"type":"error"}"#), Heard::Refused);
        assert_eq!(Dialect::SocketIo.hear(b"44{}"), Heard::Refused);
    }
}
