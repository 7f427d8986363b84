//! The protocol of each target.

use crate::marker::{Marker, json_object};

/// A user with a socket or an HTTP client.
#[derive(Clone, Debug, Default)]
pub struct LoadUser {
    pub id: usize,
    /// The access token, for targets that need one.
    pub token: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProtocolAdapter {
    Chatire,
    /// The protocol of the servers written for this comparison.
    Plain,
    SocketIo,
}

/// The meaning of a frame from the server.
#[derive(Debug, PartialEq, Eq)]
pub enum ServerEvent {
    Welcome,
    Joined,
    Acknowledged(Marker),
    /// May contain messages: search it for markers.
    Messages,
    /// The client must answer with this text.
    Reply(&'static str),
    Refused,
    /// The server reports that it skipped something.
    Resync,
    Other,
}

impl ProtocolAdapter {
    /// The request that opens a WebSocket.
    pub fn upgrade_request(self, user: &LoadUser) -> String {
        let (path, headers) = match self {
            Self::Chatire => (
                "/api/socket/".to_owned(),
                format!("Authorization: JWT {}\r\nSec-WebSocket-Protocol: chatire.v1\r\n", user.token),
            ),
            Self::Plain => (format!("/ws?user={}", user.id), String::new()),
            Self::SocketIo => ("/socket.io/?EIO=4&transport=websocket".to_owned(), String::new()),
        };
        format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHRlYSBpcyBncmV5IQ==\r\n{headers}\r\n"
        )
    }

    pub fn join_message(self, chat: usize) -> String {
        match self {
            Self::Chatire => json_object(&[("type", "subscribe"), ("uri", &chat_uri(chat))]),
            Self::Plain => json_object(&[("type", "join"), ("chat", &chat.to_string())]),
            Self::SocketIo => format!(r#"420["join","{chat}"]"#),
        }
    }

    pub fn post_message(self, chat: usize, id: &str, text: &str) -> String {
        match self {
            Self::Chatire => {
                let chat_id = chat + 1;
                format!(r#"{{"type":"post","chat_id":{chat_id},"client_id":"{id}","message":"{text}"}}"#)
            }
            Self::Plain => {
                json_object(&[("type", "post"), ("chat", &chat.to_string()), ("id", id), ("message", text)])
            }
            Self::SocketIo => format!(r#"421["post","{chat}","{id}","{text}"]"#),
        }
    }

    /// Looks only at the beginning, because it runs for every delivery.
    pub fn parse_frame(self, frame: &[u8]) -> ServerEvent {
        match self {
            Self::Chatire => parse_chatire(frame),
            Self::Plain => parse_plain(frame),
            Self::SocketIo => parse_socket_io(frame),
        }
    }

    /// An HTTP request that posts a message.
    pub fn post_request(self, user: &LoadUser, chat: usize, id: &str, text: &str) -> String {
        let (path, body) = match self {
            Self::Chatire => (history_path(self, chat), json_object(&[("message", text), ("client_id", id)])),
            _ => (
                history_path(self, chat),
                json_object(&[("user", &user.id.to_string()), ("id", id), ("message", text)]),
            ),
        };
        format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\n{}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.authorization(user),
            body.len()
        )
    }

    /// An HTTP request for the newest messages.
    pub fn history_request(self, user: &LoadUser, chat: usize, limit: usize) -> String {
        format!(
            "GET {}?limit={limit} HTTP/1.1\r\nHost: localhost\r\n{}\r\n",
            history_path(self, chat),
            self.authorization(user)
        )
    }

    fn authorization(self, user: &LoadUser) -> String {
        match self {
            Self::Chatire => format!("Authorization: JWT {}\r\n", user.token),
            _ => String::new(),
        }
    }
}

/// The URI of a chat on our server. It ends with the chat's ID.
pub fn chat_uri(chat: usize) -> String {
    format!("bench{:017}", chat + 1)
}

fn history_path(adapter: ProtocolAdapter, chat: usize) -> String {
    match adapter {
        ProtocolAdapter::Chatire => format!("/api/chats/{}/messages/", chat_uri(chat)),
        _ => format!("/chats/{chat}/messages"),
    }
}

fn parse_chatire(frame: &[u8]) -> ServerEvent {
    if frame.starts_with(br#"{"type":"changes""#) {
        ServerEvent::Messages
    } else if let Some(rest) = frame.strip_prefix(br#"{"type":"posted","client_id":""#) {
        parse_acknowledgement(rest)
    } else if frame.starts_with(br#"{"type":"welcome""#) {
        ServerEvent::Welcome
    } else if frame.starts_with(br#"{"type":"refused""#) || frame.starts_with(br#"{"type":"goodbye""#) {
        ServerEvent::Refused
    } else if frame.starts_with(br#"{"type":"resync""#) {
        ServerEvent::Resync
    } else {
        ServerEvent::Other
    }
}

fn parse_plain(frame: &[u8]) -> ServerEvent {
    if frame.starts_with(br#"{"type":"message""#) {
        ServerEvent::Messages
    } else if let Some(rest) = frame.strip_prefix(br#"{"type":"ack","id":""#) {
        parse_acknowledgement(rest)
    } else if frame.starts_with(br#"{"type":"joined""#) {
        ServerEvent::Joined
    } else if frame.starts_with(br#"{"type":"welcome""#) {
        ServerEvent::Welcome
    } else {
        ServerEvent::Refused
    }
}

/// Prefixes of Engine.IO and Socket.IO: 0 opens, 2 is a ping, 40 connects, 42 is an event, 43 acknowledges, followed by
/// the ID of the acknowledged event.
fn parse_socket_io(frame: &[u8]) -> ServerEvent {
    if frame.starts_with(br#"42["message""#) {
        ServerEvent::Messages
    } else if let Some(rest) = frame.strip_prefix(br#"431[""#) {
        parse_acknowledgement(rest)
    } else if frame.starts_with(b"430") {
        ServerEvent::Joined
    } else if frame.starts_with(b"40") {
        ServerEvent::Welcome
    } else if frame.starts_with(b"0") {
        ServerEvent::Reply("40")
    } else if frame == b"2" {
        ServerEvent::Reply("3")
    } else {
        ServerEvent::Refused
    }
}

fn parse_acknowledgement(id: &[u8]) -> ServerEvent {
    id.get(..36).and_then(Marker::from_client_id).map_or(ServerEvent::Refused, ServerEvent::Acknowledged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acknowledgement_is_parsed_in_every_protocol() {
        let marker = Marker { group: 9, counter: 1_234 };
        let id = marker.client_id(42);
        for (adapter, frame) in [
            (
                ProtocolAdapter::Chatire,
                format!(r#"{{"type":"posted","client_id":"{id}","seq":3,"revision":3}}"#),
            ),
            (ProtocolAdapter::Plain, format!(r#"{{"type":"ack","id":"{id}"}}"#)),
            (ProtocolAdapter::SocketIo, format!(r#"431["{id}"]"#)),
        ] {
            assert_eq!(
                adapter.parse_frame(frame.as_bytes()),
                ServerEvent::Acknowledged(marker),
                "{adapter:?}"
            );
        }
    }

    #[test]
    fn post_message_matches_our_protocol() {
        let frame =
            ProtocolAdapter::Chatire.post_message(0, &Marker { group: 0, counter: 0 }.client_id(1), "tea");
        assert!(frame.starts_with(r#"{"type":"post","chat_id":1,"client_id":""#), "{frame}");
        assert_eq!(chat_uri(9_999).len(), 22);
    }

    #[test]
    fn refusals_are_parsed_as_refused() {
        assert_eq!(
            ProtocolAdapter::Chatire.parse_frame(br#"{"type":"refused","problem":{}}"#),
            ServerEvent::Refused
        );
        assert_eq!(ProtocolAdapter::Plain.parse_frame(br#"{"type":"error"}"#), ServerEvent::Refused);
        assert_eq!(ProtocolAdapter::SocketIo.parse_frame(b"44{}"), ServerEvent::Refused);
    }
}
