//! A WebSocket client.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use shared::{
    changes::Changes,
    id::{ChatId, Head, Seq, UserId},
    member::MembershipStatus,
    problem::Problem,
    socket::{ClientFrame, FollowedChat, ServerFrame},
};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{
        Bytes, Error, Message,
        client::IntoClientRequest,
        handshake::client::Response,
        http::{self, HeaderValue},
    },
};
use uuid::Uuid;

use super::{HttpClient, TestApp, TestUser, log_capture};

/// Much longer than any operation takes, so that a test fails instead of hanging.
pub const TEST_TIMEOUT: Duration = Duration::from_secs(20);

pub struct WsClient {
    socket: WebSocketStream<TcpStream>,
}

/// The HTTP response to a rejected handshake.
#[derive(Debug)]
pub struct HandshakeError {
    pub status: u16,
    pub text: String,
    pub response: http::Response<Option<Vec<u8>>>,
}

/// Sends the handshake with these headers.
pub async fn open_websocket(
    http: &HttpClient,
    headers: &[(&'static str, &str)],
) -> Result<(WsClient, Response), Box<HandshakeError>> {
    let mut request = format!("ws://{}/api/socket/", http.address).into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().append(*name, HeaderValue::from_str(value).unwrap());
    }
    let stream = TcpStream::connect(&http.address).await.unwrap();
    match timeout(TEST_TIMEOUT, client_async(request, stream)).await.expect("response in time") {
        Ok((socket, response)) => Ok((WsClient { socket }, response)),
        Err(Error::Http(response)) => {
            let text = response.body().as_ref().map(|body| String::from_utf8_lossy(body).into_owned());
            Err(Box::new(HandshakeError {
                status: response.status().as_u16(),
                text: text.unwrap_or_default(),
                response: *response,
            }))
        }
        Err(error) => panic!("the handshake failed: {error}"),
    }
}

impl TestUser {
    /// Opens a socket with a token, as programs do, and receives the welcome.
    pub async fn open_socket(&self) -> WsClient {
        self.open_socket_and_list_version().await.0
    }

    /// Opens a socket, and returns the version of the chat list in the welcome.
    pub async fn open_socket_and_list_version(&self) -> (WsClient, Uuid) {
        let authorization = format!("JWT {}", self.token);
        let (mut socket, _) = open_websocket(&self.http, &[("authorization", &authorization)]).await.unwrap();
        match socket.recv_event().await {
            ServerFrame::Welcome { chat_list_version, .. } => (socket, chat_list_version),
            other => panic!("expected a welcome, got {other:?}"),
        }
    }

    /// Opens a socket that is subscribed to a chat from now on.
    pub async fn open_socket_in(&self, uri: &str) -> WsClient {
        let mut socket = self.open_socket().await;
        socket.subscribe(uri, None, None).await;
        socket.recv_changes().await;
        socket
    }
}

/// Sending.
impl WsClient {
    pub async fn send(&mut self, message: Message) {
        if let Message::Text(text) = &message {
            log_capture::record(text);
        }
        timeout(TEST_TIMEOUT, self.socket.send(message)).await.expect("the server reads").unwrap();
    }

    pub async fn send_frame(&mut self, frame: &ClientFrame) {
        self.send(Message::text(serde_json::to_string(frame).unwrap())).await;
    }

    /// Subscribes by the URI of a chat.
    pub async fn subscribe(&mut self, uri: &str, after: Option<Head>, epoch: Option<Uuid>) {
        let uri = Some(uri.to_owned());
        self.send_frame(&ClientFrame::Subscribe { chat_id: None, uri, after, epoch }).await;
    }

    pub async fn subscribe_by_id(&mut self, chat_id: ChatId, after: Option<Head>, epoch: Option<Uuid>) {
        let chat_id = Some(chat_id);
        self.send_frame(&ClientFrame::Subscribe { chat_id, uri: None, after, epoch }).await;
    }

    pub async fn unsubscribe(&mut self, chat_id: ChatId) {
        self.send_frame(&ClientFrame::Unsubscribe { chat_id }).await;
    }

    /// Follows chats, each from a head on, in the epoch of the server.
    pub async fn follow(&mut self, app: &TestApp, chats: &[(ChatId, Head)]) {
        self.follow_in_epoch(app.state.epoch, chats).await;
    }

    pub async fn follow_in_epoch(&mut self, epoch: Uuid, chats: &[(ChatId, Head)]) {
        let chats = chats.iter().map(|&(chat_id, after)| FollowedChat { chat_id, after }).collect();
        self.send_frame(&ClientFrame::Follow { epoch, chats }).await;
    }

    pub async fn post_message(&mut self, chat_id: ChatId, client_id: Uuid, message: &str) {
        let message = message.to_owned();
        self.send_frame(&ClientFrame::Post {
            chat_id,
            client_id,
            message,
            reply_to: None,
            files: Vec::new(),
        })
        .await;
    }

    pub async fn mark_read(&mut self, chat_id: ChatId, seq: Seq) {
        self.send_frame(&ClientFrame::Read { chat_id, seq }).await;
    }

    /// Reports typing, and waits until the server has handled it.
    pub async fn report_typing(&mut self, chat_id: ChatId) {
        self.send_frame(&ClientFrame::Typing { chat_id }).await;
        self.sync().await;
    }

    /// Closes the socket and waits until the server has closed it.
    pub async fn close(mut self) {
        self.socket.close(None).await.unwrap();
        while let Some(Ok(_)) = timeout(TEST_TIMEOUT, self.socket.next()).await.expect("close in time") {}
    }
}

/// A `refused` frame.
pub struct Rejection {
    pub client_id: Option<Uuid>,
    pub chat_id: Option<ChatId>,
    pub uri: Option<String>,
    pub problem: Problem,
}

/// Receiving frames. Presence can arrive at any time, and `subscribed` precedes what a subscription sends; only
/// [`WsClient::recv`] returns them.
impl WsClient {
    /// The next frame of any type.
    pub async fn recv(&mut self) -> ServerFrame {
        let text = self.recv_text().await;
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// The next frame other than presence and `subscribed`.
    pub async fn recv_event(&mut self) -> ServerFrame {
        loop {
            match self.recv().await {
                ServerFrame::Presence { .. } | ServerFrame::Subscribed { .. } => {}
                frame => return frame,
            }
        }
    }

    pub async fn recv_changes(&mut self) -> Changes {
        match self.recv_event().await {
            ServerFrame::Changes(changes) => changes,
            other => panic!("expected changes, got {other:?}"),
        }
    }

    /// Skips frames until presence; returns the number of users present and the listed ids.
    pub async fn recv_presence(&mut self) -> (usize, Vec<UserId>) {
        loop {
            if let ServerFrame::Presence { count, users, .. } = self.recv().await {
                return (count, users);
            }
        }
    }

    /// Skips frames until `count` users are present; returns the listed ids.
    pub async fn wait_for_presence(&mut self, count: usize) -> Vec<UserId> {
        loop {
            if let (present, users) = self.recv_presence().await
                && present == count
            {
                return users;
            }
        }
    }

    pub async fn expect_membership(&mut self, chat_id: ChatId, status: MembershipStatus) {
        assert_eq!(self.recv_event().await, ServerFrame::Membership { chat_id, status });
    }

    pub async fn recv_membership_status(&mut self) -> MembershipStatus {
        match self.recv_event().await {
            ServerFrame::Membership { status, .. } => status,
            other => panic!("expected a membership, got {other:?}"),
        }
    }

    /// Receives the notice that a chat was deleted; returns its id.
    pub async fn recv_gone(&mut self) -> ChatId {
        match self.recv_event().await {
            ServerFrame::Gone { chat_id } => chat_id,
            other => panic!("expected the end of a chat, got {other:?}"),
        }
    }

    pub async fn recv_rejection(&mut self) -> Rejection {
        match self.recv_event().await {
            ServerFrame::Refused { client_id, chat_id, uri, problem } => {
                Rejection { client_id, chat_id, uri, problem }
            }
            other => panic!("expected a rejection, got {other:?}"),
        }
    }

    /// Waits until the server has handled all earlier frames; fails if it sent anything but presence.
    pub async fn sync(&mut self) {
        self.send(Message::Ping(Bytes::from_static(b"sync"))).await;
        self.recv_pong(b"sync").await;
    }

    /// All frames that the server has sent up to now, except presence and `subscribed`.
    pub async fn recv_pending(&mut self) -> Vec<ServerFrame> {
        self.send(Message::Ping(Bytes::from_static(b"now"))).await;
        let mut frames = Vec::new();
        loop {
            match self.next_message().await {
                Some(Message::Pong(echo)) if &echo[..] == b"now" => return frames,
                Some(Message::Text(text)) => frames.push(serde_json::from_str(&text).unwrap()),
                Some(Message::Ping(_)) => {}
                other => panic!("expected a pong, got {other:?}"),
            }
            let is_kept =
                |frame: &_| !matches!(frame, ServerFrame::Presence { .. } | ServerFrame::Subscribed { .. });
            frames.retain(is_kept);
        }
    }
}

/// Receiving messages.
impl WsClient {
    pub async fn recv_text(&mut self) -> String {
        loop {
            match self.next_message().await {
                Some(Message::Text(text)) => return text.to_string(),
                Some(Message::Ping(_) | Message::Pong(_)) => {}
                other => panic!("expected a text, got {other:?}"),
            }
        }
    }

    pub async fn recv_json(&mut self) -> Value {
        serde_json::from_str(&self.recv_text().await).unwrap()
    }

    pub async fn recv_pong(&mut self, bytes: &[u8]) {
        loop {
            match self.next_message().await {
                Some(Message::Pong(echo)) => return assert_eq!(&echo[..], bytes),
                Some(Message::Text(text)) if is_ignored(&text) => {}
                Some(Message::Ping(_)) => {}
                other => panic!("expected a pong, got {other:?}"),
            }
        }
    }

    /// The close code; only pings and presence may arrive before it.
    pub async fn recv_close(&mut self) -> u16 {
        loop {
            match self.next_message().await {
                Some(Message::Close(Some(frame))) => return frame.code.into(),
                Some(Message::Text(text)) if is_ignored(&text) => {}
                Some(Message::Ping(_) | Message::Pong(_)) => {}
                other => panic!("expected a close, got {other:?}"),
            }
        }
    }

    /// The next text, or the code if the server closes instead.
    pub async fn recv_text_or_close(&mut self) -> Result<String, u16> {
        loop {
            match self.next_message().await {
                Some(Message::Text(text)) => return Ok(text.to_string()),
                Some(Message::Close(Some(frame))) => return Err(frame.code.into()),
                Some(Message::Ping(_) | Message::Pong(_)) => {}
                other => panic!("expected a text or a close, got {other:?}"),
            }
        }
    }

    async fn next_message(&mut self) -> Option<Message> {
        let next = timeout(TEST_TIMEOUT, self.socket.next()).await.expect("a frame in time");
        next.map(|message| message.expect("a valid frame"))
    }
}

/// Whether a frame is presence or the confirmation of a subscription.
fn is_ignored(text: &str) -> bool {
    text.contains(r#""type":"presence""#) || text.contains(r#""type":"subscribed""#)
}
