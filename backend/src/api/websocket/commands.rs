//! Handles the commands that a client sends as frames.

use std::time::Duration;

use shared::{
    file::MESSAGE_FILES_MAX,
    id::{ChatId, Head, Seq},
    mentions::Mentions,
    message::check_text_beside_files,
    problem::{FieldCode, ProblemCode},
    socket::{ClientFrame, ServerFrame, TYPING_INTERVAL_SECONDS, close},
};
use tokio::time::Instant;
use uuid::Uuid;

use crate::api::websocket::{
    catch_up,
    connection_task::{ConnectionTask, Flow, SUBSCRIPTIONS_MAX, Subscription, too_many_subscriptions},
    follow,
    invalid_frame::InvalidFrame,
};
use crate::{
    api::chats::messages::count_post,
    auth::{Authenticated, ChatReader, ChatWriter, policy::extractors::limit_uri_probing},
    chat::mentions,
    error::{ApiError, Rejection},
    realtime::ingest::Post,
    store::read_positions::ReadPosition,
};

/// Typing frames that come sooner after the last one are not passed on. A little shorter than the interval that clients
/// are asked to keep.
const TYPING_THROTTLE: Duration = Duration::from_secs(TYPING_INTERVAL_SECONDS - 1);

impl ConnectionTask {
    pub async fn handle_command(&mut self, command: ClientFrame) -> Flow {
        match command {
            ClientFrame::Post { chat_id, client_id, message, reply_to, files } => {
                let post = Post { client_id, message, reply_to, mentions: Mentions::default(), files };
                if let Err(error) = self.post(chat_id, post).await {
                    self.refuse(Some(client_id), Some(chat_id), &error);
                }
            }
            ClientFrame::Typing { chat_id } => Box::pin(self.typing(chat_id)).await,
            ClientFrame::Subscribe { chat_id, uri, after, epoch } => {
                if after.is_some_and(|after| after < Head::default()) {
                    self.send_refused(None, chat_id, uri, &negative("after"));
                    return Flow::Continue(());
                }
                return Box::pin(self.subscribe(chat_id, uri, after, epoch)).await;
            }
            ClientFrame::Unsubscribe { chat_id } => self.unsubscribe(chat_id),
            ClientFrame::Read { chat_id, seq } => {
                if let Err(error) = Box::pin(self.record_read(chat_id, seq)).await {
                    self.refuse(None, Some(chat_id), &error);
                }
            }
            ClientFrame::Follow { epoch, chats } => {
                return Box::pin(follow::follow_chats(self, epoch, chats)).await;
            }
            ClientFrame::Renew { token } => return Box::pin(self.renew_token(&token)).await,
        }
        Flow::Continue(())
    }

    /// Enqueues a message; the ingest replies.
    async fn post(&mut self, chat_id: ChatId, mut post: Post) -> Result<(), ApiError> {
        check_text_beside_files(&post.message, !post.files.is_empty())
            .map_err(|code| Rejection::field("message", code))?;
        if post.files.len() > MESSAGE_FILES_MAX {
            return Err(Rejection::field("files", FieldCode::TooManyFiles).into());
        }
        if post.reply_to.is_some_and(|seq| seq.get() < 1) {
            return Err(Rejection::field("reply_to", FieldCode::NotNumber).into());
        }
        let mentioned_ids = mentions::find_ids(&post.message)?;
        let writer = self.find_writer(chat_id).await?;
        count_post(&self.app, &writer, post.client_id).await?;
        post.mentions = Box::pin(mentions::resolve(&self.app.db, chat_id, &mentioned_ids)).await?;
        // The next typing frame belongs to a new message and is passed on at once.
        if let Some(subscription) = self.subscription(chat_id) {
            subscription.typing_sent_at = None;
        }
        self.app.ingest.post_from_socket(&self.connection, chat_id, writer.user, post)
    }

    /// Finds the user's permission to post. A known permission is enough, a refusal is always recent.
    async fn find_writer(&self, chat_id: ChatId) -> Result<ChatWriter, ApiError> {
        match ChatWriter::find_known(&self.app.auth, self.connection.user_id(), chat_id) {
            Some(writer) => Ok(writer),
            None => Box::pin(self.find_chat(chat_id)).await?.require_writer(),
        }
    }

    /// Finds the user's membership. Only a client that subscribed to the chat is told that it was deleted: ids can be
    /// guessed.
    pub async fn find_chat(&self, chat_id: ChatId) -> Result<ChatReader, ApiError> {
        let reader = match ChatReader::find_by_id(&self.app.auth, self.connection.user_id(), chat_id).await {
            Err(error) if error.code() == ProblemCode::ChatDeleted && !self.has_subscription(chat_id) => {
                Err(ProblemCode::ChatNotFound.into())
            }
            reader => reader,
        };
        limit_uri_probing(&self.app.auth, self.connection.client_ip(), reader)
    }

    /// As [`Self::find_writer`], for what no statement checks again.
    async fn find_recent_writer(&self, chat_id: ChatId) -> Result<ChatWriter, ApiError> {
        match ChatReader::find_recent(&self.app.auth, self.connection.user_id(), chat_id) {
            Some(reader) => reader.require_writer(),
            None => Box::pin(self.find_chat(chat_id)).await?.require_writer(),
        }
    }

    /// Passes a typing frame on if the client subscribes to the chat and may write there.
    async fn typing(&mut self, chat_id: ChatId) {
        let Some(subscription) = self.subscription(chat_id) else { return };
        let is_due = subscription.typing_sent_at.is_none_or(|sent_at| sent_at.elapsed() > TYPING_THROTTLE);
        if !is_due || self.find_recent_writer(chat_id).await.is_err() {
            return;
        }
        if let Some(subscription) = self.subscription(chat_id) {
            subscription.typing_sent_at = Some(Instant::now());
            self.app.hub.broadcast_typing(chat_id, self.id, self.connection.user_id());
        }
    }

    /// Records how far the user has read, unless the client said so before.
    async fn record_read(&mut self, chat_id: ChatId, seq: Seq) -> Result<(), ApiError> {
        if seq < Seq::default() {
            return Err(negative("seq"));
        }
        let user_id = self.connection.user_id();
        // The statement that stores the position leaves out those of former members.
        if self.app.auth.cache.known_membership(user_id, chat_id).is_none() {
            Box::pin(self.find_chat(chat_id)).await?;
        }
        if seq <= self.subscription(chat_id).map_or(Seq::default(), |subscription| subscription.read_seq) {
            return Ok(());
        }
        // What was sent to the client is not beyond the head.
        let is_acked = self.app.hub.is_acked(chat_id, self.id, seq);
        let seq =
            if is_acked { seq } else { seq.min(catch_up::find_head(&self.app, chat_id).await?.as_seq()) };
        if let Some(subscription) = self.subscription(chat_id) {
            subscription.read_seq = seq;
        }
        if self.app.read_receipts.record(ReadPosition { chat_id, user_id, seq }) {
            let read = ServerFrame::Read { chat_id, user_id, seq };
            self.app.hub.send_to_other_devices(user_id, Some(self.id), &read);
        }
        Ok(())
    }

    /// Opens a chat by its id, or else by a current or former URI.
    async fn subscribe(
        &mut self,
        chat_id: Option<ChatId>,
        uri: Option<String>,
        after: Option<Head>,
        epoch: Option<Uuid>,
    ) -> Flow {
        let reader = match (chat_id, &uri) {
            (Some(chat_id), _) => self.find_chat(chat_id).await,
            (None, Some(uri)) => {
                let reader = ChatReader::find(&self.app.auth, self.connection.user_id(), uri).await;
                limit_uri_probing(&self.app.auth, self.connection.client_ip(), reader)
            }
            (None, None) => {
                let detail = "`subscribe` needs a `chat_id` or a `uri`.".to_owned();
                Err(Rejection::new(ProblemCode::Malformed).detail(detail).into())
            }
        };
        let reader = reader.and_then(|reader| {
            let is_allowed = self.can_subscribe(reader.chat.id);
            if is_allowed { Ok(reader) } else { Err(too_many_subscriptions()) }
        });
        match reader {
            Ok(reader) => catch_up::start_subscription(self, reader.chat, after, epoch).await,
            Err(error) => {
                self.send_refused(None, chat_id, uri, &error);
                Flow::Continue(())
            }
        }
    }

    fn unsubscribe(&mut self, chat_id: ChatId) {
        match self.subscription(chat_id).map(|subscription| subscription.is_followed) {
            Some(true) => self.app.hub.set_background(chat_id, self.id),
            Some(false) => self.remove_subscription(chat_id),
            None => {}
        }
    }

    pub fn has_subscription(&self, chat_id: ChatId) -> bool {
        self.subscriptions.iter().any(|subscription| subscription.chat_id == chat_id)
    }

    pub fn can_subscribe(&self, chat_id: ChatId) -> bool {
        self.subscriptions.len() < SUBSCRIPTIONS_MAX || self.has_subscription(chat_id)
    }

    fn subscription(&mut self, chat_id: ChatId) -> Option<&mut Subscription> {
        self.subscriptions.iter_mut().find(|subscription| subscription.chat_id == chat_id)
    }

    /// Records that the client subscribes to a chat, or follows one that it may have open.
    pub fn record_subscription(&mut self, chat_id: ChatId, is_followed: bool) {
        if let Some(subscription) = self.subscription(chat_id) {
            subscription.is_followed |= is_followed;
        } else {
            let read_seq = Seq::default();
            self.subscriptions.push(Subscription { chat_id, typing_sent_at: None, read_seq, is_followed });
        }
    }

    /// Ends a subscription, also one that follows.
    pub fn remove_subscription(&mut self, chat_id: ChatId) {
        self.subscriptions.retain(|subscription| subscription.chat_id != chat_id);
        self.app.hub.unsubscribe(chat_id, self.id);
    }

    /// Ends a subscription that failed, and tells the client why.
    pub fn drop_subscription(&mut self, chat_id: ChatId, error: &ApiError) {
        self.remove_subscription(chat_id);
        self.refuse(None, Some(chat_id), error);
    }

    async fn renew_token(&mut self, token: &str) -> Flow {
        match Authenticated::from_token(&self.app.auth, token).await {
            Ok(Authenticated { user, claims }) if user.id == self.connection.user_id() => {
                self.connection.renew_token(claims.sid, claims.exp);
                self.check_session().await?;
            }
            Ok(_) => return self.close(close::POLICY_VIOLATION, "token of another user"),
            Err(error) => self.refuse(None, None, &error),
        }
        Flow::Continue(())
    }

    pub fn refuse_invalid(&self, InvalidFrame { client_id, chat_id, uri, error }: InvalidFrame) {
        self.send_refused(client_id, chat_id, uri, &error);
    }

    pub fn refuse(&self, client_id: Option<Uuid>, chat_id: Option<ChatId>, error: &ApiError) {
        self.send_refused(client_id, chat_id, None, error);
    }

    fn send_refused(
        &self,
        client_id: Option<Uuid>,
        chat_id: Option<ChatId>,
        uri: Option<String>,
        error: &ApiError,
    ) {
        if let ApiError::Internal(error) = error {
            tracing::error!(error = format!("{error:#}"), "cannot handle a frame");
        }
        self.connection.send_frame(&ServerFrame::Refused {
            client_id,
            chat_id,
            uri,
            problem: error.problem(),
        });
    }

    /// Refuses a command, naming its chat and `client_id`.
    pub fn refuse_command(&self, command: ClientFrame, error: &ApiError) {
        match command {
            ClientFrame::Post { chat_id, client_id, .. } => {
                self.refuse(Some(client_id), Some(chat_id), error);
            }
            ClientFrame::Subscribe { chat_id, uri, .. } => self.send_refused(None, chat_id, uri, error),
            ClientFrame::Unsubscribe { chat_id }
            | ClientFrame::Typing { chat_id }
            | ClientFrame::Read { chat_id, .. } => self.refuse(None, Some(chat_id), error),
            ClientFrame::Follow { .. } | ClientFrame::Renew { .. } => self.refuse(None, None, error),
        }
    }
}

/// The error for a number that is negative, as in the HTTP API.
fn negative(field: &str) -> ApiError {
    Rejection::field(field, FieldCode::NotNumber).into()
}
