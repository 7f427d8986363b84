//! `GET /api/chats/{uri}/events/`: the changes of a chat as Server-Sent Events, for clients without a WebSocket such as
//! `curl -N`.

use std::{convert::Infallible, sync::Arc, time::Duration};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{Bytes, Data},
};
use futures_util::{
    Stream, StreamExt,
    future::ready,
    stream::{once, unfold},
};
use shared::{
    changes::ChangesQuery,
    paths,
    problem::ProblemCode,
    socket::ServerFrame,
    sync::{SyncAction, classify},
};
use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};
use uuid::Uuid;

use crate::api::{chats::changes, websocket::catch_up::find_head};
use crate::{
    auth::{Authenticated, ChatReader, jwt::Claims},
    error::ApiError,
    http::extract::{body::parse_query, client_ip::client_ip},
    realtime::hub::{EncodedChanges, connection_limit::ConnectionPermit, frame::json},
    state::AppState,
};

/// How often the session and the membership of the client are checked.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);
/// How often a comment is sent: proxies close idle connections, and only a write shows that the client is gone.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(5);
/// After how long the client reconnects, in milliseconds.
const RETRY_MS: u64 = 2_000;

/// Streams the changes of a chat as Server-Sent Events; the data of each is a [`Changes`].
#[utoipa::path(
    get, path = paths::CHAT_EVENTS,
    params(ChangesQuery),
    responses((status = 200, content_type = "text/event-stream", body = String), (status = 409)),
)]
pub async fn stream_events(
    app: Data<AppState>,
    ChatReader { chat, .. }: ChatReader,
    Authenticated { claims, .. }: Authenticated,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let permit = app.hub.acquire_permit(claims.sub, client_ip(&request, &app.config))?;
    let query: ChangesQuery = parse_query(&request)?;
    let from_query = request.query_string().contains("after=").then_some(query);
    // Subscribes first and reads second, so that no change is lost.
    let published = app.hub.subscribe_stream(chat.id);
    let since = match last_event_id(&request)?.or(from_query) {
        Some(since) => since,
        None => ChangesQuery { after: find_head(&app, chat.id).await?, epoch: None },
    };
    let shutdown = app.hub.subscribe_shutdown();
    let stream = EventStream {
        app: app.into_inner(),
        chat_id: chat.id,
        claims,
        since,
        published,
        shutdown,
        next_step: NextStep::Read,
        checked_at: Instant::now(),
        kept_alive_at: Instant::now(),
        _permit: permit,
    };
    // The first event is produced before the response begins, so that errors have a status.
    let (first, stream) = stream.next().await?.ok_or(ProblemCode::Busy)?;
    let first = Bytes::from([format!("retry: {RETRY_MS}\n").as_bytes(), &first].concat());
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((header::HeaderName::from_static("x-accel-buffering"), "no"))
        .streaming(once(ready(Ok::<_, Infallible>(first))).chain(stream.into_events())))
}

/// Where a reconnecting client continues: the id of its last event. An invalid id is an error, because changes would be
/// skipped otherwise.
fn last_event_id(request: &HttpRequest) -> Result<Option<ChangesQuery>, ApiError> {
    match request.headers().get("last-event-id") {
        Some(id) if !id.is_empty() => {
            id.to_str().ok().and_then(parse_event_id).ok_or(ProblemCode::StaleCursor.into()).map(Some)
        }
        _ => Ok(None),
    }
}

fn parse_event_id(id: &str) -> Option<ChangesQuery> {
    let (after, epoch) = id.split_once('.')?;
    let after = after.parse().ok().filter(|after| *after >= 0)?;
    Some(ChangesQuery { after, epoch: Some(Uuid::parse_str(epoch).ok()?) })
}

struct EventStream {
    app: Arc<AppState>,
    chat_id: i64,
    claims: Claims,
    since: ChangesQuery,
    published: watch::Receiver<Option<Arc<EncodedChanges>>>,
    shutdown: watch::Receiver<bool>,
    next_step: NextStep,
    checked_at: Instant,
    kept_alive_at: Instant,
    _permit: ConnectionPermit,
}

enum NextStep {
    /// Read changes from the database.
    Read,
    /// Wait for published changes.
    Wait,
    End,
}

impl EventStream {
    fn into_events(self) -> impl Stream<Item = Result<Bytes, Infallible>> {
        unfold(Some(self), |stream| async {
            match stream?.next().await {
                Ok(Some((event, stream))) => Some((Ok(event), Some(stream))),
                // On an error the client reconnects and gets it as a response.
                Ok(None) | Err(_) => None,
            }
        })
    }

    /// The next event; None at the end.
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, ApiError> {
        loop {
            match self.next_step {
                NextStep::End => return Ok(None),
                NextStep::Read => {
                    if let Some(last_event) = self.check_membership().await? {
                        return Ok(Some((last_event, self)));
                    }
                    let changes = changes::load(&self.app, self.chat_id, self.since).await?;
                    self.next_step = if changes.more { NextStep::Read } else { NextStep::Wait };
                    let head = changes.head;
                    let data = json(&ServerFrame::Changes(changes)).ok_or(ProblemCode::Internal)?;
                    return Ok(Some((self.changes_event(head, &data), self)));
                }
                NextStep::Wait => {
                    if let Some(event) = self.wait().await? {
                        return Ok(Some((event, self)));
                    }
                }
            }
        }
    }

    /// Waits for the next event; None if another step comes first.
    async fn wait(&mut self) -> Result<Option<Bytes>, ApiError> {
        if *self.shutdown.borrow() {
            self.next_step = NextStep::End;
            return Ok(Some(goodbye_event("server is restarting")));
        }
        // Checked before the published changes, which may come without a pause.
        if self.checked_at.elapsed() >= CHECK_INTERVAL {
            self.checked_at = Instant::now();
            return self.check_access().await;
        }
        if timeout_at(self.checked_at + CHECK_INTERVAL, self.published.changed()).await.is_err() {
            return Ok(None);
        }
        let Some(changes) = self.published.borrow_and_update().clone() else {
            self.next_step = NextStep::Read;
            return Ok(None);
        };
        if let Some(last_event) = self.check_membership().await? {
            return Ok(Some(last_event));
        }
        match classify(self.since.after, changes.after, changes.head) {
            SyncAction::Ignore => Ok(None),
            SyncAction::Apply => Ok(Some(self.changes_event(changes.head, &changes.json))),
            SyncAction::Fetch => {
                self.next_step = NextStep::Read;
                Ok(None)
            }
        }
    }

    /// Checks session, membership and token; from time to time returns a comment that keeps the connection alive.
    async fn check_access(&mut self) -> Result<Option<Bytes>, ApiError> {
        Authenticated::from_claims(&self.app.auth, self.claims.clone()).await?;
        if let Some(last_event) = self.check_membership().await? {
            return Ok(Some(last_event));
        }
        if chrono::Utc::now().timestamp() >= self.claims.exp {
            self.next_step = NextStep::End;
        }
        if self.kept_alive_at.elapsed() < KEEP_ALIVE_INTERVAL {
            return Ok(None);
        }
        self.kept_alive_at = Instant::now();
        Ok(Some(Bytes::from_static(b": keep-alive\n\n")))
    }

    /// Returns the last event if the user is not a member any more. Must be called before every event with changes.
    async fn check_membership(&mut self) -> Result<Option<Bytes>, ApiError> {
        let (user_id, chat_id) = (self.claims.sub, self.chat_id);
        if ChatReader::find_cached(&self.app.auth, user_id, chat_id).is_some() {
            return Ok(None);
        }
        let Err(error) = ChatReader::find_by_id(&self.app.auth, user_id, chat_id).await else {
            return Ok(None);
        };
        let last_event = match error.code() {
            ProblemCode::ChatDeleted => gone_event(chat_id),
            ProblemCode::ChatNotFound => goodbye_event("you are not a member of this chat"),
            _ => return Err(error),
        };
        self.next_step = NextStep::End;
        Ok(Some(last_event))
    }

    fn changes_event(&mut self, head: i64, data: &[u8]) -> Bytes {
        self.since = ChangesQuery { after: head, epoch: Some(self.app.epoch) };
        let start = format!("id: {head}.{}\nevent: changes\ndata: ", self.app.epoch);
        [start.as_bytes(), data, b"\n\n"].concat().into()
    }
}

fn goodbye_event(reason: &str) -> Bytes {
    encode_event("goodbye", &ServerFrame::Goodbye { reason: reason.to_owned(), retry_after: None })
}

fn gone_event(chat_id: i64) -> Bytes {
    encode_event("gone", &ServerFrame::Gone { chat_id })
}

fn encode_event(name: &str, frame: &ServerFrame) -> Bytes {
    let data = json(frame).unwrap_or_default();
    [format!("event: {name}\ndata: ").as_bytes(), &data, b"\n\n"].concat().into()
}
