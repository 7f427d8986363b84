//! What a client says, one frame at a time.

use std::time::Duration;

use serde_json::error::Error as JsonError;
use shared::{
    message::check_message,
    problem::ProblemCode,
    socket::{ClientFrame, ServerFrame, TYPING_EVERY, close},
};
use tokio::time::Instant;
use uuid::Uuid;

use super::conversation::{Conversation, Subscription, Turn};
use crate::{
    auth::{Reader, SignedIn, membership::guessing_is_limited},
    db::{chats::Address, read_positions::Reached},
    problem::{Error, Refusal},
};

/// How many chats one socket may listen to.
pub const CHATS_MAX: usize = 1_000;
/// Who says more often that somebody is writing is not passed on: a little less than clients are asked to wait.
const TYPING_PAUSE: Duration = Duration::from_secs(TYPING_EVERY - 1);

impl Conversation {
    /// Does what the client says.
    pub async fn act(&mut self, said: ClientFrame) -> Turn {
        match said {
            ClientFrame::Post { uri, client_id, message } => {
                if let Err(error) = self.post(&uri, client_id, message).await {
                    self.refuse(Some(client_id), Some(uri), &error);
                }
            }
            ClientFrame::Typing { uri } => Box::pin(self.typing(&uri)).await,
            ClientFrame::Subscribe { uri, after, epoch } => {
                return Box::pin(self.subscribe(uri, after.map(|after| after.max(0)), epoch)).await;
            }
            ClientFrame::Unsubscribe { uri } => Box::pin(self.unsubscribe(&uri)).await,
            ClientFrame::Read { uri, seq } => {
                if let Err(error) = Box::pin(self.read(&uri, seq)).await {
                    self.refuse(None, Some(uri), &error);
                }
            }
            ClientFrame::Follow { epoch, chats } => return Box::pin(self.follow(epoch, chats)).await,
            ClientFrame::Renew { token } => return Box::pin(self.renew(&token)).await,
        }
        Turn::Continue(())
    }

    /// Hands a message to the writer, who answers; nothing waits here.
    async fn post(&mut self, uri: &str, client_id: Uuid, message: String) -> Result<(), Error> {
        check_message(&message).map_err(|code| Refusal::field("message", code))?;
        let writer = self.reader(uri).await?.writing()?;
        self.app.count_post(&writer, client_id)?;
        // The next letter is the beginning of something new.
        let chat_id = writer.chat.id;
        self.chats.iter_mut().filter(|chat| chat.chat_id == chat_id).for_each(|chat| chat.typed = None);
        self.app.writer.post_by(&self.session, writer.chat, writer.user, client_id, message)
    }

    /// Whoever asked lately is known without asking the database.
    async fn reader(&self, uri: &str) -> Result<Reader, Error> {
        match Reader::known(&self.app, self.session.user_id(), uri) {
            Some(reader) => Ok(reader),
            None => Box::pin(self.find(uri)).await,
        }
    }

    pub async fn find(&self, uri: &str) -> Result<Reader, Error> {
        let found = Reader::find(&self.app, self.session.user_id(), uri).await;
        guessing_is_limited(&self.app, self.session.address(), found)
    }

    /// Only whoever listens to a chat, and may write there, is seen to be writing in it.
    async fn typing(&mut self, uri: &str) {
        let Some(chat) = self.listens_to(uri).await else { return };
        let chat_id = chat.chat_id;
        let is_news = chat.typed.is_none_or(|typed| typed.elapsed() > TYPING_PAUSE);
        if !is_news || self.reader(uri).await.and_then(Reader::writing).is_err() {
            return;
        }
        if let Some(chat) = self.chats.iter_mut().find(|chat| chat.chat_id == chat_id) {
            chat.typed = Some(Instant::now());
            self.app.hub.typing(chat_id, self.id, self.session.user_id());
        }
    }

    /// Notes how far the client has read, as soon as it is said for the first time.
    async fn read(&mut self, uri: &str, seq: i64) -> Result<(), Error> {
        let Reader { chat: Address { id: chat_id, uri }, user, .. } = self.reader(uri).await?;
        let (user, listened) = (user.id, self.chats.iter().position(|chat| chat.chat_id == chat_id));
        if seq <= listened.and_then(|place| self.chats.get(place)).map_or(0, |chat| chat.read) {
            return Ok(());
        }
        // What was told here is not beyond the head.
        let is_told = self.app.hub.knows(chat_id, self.id, seq);
        let seq = if is_told { seq } else { seq.min(self.head(chat_id).await?) };
        if let Some(chat) = listened.and_then(|place| self.chats.get_mut(place)) {
            chat.read = seq;
        }
        if self.app.reading.note(Reached { chat_id, user_id: user, seq }) {
            self.app.hub.tell_elsewhere(user, Some(self.id), &ServerFrame::Read { uri, user, seq });
        }
        Ok(())
    }

    async fn subscribe(&mut self, uri: String, after: Option<i64>, epoch: Option<Uuid>) -> Turn {
        if self.chats.iter().filter(|chat| chat.uri != uri).count() >= CHATS_MAX {
            self.refuse(None, Some(uri), &too_many_chats());
            return Turn::Continue(());
        }
        match self.find(&uri).await {
            Ok(reader) => self.begin(reader.chat, uri, after, epoch).await,
            Err(error) => {
                self.refuse(None, Some(uri), &error);
                Turn::Continue(())
            }
        }
    }

    async fn unsubscribe(&mut self, uri: &str) {
        match self.listens_to(uri).await.map(|chat| (chat.chat_id, chat.followed)) {
            Some((chat_id, true)) => self.app.hub.step_back(chat_id, self.id),
            Some((chat_id, false)) => self.leave_chat(chat_id),
            None => {}
        }
    }

    /// The chat to which the address leads, if it is listened to, under whichever address that began.
    async fn listens_to(&mut self, uri: &str) -> Option<&mut Subscription> {
        if !self.chats.iter().any(|chat| chat.uri == uri) {
            let chat_id = self.find(uri).await.ok()?.chat.id;
            let chat = self.chats.iter_mut().find(|chat| chat.chat_id == chat_id)?;
            uri.clone_into(&mut chat.uri);
        }
        self.chats.iter_mut().find(|chat| chat.uri == uri)
    }

    /// Listens to a chat no more, in whatever way it did.
    pub fn leave_chat(&mut self, chat_id: i64) {
        self.chats.retain(|chat| chat.chat_id != chat_id);
        self.app.hub.unsubscribe(chat_id, self.id);
    }

    async fn renew(&mut self, token: &str) -> Turn {
        match SignedIn::with_token(&self.app, token).await {
            Ok(SignedIn { user, claims }) if user.id == self.session.user_id() => {
                self.session.renew(claims.sid, claims.exp);
                self.check_session().await?;
            }
            Ok(_) => return self.end(close::MISBEHAVED, "the token is another user's"),
            Err(error) => self.refuse(None, None, &error),
        }
        Turn::Continue(())
    }

    pub fn refuse_malformed(&self, error: &JsonError) {
        let problem = Refusal::new(ProblemCode::Malformed).detail(error.to_string());
        self.refuse(None, None, &problem.into());
    }

    pub fn refuse(&self, client_id: Option<Uuid>, uri: Option<String>, error: &Error) {
        if let Error::Internal(error) = error {
            tracing::error!(error = format!("{error:#}"), "a frame failed");
        }
        self.session.answer(&ServerFrame::Refused { client_id, uri, problem: error.problem() });
    }

    /// Refuses what was said, naming what it was about.
    pub fn refuse_frame(&self, said: ClientFrame, error: &Error) {
        let (client_id, uri) = match said {
            ClientFrame::Post { uri, client_id, .. } => (Some(client_id), Some(uri)),
            ClientFrame::Subscribe { uri, .. }
            | ClientFrame::Unsubscribe { uri }
            | ClientFrame::Typing { uri }
            | ClientFrame::Read { uri, .. } => (None, Some(uri)),
            ClientFrame::Follow { .. } | ClientFrame::Renew { .. } => (None, None),
        };
        self.refuse(client_id, uri, error);
    }
}

pub fn too_many_chats() -> Error {
    let detail = format!("One socket listens to at most {CHATS_MAX} chats.");
    Refusal::new(ProblemCode::TooManyRequests).detail(detail).into()
}
