//! Every call to the server, as a value that says what is asked and what is answered.

pub mod account;
pub mod entering;
pub mod keeping;

use std::marker::PhantomData;

use futures_util::future::{Either, select};
use gloo_net::http::{Method, RequestBuilder};
use gloo_timers::future::TimeoutFuture;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use shared::{
    changes::{Changes, Since},
    chat::Started,
    message::{History, Message, Post},
    problem::{Problem, ProblemCode},
    socket::Ticket,
    your_chats::{Mute, ReadPosition, ReadPositions, YourChats},
};
use uuid::Uuid;

/// A server that does not answer within this, in milliseconds, is out of reach,
const PATIENCE: u32 = 15_000;
/// or within this, when a file has to get there first.
const PATIENCE_WITH_FILES: u32 = 120_000;
/// How many messages a chat opens with: a screenful or two, quickly.
const FIRST_PAGE: u8 = 50;

/// Why a call did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The server said no, and why.
    Refused(Problem),
    /// Nothing that we understand came back.
    Unreachable,
}

impl Trouble {
    /// What the server would say, where it need not be asked.
    pub fn refused(code: ProblemCode) -> Self {
        Self::Refused(Problem {
            kind: "about:blank".to_owned(),
            title: String::new(),
            status: code.status(),
            detail: String::new(),
            code,
            retry_after: None,
            errors: Vec::new(),
        })
    }

    pub fn code(&self) -> Option<ProblemCode> {
        match self {
            Self::Refused(problem) => Some(problem.code),
            Self::Unreachable => None,
        }
    }

    /// Seconds after which it is worth trying again.
    pub fn retry_after(&self) -> u64 {
        match self {
            Self::Refused(problem) => problem.retry_after.unwrap_or_default(),
            Self::Unreachable => 0,
        }
    }

    /// Whether the token was at fault.
    pub fn is_about_the_token(&self) -> bool {
        matches!(self, Self::Refused(problem) if problem.status == 401)
    }
}

/// Something was done, and there is nothing more to say about it.
#[derive(Deserialize)]
pub struct Done {}

/// A call that answers with an `A`.
pub struct Request<A> {
    call: Call,
    answer: PhantomData<A>,
}

/// What goes over the wire.
pub struct Call {
    method: Method,
    path: String,
    body: Body,
}

enum Body {
    Nothing,
    Json(String),
    File(web_sys::Blob),
}

pub fn ticket() -> Request<Ticket> {
    Request::new(Method::POST, "/auth/tickets/".to_owned())
}

pub fn your_chats() -> Request<YourChats> {
    Request::new(Method::GET, "/api/chats/".to_owned())
}

pub fn read_positions(uri: &str) -> Request<ReadPositions> {
    Request::new(Method::GET, format!("/api/chats/{uri}/read_position/"))
}

pub fn read_up_to(uri: &str, seq: i64) -> Request<Done> {
    Request::new(Method::PUT, format!("/api/chats/{uri}/read_position/")).with(&ReadPosition { seq })
}

pub fn mute(uri: &str, muted: bool) -> Request<Done> {
    Request::new(Method::PUT, format!("/api/chats/{uri}/mute/")).with(&Mute { muted })
}

pub fn start_chat() -> Request<Started> {
    Request::new(Method::POST, "/api/chats/".to_owned())
}

pub fn newest(uri: &str) -> Request<History> {
    Request::new(Method::GET, format!("/api/chats/{uri}/messages/?limit={FIRST_PAGE}"))
}

pub fn page_before(uri: &str, seq: i64) -> Request<History> {
    Request::new(Method::GET, format!("/api/chats/{uri}/messages/?before={seq}"))
}

pub fn changes(uri: &str, since: Since) -> Request<Changes> {
    let epoch = since.epoch.map(|epoch| format!("&epoch={epoch}")).unwrap_or_default();
    Request::new(Method::GET, format!("/api/chats/{uri}/changes/?after={}{epoch}", since.after))
}

/// The answer holds the message as it was stored, with its fields among others.
pub fn post(uri: &str, client_id: Uuid, message: String) -> Request<Message> {
    let post = Post { message, client_id: Some(client_id) };
    Request::new(Method::POST, format!("/api/chats/{uri}/messages/")).with(&post)
}

impl<A> Request<A> {
    fn new(method: Method, path: String) -> Self {
        Self { call: Call { method, path, body: Body::Nothing }, answer: PhantomData }
    }

    fn with(mut self, body: &impl Serialize) -> Self {
        self.call.body = serde_json::to_string(body).map_or(Body::Nothing, Body::Json);
        self
    }

    /// The browser says what it is; the server looks for itself.
    fn with_file(mut self, file: web_sys::Blob) -> Self {
        self.call.body = Body::File(file);
        self
    }
}

impl<A: DeserializeOwned> Request<A> {
    pub async fn send(self, token: Option<&str>) -> Result<A, Trouble> {
        Self::answer(&self.call.send(token).await?)
    }

    /// The call, for whoever has to send it more than once and reads the answer with [`Request::answer`].
    pub fn into_call(self) -> Call {
        self.call
    }

    pub fn answer(text: &str) -> Result<A, Trouble> {
        decode(text).ok_or(Trouble::Unreachable)
    }
}

impl Call {
    pub async fn send(&self, token: Option<&str>) -> Result<String, Trouble> {
        let (status, text) = exchange(self, token).await?;
        if (200..300).contains(&status) { Ok(text) } else { Err(trouble(&text)) }
    }
}

/// Flattened, every answer is read by the same code as the frames of the socket, which saves a seventh of the client.
#[derive(Deserialize)]
struct Answer<A> {
    #[serde(flatten)]
    answer: A,
}

/// No content is an answer without fields.
pub fn decode<A: DeserializeOwned>(text: &str) -> Option<A> {
    let text = if text.is_empty() { "{}" } else { text };
    serde_json::from_str(text).ok().map(|Answer { answer }| answer)
}

/// A proxy between us and the server answers without a problem document.
fn trouble(text: &str) -> Trouble {
    decode(text).map_or(Trouble::Unreachable, Trouble::Refused)
}

async fn exchange(call: &Call, token: Option<&str>) -> Result<(u16, String), Trouble> {
    let mut request = RequestBuilder::new(&call.path).method(call.method.clone());
    if let Some(token) = token {
        request = request.header("Authorization", &format!("JWT {token}"));
    }
    let (request, patience) = match &call.body {
        Body::Nothing => (request.build(), PATIENCE),
        Body::Json(json) => {
            (request.header("Content-Type", "application/json").body(json.as_str()), PATIENCE)
        }
        Body::File(file) => (request.body(file), PATIENCE_WITH_FILES),
    };
    let request = request.map_err(|_| Trouble::Unreachable)?;
    let answer = async {
        let response = request.send().await?;
        Ok::<_, gloo_net::Error>((response.status(), response.text().await?))
    };
    match select(Box::pin(answer), TimeoutFuture::new(patience)).await {
        Either::Left((answer, _)) => answer.map_err(|_| Trouble::Unreachable),
        Either::Right(_) => Err(Trouble::Unreachable),
    }
}

#[cfg(test)]
mod tests {
    use shared::chat::Rotated;

    use super::*;

    #[test]
    fn what_a_proxy_says_is_not_a_problem_document() {
        assert_eq!(trouble("<html>502 Bad Gateway</html>"), Trouble::Unreachable);
        let json = r#"{"type":"about:blank","title":"","status":404,"detail":"","code":"chat_not_found"}"#;
        assert_eq!(trouble(json).code(), Some(ProblemCode::ChatNotFound));
    }

    #[test]
    fn an_answer_of_which_nothing_is_read_may_be_empty_or_hold_anything() {
        assert!(decode::<Done>("").is_some() && decode::<Done>(r#"{"id":1,"name":"Tea"}"#).is_some());
        assert!(decode::<Done>("<html>").is_none() && decode::<Rotated>("").is_none());
    }

    #[test]
    fn changes_are_asked_for_by_head_and_epoch() {
        let since = Since { after: 7, epoch: Some(Uuid::nil()) };
        let path = changes("tea", since).call.path;
        assert_eq!(path, "/api/chats/tea/changes/?after=7&epoch=00000000-0000-0000-0000-000000000000");
    }
}
