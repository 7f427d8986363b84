//! Somebody at a socket.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use shared::{
    changes::Changes,
    member::Standing,
    problem::Problem,
    socket::{ClientFrame, PROTOCOL, ServerFrame, Ticket},
};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{
        Bytes, Error, Message, client::IntoClientRequest, handshake::client::Response, http::HeaderValue,
    },
};
use uuid::Uuid;

use crate::{
    app::{Person, Web},
    sent,
};

/// Far more than anything takes, so that a test fails instead of waiting for ever.
pub const BOUND: Duration = Duration::from_secs(20);

pub struct Listener {
    socket: WebSocketStream<TcpStream>,
}

/// Asks for a socket with these headers; a refusal comes back as its response.
pub async fn knock(
    web: &Web,
    headers: &[(&'static str, &str)],
) -> Result<(Listener, Response), Box<Refused>> {
    let mut request = format!("ws://{}/api/socket/", web.address).into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().append(*name, HeaderValue::from_str(value).unwrap());
    }
    let stream = TcpStream::connect(&web.address).await.unwrap();
    match timeout(BOUND, client_async(request, stream)).await.expect("an answer in time") {
        Ok((socket, response)) => Ok((Listener { socket }, response)),
        Err(Error::Http(response)) => {
            let text = response.body().as_ref().map(|body| String::from_utf8_lossy(body).into_owned());
            Err(Box::new(Refused {
                status: response.status().as_u16(),
                text: text.unwrap_or_default(),
                response: *response,
            }))
        }
        Err(error) => panic!("the handshake failed: {error}"),
    }
}

#[derive(Debug)]
pub struct Refused {
    pub status: u16,
    pub text: String,
    pub response: tokio_tungstenite::tungstenite::http::Response<Option<Vec<u8>>>,
}

impl Person {
    /// Opens a socket as programs do, and hears the welcome.
    pub async fn listens(&self) -> Listener {
        let authorization = format!("JWT {}", self.token);
        let (mut listener, _) = knock(&self.web, &[("authorization", &authorization)]).await.unwrap();
        assert!(matches!(listener.hears().await, ServerFrame::Welcome { .. }));
        listener
    }

    /// Opens a socket that hears what happens in a chat from now on.
    pub async fn listens_to(&self, uri: &str) -> Listener {
        let mut listener = self.listens().await;
        listener.subscribes(uri, None, None).await;
        listener.hears_changes().await;
        listener
    }

    pub async fn ticket(&self) -> String {
        self.post("/auth/tickets/").await.is(200).read::<Ticket>().ticket
    }

    /// The headers with which a browser opens a socket from our own page.
    pub fn browser(&self, ticket: &str) -> [(&'static str, String); 2] {
        let origin = format!("http://{}", self.web.address);
        [("origin", origin), ("sec-websocket-protocol", format!("{PROTOCOL}, {ticket}"))]
    }
}

impl Listener {
    pub async fn says(&mut self, frame: &ClientFrame) {
        self.sends(Message::text(serde_json::to_string(frame).unwrap())).await;
    }

    pub async fn sends(&mut self, message: Message) {
        if let Message::Text(text) = &message {
            sent::note(text);
        }
        timeout(BOUND, self.socket.send(message)).await.expect("the server reads").unwrap();
    }

    pub async fn subscribes(&mut self, uri: &str, after: Option<i64>, epoch: Option<Uuid>) {
        self.says(&ClientFrame::Subscribe { uri: uri.to_owned(), after, epoch }).await;
    }

    pub async fn posts(&mut self, uri: &str, client_id: Uuid, message: &str) {
        let (uri, message) = (uri.to_owned(), message.to_owned());
        self.says(&ClientFrame::Post { uri, client_id, message }).await;
    }

    /// The next frame that is not passing: who is here comes whenever it comes.
    pub async fn hears(&mut self) -> ServerFrame {
        loop {
            match self.hears_any().await {
                ServerFrame::Presence { .. } => {}
                frame => return frame,
            }
        }
    }

    pub async fn hears_any(&mut self) -> ServerFrame {
        let text = self.hears_text().await;
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// Who is here, as soon as it is so many.
    pub async fn hears_presence_of(&mut self, expected: usize) -> Vec<i64> {
        loop {
            if let ServerFrame::Presence { count, here, .. } = self.hears_any().await
                && count == expected
            {
                return here;
            }
        }
    }

    pub async fn hears_text(&mut self) -> String {
        loop {
            match self.next().await {
                Some(Message::Text(text)) => return text.to_string(),
                Some(Message::Ping(_) | Message::Pong(_)) => {}
                other => panic!("a text frame was awaited: {other:?}"),
            }
        }
    }

    pub async fn hears_changes(&mut self) -> Changes {
        match self.hears().await {
            ServerFrame::Changes(changes) => changes,
            other => panic!("changes were awaited: {other:?}"),
        }
    }

    /// Hears what its user is in a chat now.
    pub async fn hears_membership(&mut self, uri: &str, standing: Standing) {
        assert_eq!(self.hears().await, ServerFrame::Membership { uri: uri.to_owned(), standing });
    }

    pub async fn hears_moved(&mut self, uri: &str, to: &str) {
        assert_eq!(self.hears().await, ServerFrame::Moved { uri: uri.to_owned(), to: to.to_owned() });
    }

    /// The next refusal: of which post and chat, and why.
    pub async fn hears_refusal(&mut self) -> (Option<Uuid>, Option<String>, Problem) {
        match self.hears().await {
            ServerFrame::Refused { client_id, uri, problem } => (client_id, uri, problem),
            other => panic!("a refusal was awaited: {other:?}"),
        }
    }

    /// The code with which the server closes; only pings and who is here may come before.
    pub async fn is_closed_with(&mut self) -> u16 {
        loop {
            match self.next().await {
                Some(Message::Close(Some(frame))) => return frame.code.into(),
                Some(Message::Text(text)) if text.contains(r#""type":"presence""#) => {}
                Some(Message::Ping(_) | Message::Pong(_)) => {}
                other => panic!("a close was awaited: {other:?}"),
            }
        }
    }

    /// The next text, or the code with which the server closes instead.
    pub async fn hears_text_or_close(&mut self) -> Result<String, u16> {
        loop {
            match self.next().await {
                Some(Message::Text(text)) => return Ok(text.to_string()),
                Some(Message::Close(Some(frame))) => return Err(frame.code.into()),
                Some(Message::Ping(_) | Message::Pong(_)) => {}
                other => panic!("a text or a close was awaited: {other:?}"),
            }
        }
    }

    /// Comes back once the server has dealt with all that was said before.
    pub async fn is_heard(&mut self) {
        self.sends(Message::Ping(Bytes::from_static(b"heard?"))).await;
        self.hears_pong(b"heard?").await;
    }

    /// What the server has said up to now, but for what is passing.
    pub async fn hears_until_now(&mut self) -> Vec<ServerFrame> {
        self.sends(Message::Ping(Bytes::from_static(b"now"))).await;
        let mut heard = Vec::new();
        loop {
            match self.next().await {
                Some(Message::Pong(echo)) if &echo[..] == b"now" => return heard,
                Some(Message::Text(text)) => heard.push(serde_json::from_str(&text).unwrap()),
                Some(Message::Ping(_)) => {}
                other => panic!("a pong was awaited: {other:?}"),
            }
            heard.retain(|frame| !matches!(frame, ServerFrame::Presence { .. }));
        }
    }

    /// Closes, and waits for the server's word.
    pub async fn leaves(mut self) {
        self.socket.close(None).await.unwrap();
        while let Some(Ok(_)) = timeout(BOUND, self.socket.next()).await.expect("an end in time") {}
    }

    pub async fn hears_pong(&mut self, bytes: &[u8]) {
        loop {
            match self.next().await {
                Some(Message::Pong(heard)) => return assert_eq!(&heard[..], bytes),
                Some(Message::Text(text)) if text.contains(r#""type":"presence""#) => {}
                Some(Message::Ping(_)) => {}
                other => panic!("a pong was awaited: {other:?}"),
            }
        }
    }

    /// The raw fields of the next frame.
    pub async fn hears_value(&mut self) -> Value {
        serde_json::from_str(&self.hears_text().await).unwrap()
    }

    async fn next(&mut self) -> Option<Message> {
        let next = timeout(BOUND, self.socket.next()).await.expect("a frame in time");
        next.map(|message| message.expect("a good frame"))
    }
}
