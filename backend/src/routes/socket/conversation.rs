//! One socket: what its client says, and what it is told.

use std::{collections::HashMap, net::IpAddr, ops::ControlFlow, sync::Arc, time::Duration};

use actix_web::error::PayloadError;
use actix_ws::{AggregatedMessage, AggregatedMessageStream, CloseCode, CloseReason, ProtocolError, Session};
use bytestring::ByteString;
use chrono::Utc;
use futures_util::StreamExt;
use shared::{
    changes::Since,
    message::check_message,
    problem::ProblemCode,
    socket::{ClientFrame, ServerFrame, close},
    timeline::{Verdict, judge},
};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use uuid::Uuid;

use super::{super::changes, HEARTBEAT};
use crate::{
    app::App,
    auth::{Reader, SignedIn, keys::Claims, membership::guessing_is_limited},
    hub::{
        News, frame,
        session::{Heard, Inbox},
    },
    problem::{Error, Refusal},
};

/// Who says nothing for so long, not even to a ping, is gone.
const SILENT_FOR: Duration = Duration::from_secs(75);
/// A client that takes nothing for so long is gone.
const SENT_WITHIN: Duration = Duration::from_secs(20);
/// How many chats one socket may listen to.
const CHATS_MAX: usize = 1_000;
/// After a restart, clients come back spread over so many seconds.
const COME_BACK_WITHIN: u64 = 5;

/// Goes on, or ends with what the client is told.
type Turn = ControlFlow<Option<CloseReason>>;

pub struct Conversation {
    app: Arc<App>,
    user_id: i64,
    /// Where the client is, as far as limits count it.
    address: IpAddr,
    claims: Claims,
    socket: Session,
    inbox: Inbox,
    /// The chats that are listened to, and up to which number the client knows each.
    known: HashMap<i64, (String, i64)>,
}

impl Conversation {
    pub fn new(app: Arc<App>, SignedIn { user, claims }: SignedIn, address: IpAddr, socket: Session) -> Self {
        let inbox = app.hub.open();
        Self { app, user_id: user.id, address, claims, socket, inbox, known: HashMap::new() }
    }

    pub async fn run(mut self, mut frames: AggregatedMessageStream) {
        let session = Uuid::new_v4();
        let mut turn = self.send(&ServerFrame::Welcome { session, heartbeat: HEARTBEAT.as_secs() }).await;
        let mut heartbeat = interval(HEARTBEAT);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = Instant::now();
        while turn.is_continue() {
            let token_left = self.token_left();
            turn = tokio::select! {
                frame = frames.next() => {
                    heard = Instant::now();
                    self.take(frame).await
                }
                news = self.inbox.next() => self.tell(news).await,
                _ = heartbeat.tick() => self.beat(heard).await,
                () = sleep(token_left) => end(close::TOKEN_ENDED, "the token ended"),
            };
        }
        if let ControlFlow::Break(reason) = turn {
            let _ = timeout(SENT_WITHIN, self.socket.close(reason)).await;
        }
    }

    fn token_left(&self) -> Duration {
        Duration::from_secs(u64::try_from(self.claims.exp - Utc::now().timestamp()).unwrap_or_default())
    }

    async fn beat(&mut self, heard: Instant) -> Turn {
        if heard.elapsed() > SILENT_FOR {
            return ControlFlow::Break(None);
        }
        self.sent(timeout(SENT_WITHIN, self.socket.clone().ping(b"")).await.is_ok_and(|sent| sent.is_ok()))
    }

    async fn take(&mut self, frame: Option<Result<AggregatedMessage, ProtocolError>>) -> Turn {
        match frame {
            Some(Ok(AggregatedMessage::Text(text))) => self.act(&text).await,
            Some(Ok(AggregatedMessage::Binary(_))) => end(close::MISBEHAVED, "frames are text"),
            Some(Ok(AggregatedMessage::Ping(bytes))) => {
                let sent = timeout(SENT_WITHIN, self.socket.pong(&bytes)).await;
                self.sent(sent.is_ok_and(|sent| sent.is_ok()))
            }
            Some(Ok(AggregatedMessage::Pong(_))) => ControlFlow::Continue(()),
            Some(Err(error)) if is_overflow(&error) => end(close::TOO_BIG, "a frame is too big"),
            Some(Err(_)) => end(close::MISBEHAVED, "the protocol was broken"),
            Some(Ok(AggregatedMessage::Close(_))) | None => ControlFlow::Break(None),
        }
    }

    async fn act(&mut self, text: &str) -> Turn {
        match serde_json::from_str(text) {
            Ok(ClientFrame::Subscribe { uri, after, epoch }) => self.subscribe(uri, after, epoch).await,
            Ok(ClientFrame::Unsubscribe { uri }) => {
                self.unsubscribe(&uri);
                ControlFlow::Continue(())
            }
            Ok(ClientFrame::Post { uri, client_id, message }) => self.post(uri, client_id, message).await,
            Ok(ClientFrame::Renew { token }) => self.renew(&token).await,
            Ok(ClientFrame::Typing { .. }) => ControlFlow::Continue(()),
            Err(error) => {
                let problem = Refusal::new(ProblemCode::Malformed).detail(error.to_string());
                self.refuse(None, None, &problem.into()).await
            }
        }
    }

    /// Listens first and reads second, so that nothing falls between.
    async fn subscribe(&mut self, uri: String, after: Option<i64>, epoch: Option<Uuid>) -> Turn {
        if self.known.len() >= CHATS_MAX {
            let problem = Refusal::new(ProblemCode::TooManyRequests)
                .detail(format!("One socket listens to at most {CHATS_MAX} chats."));
            return self.refuse(None, Some(uri), &problem.into()).await;
        }
        let after = after.map(|after| after.max(0));
        let reader = match self.find(&uri).await {
            Ok(reader) => reader,
            Err(error) => return self.refuse(None, Some(uri), &error).await,
        };
        self.inbox.subscribe(reader.chat.id);
        self.known.insert(reader.chat.id, (uri.clone(), after.unwrap_or(reader.chat.head)));
        self.catch_up(&uri, after, epoch).await
    }

    fn unsubscribe(&mut self, uri: &str) {
        let chat = self.known.iter().find(|(_, (known, _))| known == uri).map(|(id, _)| *id);
        if let Some(id) = chat {
            self.inbox.unsubscribe(id);
            self.known.remove(&id);
        }
    }

    /// Tells what happened after the number that the client knows; without one, only where the chat stands.
    async fn catch_up(&mut self, uri: &str, after: Option<i64>, epoch: Option<Uuid>) -> Turn {
        let mut after = after;
        loop {
            let reader = match Reader::find(&self.app, self.user_id, uri).await {
                Ok(reader) => reader,
                Err(error) => {
                    self.unsubscribe(uri);
                    return self.refuse(None, Some(uri.to_owned()), &error).await;
                }
            };
            let since = Since { after: after.unwrap_or(reader.chat.head), epoch };
            let changes = match changes::read(&self.app, &reader, since).await {
                Ok(changes) => changes,
                Err(Error::Refused(refusal)) if refusal.code() == ProblemCode::StartAfresh => {
                    self.known.insert(reader.chat.id, (uri.to_owned(), reader.chat.head));
                    return self.send(&ServerFrame::Resync { uri: uri.to_owned() }).await;
                }
                // The client reads for itself, as often as it takes.
                Err(error) if error.problem().code.is_passing() => {
                    return self.send(&ServerFrame::Resync { uri: uri.to_owned() }).await;
                }
                Err(error) => return self.refuse(None, Some(uri.to_owned()), &error).await,
            };
            let (head, more) = (changes.head, changes.more);
            self.known.insert(reader.chat.id, (uri.to_owned(), head));
            let turn = self.send(&ServerFrame::Changes(changes)).await;
            if turn.is_break() || !more {
                return turn;
            }
            after = Some(head);
        }
    }

    /// Follows the rule, as the client does: what it was told before is left out, and what is missing is read.
    async fn tell(&mut self, heard: Heard) -> Turn {
        match heard {
            Heard::Closing => {
                let retry_after = Some(1 + rand::random_range(0..COME_BACK_WITHIN));
                let reason = "the server restarts".to_owned();
                self.send(&ServerFrame::Goodbye { reason, retry_after }).await?;
                end(close::RESTARTING, "restarting")
            }
            Heard::FellBehind => {
                let chats: Vec<_> = self.known.values().cloned().collect();
                for (uri, known) in chats {
                    self.catch_up(&uri, Some(known), None).await?;
                }
                ControlFlow::Continue(())
            }
            Heard::AccountEnded(Some(user_id)) if user_id != self.user_id => ControlFlow::Continue(()),
            Heard::AccountEnded(_) => self.check_account().await,
            Heard::News(news) => self.hear(&news).await,
        }
    }

    async fn check_account(&mut self) -> Turn {
        match SignedIn::with_claims(&self.app, self.claims.clone()).await {
            Err(Error::Refused(refusal)) if refusal.code() == ProblemCode::SessionEnded => {
                end(close::REMOVED, "the account is gone")
            }
            _ => ControlFlow::Continue(()),
        }
    }

    async fn hear(&mut self, news: &News) -> Turn {
        let Some((uri, known)) = self.known.get_mut(&news.chat_id) else { return ControlFlow::Continue(()) };
        match judge(*known, news.after, news.head) {
            Verdict::Ignore => ControlFlow::Continue(()),
            Verdict::Apply => {
                *known = news.head;
                self.send_text(news.frame.clone()).await
            }
            Verdict::Fetch => {
                let (uri, known) = (uri.clone(), *known);
                self.catch_up(&uri, Some(known), None).await
            }
        }
    }

    async fn post(&mut self, uri: String, client_id: Uuid, message: String) -> Turn {
        match self.store(&uri, client_id, message).await {
            Ok((seq, revision)) => self.send(&ServerFrame::Posted { client_id, seq, revision }).await,
            Err(error) => self.refuse(Some(client_id), Some(uri), &error).await,
        }
    }

    async fn store(&self, uri: &str, client_id: Uuid, message: String) -> Result<(i64, i64), Error> {
        check_message(&message).map_err(|code| Refusal::field("message", code))?;
        let writer = self.find(uri).await?.writing()?;
        self.app.limits.post_of(self.user_id)?;
        let stored = self.app.writer.post(writer.chat.id, writer.user, client_id, message).await?;
        Ok((stored.seq, stored.revision))
    }

    async fn find(&self, uri: &str) -> Result<Reader, Error> {
        guessing_is_limited(&self.app, self.address, Reader::find(&self.app, self.user_id, uri).await)
    }

    async fn renew(&mut self, token: &str) -> Turn {
        match SignedIn::with_token(&self.app, token).await {
            Ok(SignedIn { user, claims }) if user.id == self.user_id => {
                self.claims = claims;
                ControlFlow::Continue(())
            }
            Ok(_) => end(close::MISBEHAVED, "the token is another user's"),
            Err(error) => self.refuse(None, None, &error).await,
        }
    }

    async fn refuse(&mut self, client_id: Option<Uuid>, uri: Option<String>, error: &Error) -> Turn {
        if let Error::Internal(error) = error {
            tracing::error!(error = format!("{error:#}"), "a frame failed");
        }
        self.send(&ServerFrame::Refused { client_id, uri, problem: error.problem() }).await
    }

    async fn send(&mut self, told: &ServerFrame) -> Turn {
        match frame(told) {
            Some(text) => self.send_text(text).await,
            None => end(close::RESTARTING, "a frame was lost"),
        }
    }

    async fn send_text(&mut self, text: ByteString) -> Turn {
        let sent = timeout(SENT_WITHIN, self.socket.text(text)).await;
        self.sent(sent.is_ok_and(|sent| sent.is_ok()))
    }

    #[expect(clippy::unused_self, reason = "reads as one of the ways in which a turn ends")]
    fn sent(&self, sent: bool) -> Turn {
        if sent { ControlFlow::Continue(()) } else { ControlFlow::Break(None) }
    }
}

fn is_overflow(error: &ProtocolError) -> bool {
    match error {
        ProtocolError::Overflow => true,
        ProtocolError::Io(error) => error
            .get_ref()
            .and_then(|error| error.downcast_ref::<PayloadError>())
            .is_some_and(|error| matches!(error, PayloadError::Overflow)),
        _ => false,
    }
}

fn end(code: u16, description: &str) -> Turn {
    let reason = CloseReason { code: CloseCode::Other(code), description: Some(description.to_owned()) };
    ControlFlow::Break(Some(reason))
}
