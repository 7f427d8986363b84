//! A socket that may break at any time.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use futures_util::{SinkExt, StreamExt};
use shared::{
    changes::{Changes, Since},
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

use crate::people::{PATIENCE, Person};

pub struct Line {
    socket: WebSocketStream<TcpStream>,
    /// With which code the server closed it.
    pub closed_with: Option<u16>,
}

impl Line {
    /// A socket, and the welcome on it.
    pub async fn open(person: &Person) -> Result<Self> {
        let stream = TcpStream::connect(person.address);
        Self::on(timeout(PATIENCE, stream).await??, person).await
    }

    /// One with little room for what is not read.
    pub async fn narrow(person: &Person) -> Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(4_096)?;
        Self::on(socket.connect(person.address).await?, person).await
    }

    async fn on(stream: TcpStream, person: &Person) -> Result<Self> {
        stream.set_nodelay(true)?;
        let mut request = url(person.address).into_client_request()?;
        let token = format!("JWT {}", person.token).parse()?;
        request.headers_mut().append("authorization", token);
        let (socket, _) = timeout(PATIENCE, client_async(request, stream)).await??;
        let mut line = Self { socket, closed_with: None };
        match timeout(PATIENCE, line.hears()).await?? {
            ServerFrame::Welcome { .. } => Ok(line),
            other => bail!("a welcome was awaited: {other:?}"),
        }
    }

    pub async fn says(&mut self, frame: &ClientFrame) -> Result<()> {
        let text = serde_json::to_string(frame)?;
        Ok(timeout(PATIENCE, self.socket.send(Message::text(text))).await??)
    }

    pub async fn subscribes(&mut self, uri: &str, since: Option<Since>) -> Result<()> {
        let (after, epoch) = (since.map(|since| since.after), since.and_then(|since| since.epoch));
        self.says(&ClientFrame::Subscribe { uri: uri.to_owned(), after, epoch }).await
    }

    pub async fn posts(&mut self, uri: &str, client_id: Uuid, message: &str) -> Result<()> {
        let (uri, message) = (uri.to_owned(), message.to_owned());
        self.says(&ClientFrame::Post { uri, client_id, message }).await
    }

    /// The next frame, for which it waits as long as it takes.
    pub async fn hears(&mut self) -> Result<ServerFrame> {
        loop {
            match self.socket.next().await.context("the line ended")?? {
                Message::Text(text) => return serde_json::from_str(&text).context(text.to_string()),
                Message::Close(frame) => self.closed_with = frame.map(|frame| frame.code.into()),
                _ => {}
            }
        }
    }

    /// The next changes, whatever else is said before.
    pub async fn hears_changes(&mut self) -> Result<Changes> {
        loop {
            match self.hears().await? {
                ServerFrame::Changes(changes) => return Ok(changes),
                ServerFrame::Presence { .. } | ServerFrame::Typing { .. } | ServerFrame::Posted { .. } => {}
                other => bail!("changes were awaited: {other:?}"),
            }
        }
    }

    /// The bare connection: for whoever does not keep to the protocol.
    pub fn into_stream(self) -> TcpStream {
        self.socket.into_inner()
    }
}

fn url(address: SocketAddr) -> String {
    format!("ws://{address}/api/socket/")
}
