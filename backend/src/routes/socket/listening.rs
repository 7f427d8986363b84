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

use super::conversation::{Conversation, Turn};
use crate::{
    auth::{Reader, SignedIn, Writer, membership::guessing_is_limited},
    problem::{Error, Refusal},
};

/// How many chats one socket may listen to.
const CHATS_MAX: usize = 1_000;
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
            ClientFrame::Typing { uri } => self.typing(&uri).await,
            ClientFrame::Subscribe { uri, after, epoch } => {
                return Box::pin(self.subscribe(uri, after.map(|after| after.max(0)), epoch)).await;
            }
            ClientFrame::Unsubscribe { uri } => self.unsubscribe(&uri),
            ClientFrame::Read { .. } | ClientFrame::Follow { .. } => {
                self.refuse_frame(said, &ProblemCode::NotFound.into());
            }
            ClientFrame::Renew { token } => return Box::pin(self.renew(&token)).await,
        }
        Turn::Continue(())
    }

    /// Hands a message to the writer, who answers; nothing waits here.
    async fn post(&mut self, uri: &str, client_id: Uuid, message: String) -> Result<(), Error> {
        check_message(&message).map_err(|code| Refusal::field("message", code))?;
        let writer = self.writer(uri).await?;
        self.app.count_post(&writer, client_id)?;
        // The next letter is the beginning of something new.
        self.chats.iter_mut().filter(|chat| chat.uri == uri).for_each(|chat| chat.typed = None);
        self.app.writer.post_by(&self.session, writer.chat, writer.user, client_id, message)
    }

    /// Whoever asked lately is known without asking the database.
    async fn writer(&self, uri: &str) -> Result<Writer, Error> {
        let reader = match Reader::known(&self.app, self.session.user_id(), uri) {
            Some(reader) => reader,
            None => Box::pin(self.find(uri)).await?,
        };
        reader.writing()
    }

    pub async fn find(&self, uri: &str) -> Result<Reader, Error> {
        let found = Reader::find(&self.app, self.session.user_id(), uri).await;
        guessing_is_limited(&self.app, self.session.address(), found)
    }

    /// Only whoever listens to a chat, and may write there, is seen to be writing in it.
    async fn typing(&mut self, uri: &str) {
        let is_new = |typed: Option<Instant>| typed.is_none_or(|typed| typed.elapsed() > TYPING_PAUSE);
        let is_news = self.chats.iter().any(|chat| chat.uri == uri && is_new(chat.typed));
        if !is_news || self.writer(uri).await.is_err() {
            return;
        }
        if let Some(chat) = self.chats.iter_mut().find(|chat| chat.uri == uri) {
            chat.typed = Some(Instant::now());
            self.app.hub.typing(chat.chat_id, self.id, self.session.user_id());
        }
    }

    async fn subscribe(&mut self, uri: String, after: Option<i64>, epoch: Option<Uuid>) -> Turn {
        if self.chats.iter().filter(|chat| chat.uri != uri).count() >= CHATS_MAX {
            let problem = Refusal::new(ProblemCode::TooManyRequests)
                .detail(format!("One socket listens to at most {CHATS_MAX} chats."));
            self.refuse(None, Some(uri), &problem.into());
            return Turn::Continue(());
        }
        match self.find(&uri).await {
            Ok(reader) => self.begin(reader.chat, after, epoch).await,
            Err(error) => {
                self.refuse(None, Some(uri), &error);
                Turn::Continue(())
            }
        }
    }

    pub fn unsubscribe(&mut self, uri: &str) {
        self.chats.extract_if(.., |chat| chat.uri == uri).for_each(|chat| {
            self.app.hub.unsubscribe(chat.chat_id, self.id);
        });
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
