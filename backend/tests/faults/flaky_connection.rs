//! A WebSocket that may break at any time.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use futures_util::{SinkExt, StreamExt};
use shared::{
    changes::{Changes, ChangesQuery},
    id::ChatId,
    socket::{ClientFrame, ServerFrame},
};
use tokio::{
    net::{TcpSocket, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest},
};
use uuid::Uuid;

use crate::user::{REQUEST_TIMEOUT, TestUser};

pub struct FlakyConnection {
    socket: WebSocketStream<TcpStream>,
    /// Code with which the server closed the socket.
    pub close_code: Option<u16>,
}

impl FlakyConnection {
    /// Opens a socket and receives the welcome.
    pub async fn open(user: &TestUser) -> Result<Self> {
        let stream = TcpStream::connect(user.address);
        Self::handshake(timeout(REQUEST_TIMEOUT, stream).await??, user).await
    }

    /// Opens a socket that buffers little of what the client does not read.
    pub async fn open_with_small_buffer(user: &TestUser) -> Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(4_096)?;
        Self::handshake(socket.connect(user.address).await?, user).await
    }

    async fn handshake(stream: TcpStream, user: &TestUser) -> Result<Self> {
        stream.set_nodelay(true)?;
        let mut request = url(user.address).into_client_request()?;
        let token = format!("JWT {}", user.token).parse()?;
        request.headers_mut().append("authorization", token);
        let (socket, _) = timeout(REQUEST_TIMEOUT, client_async(request, stream)).await??;
        let mut connection = Self { socket, close_code: None };
        match timeout(REQUEST_TIMEOUT, connection.recv()).await?? {
            ServerFrame::Welcome { .. } => Ok(connection),
            other => bail!("expected a welcome, got {other:?}"),
        }
    }

    async fn send_frame(&mut self, frame: &ClientFrame) -> Result<()> {
        let text = serde_json::to_string(frame)?;
        Ok(timeout(REQUEST_TIMEOUT, self.socket.send(Message::text(text))).await??)
    }

    pub async fn subscribe(&mut self, chat_id: ChatId, since: Option<ChangesQuery>) -> Result<()> {
        let (after, epoch) = (since.map(|since| since.after), since.and_then(|since| since.epoch));
        self.send_frame(&ClientFrame::Subscribe { chat_id: Some(chat_id), uri: None, after, epoch }).await
    }

    pub async fn post_message(&mut self, chat_id: ChatId, client_id: Uuid, message: &str) -> Result<()> {
        let message = message.to_owned();
        self.send_frame(&ClientFrame::Post { chat_id, client_id, message, reply_to: None, files: Vec::new() })
            .await
    }

    /// The next frame, without a timeout.
    pub async fn recv(&mut self) -> Result<ServerFrame> {
        loop {
            match self.socket.next().await.context("the connection ended")?? {
                Message::Text(text) => return serde_json::from_str(&text).context(text.to_string()),
                Message::Close(frame) => self.close_code = frame.map(|frame| frame.code.into()),
                _ => {}
            }
        }
    }

    /// The next changes; skips frames that may come before them.
    pub async fn recv_changes(&mut self) -> Result<Changes> {
        loop {
            match self.recv().await? {
                ServerFrame::Changes(changes) => return Ok(changes),
                ServerFrame::Subscribed { .. }
                | ServerFrame::Presence { .. }
                | ServerFrame::Typing { .. }
                | ServerFrame::Posted { .. } => {}
                other => bail!("expected changes, got {other:?}"),
            }
        }
    }

    /// The TCP connection, for tests that violate the protocol.
    pub fn into_stream(self) -> TcpStream {
        self.socket.into_inner()
    }
}

fn url(address: SocketAddr) -> String {
    format!("ws://{address}/api/socket/")
}
