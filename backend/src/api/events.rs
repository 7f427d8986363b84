//! `GET /api/chats/{uri}/events/`: the changes of a chat as Server-Sent Events, for clients without a WebSocket such as
//! `curl -N`, and for the `EventSource` of browsers, which authenticates with a ticket.

use std::{convert::Infallible, sync::Arc, time::Duration};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, header},
    web::{Bytes, Data, Path},
};
use futures_util::{
    Stream, StreamExt,
    future::ready,
    stream::{once, unfold},
};
use shared::{
    changes::ChangesQuery,
    id::{ChatId, Head},
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
    auth::{
        Authenticated, ChatReader, jwt::Claims, opaque_token::OpaqueToken,
        policy::extractors::limit_uri_probing,
    },
    error::{ApiError, Rejection},
    http::extract::{
        body::{FieldReader, FromFields, parse_query},
        client_ip::client_ip,
    },
    realtime::hub::{EncodedChanges, connection_limit::ConnectionPermit, frame::json, heartbeat},
    state::AppState,
};

/// How often the session and the membership of the client are checked.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);
/// How often a comment is sent: proxies close idle connections, and only a write shows that the client is gone.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(5);
/// After how long the client reconnects, in milliseconds.
const RETRY_MS: u64 = 2_000;
const EVENT_STREAM: &str = "text/event-stream";

/// Selects where a stream begins, and who receives it.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct EventsQuery {
    /// The client's head. Without it, the stream begins with the present.
    after: Option<Head>,
    /// The epoch of `after`.
    epoch: Option<Uuid>,
    /// A ticket from `POST /auth/tickets/`, in place of the header `Authorization`.
    #[param(value_type = Option<String>)]
    ticket: Option<OpaqueToken>,
}

/// Streams the changes of a chat as Server-Sent Events; the data of each is a [`Changes`].
#[utoipa::path(
    get, path = paths::CHAT_EVENTS, operation_id = "streamEvents",
    params(EventsQuery),
    responses((status = 200, content_type = "text/event-stream", body = String)),
)]
pub async fn stream_events(
    app: Data<AppState>,
    authenticated: Result<Authenticated, ApiError>,
    uri: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let EventsQuery { after, epoch, ticket } = parse_query(&request)?;
    let Authenticated { user, claims } =
        Authenticated::from_ticket_or(&app.auth, ticket, authenticated).await?;
    let client_ip = client_ip(&request, &app.config);
    let reader = ChatReader::find(&app.auth, user.id, &uri).await;
    let ChatReader { chat, .. } = limit_uri_probing(&app.auth, client_ip, reader)?;
    let from_query = after.map(|after| ChangesQuery { after, epoch });
    let last_event = last_event_id(&request)?;
    if *request.method() == Method::HEAD {
        return Ok(HttpResponse::Ok().content_type(EVENT_STREAM).finish());
    }
    let permit = app.hub.acquire_permit(claims.sub, client_ip)?;
    // Subscribes first and reads second, so that no change is lost.
    let published = app.hub.subscribe_stream(chat.id);
    let since = match last_event.or(from_query) {
        Some(since) => since,
        None => present(&app, chat.id).await?,
    };
    let stream = EventStream {
        shutdown: app.hub.subscribe_shutdown(),
        app: app.into_inner(),
        chat_id: chat.id,
        claims,
        since,
        published,
        next_step: NextStep::Read,
        checked_at: Instant::now(),
        kept_alive_at: Instant::now(),
        _permit: permit,
    };
    // The first event is produced before the response begins, so that errors have a status.
    let (first, stream) = stream.next().await?.ok_or(ProblemCode::Busy)?;
    Ok(respond(&first, stream))
}

fn respond(first_event: &[u8], stream: EventStream) -> HttpResponse {
    let first = Bytes::from([format!("retry: {RETRY_MS}\n").as_bytes(), first_event].concat());
    HttpResponse::Ok()
        .content_type(EVENT_STREAM)
        .insert_header((header::HeaderName::from_static("x-accel-buffering"), "no"))
        .streaming(once(ready(Ok::<_, Infallible>(first))).chain(stream.into_events()))
}

/// Where a reconnecting client continues: the id of its last event. An invalid id is an error, because changes would be
/// skipped otherwise.
fn last_event_id(request: &HttpRequest) -> Result<Option<ChangesQuery>, ApiError> {
    match request.headers().get("last-event-id") {
        Some(id) if !id.is_empty() => {
            let rejection = || {
                let detail = "`Last-Event-ID` is not the id of an event of this stream.";
                Rejection::new(ProblemCode::Malformed).detail(detail).into()
            };
            id.to_str().ok().and_then(parse_event_id).ok_or_else(rejection).map(Some)
        }
        _ => Ok(None),
    }
}

/// The cursor after everything that has happened so far.
async fn present(app: &AppState, chat_id: ChatId) -> Result<ChangesQuery, ApiError> {
    Ok(ChangesQuery { after: find_head(app, chat_id).await?, epoch: None })
}

fn parse_event_id(id: &str) -> Option<ChangesQuery> {
    let (after, epoch) = id.split_once('.')?;
    let after = after.parse().ok().map(Head::new).filter(|after| *after >= Head::default())?;
    Some(ChangesQuery { after, epoch: Some(Uuid::parse_str(epoch).ok()?) })
}

struct EventStream {
    app: Arc<AppState>,
    chat_id: ChatId,
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
                    return Ok(Some((self.read().await?, self)));
                }
                NextStep::Wait => {
                    if let Some(event) = self.wait().await? {
                        return Ok(Some((event, self)));
                    }
                }
            }
        }
    }

    /// Reads changes from the database. A client whose cursor does not belong to this database is told to load the chat again,
    /// and gets what happens from now on: an `EventSource` gives up at any other status than 200.
    async fn read(&mut self) -> Result<Bytes, ApiError> {
        let changes = match changes::load(&self.app, self.chat_id, self.since).await {
            Err(error) if error.code() == ProblemCode::StaleCursor => {
                self.since = present(&self.app, self.chat_id).await?;
                return Ok(encode_event("resync", &ServerFrame::Resync { chat_id: self.chat_id }));
            }
            changes => changes?,
        };
        self.next_step = if changes.more { NextStep::Read } else { NextStep::Wait };
        let head = changes.head;
        let data = json(&ServerFrame::Changes(changes)).ok_or(ProblemCode::Internal)?;
        Ok(self.changes_event(head, &data))
    }

    /// Waits for the next event; None if another step comes first.
    async fn wait(&mut self) -> Result<Option<Bytes>, ApiError> {
        if *self.shutdown.borrow() {
            return Ok(Some(self.end("goodbye", &heartbeat::shutdown_goodbye())));
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
            SyncAction::Fetch => Ok(self.published_events()),
        }
    }

    /// The events of all changes published since the last event. Without them, they must be read from the database.
    fn published_events(&mut self) -> Option<Bytes> {
        let published = self.app.hub.published_since(self.chat_id, self.since.after);
        if published.is_empty() {
            self.next_step = NextStep::Read;
            return None;
        }
        let events = published.iter().map(|changes| self.changes_event(changes.head, &changes.json));
        Some(events.collect::<Vec<_>>().concat().into())
    }

    /// Checks session, membership and token; from time to time returns a comment that keeps the connection alive.
    async fn check_access(&mut self) -> Result<Option<Bytes>, ApiError> {
        let authenticated = Authenticated::from_claims(&self.app.auth, self.claims.clone()).await;
        match authenticated.map_err(|error| (error.code(), error)) {
            Ok(_) => {}
            Err((ProblemCode::SessionEnded, _)) => {
                return Ok(Some(self.end("goodbye", &goodbye("session ended"))));
            }
            Err((_, error)) => return Err(error),
        }
        if let Some(last_event) = self.check_membership().await? {
            return Ok(Some(last_event));
        }
        if self.app.clock.timestamp() >= self.claims.exp {
            return Ok(Some(self.end("goodbye", &goodbye("token expired"))));
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
        if ChatReader::find_recent(&self.app.auth, user_id, chat_id).is_some() {
            return Ok(None);
        }
        let Err(error) = ChatReader::find_by_id(&self.app.auth, user_id, chat_id).await else {
            return Ok(None);
        };
        match error.code() {
            ProblemCode::ChatDeleted => Ok(Some(self.end("gone", &ServerFrame::Gone { chat_id }))),
            ProblemCode::ChatNotFound => {
                Ok(Some(self.end("goodbye", &goodbye("you are not a member of this chat"))))
            }
            _ => Err(error),
        }
    }

    /// Ends the stream after this event.
    fn end(&mut self, name: &str, last_event: &ServerFrame) -> Bytes {
        self.next_step = NextStep::End;
        encode_event(name, last_event)
    }

    fn changes_event(&mut self, head: Head, data: &[u8]) -> Bytes {
        self.since = ChangesQuery { after: head, epoch: Some(self.app.epoch) };
        let start = format!("id: {head}.{}\nevent: changes\ndata: ", self.app.epoch);
        [start.as_bytes(), data, b"\n\n"].concat().into()
    }
}

/// A goodbye to a client that must not simply reconnect.
fn goodbye(reason: &str) -> ServerFrame {
    ServerFrame::Goodbye { reason: reason.to_owned(), retry_after: None }
}

impl FromFields for EventsQuery {
    fn from_fields(fields: &mut FieldReader) -> Self {
        Self {
            after: fields.optional_number("after", 0..=i64::MAX).map(Head::new),
            epoch: fields.optional_uuid("epoch"),
            ticket: fields.optional_text("ticket", |_| Ok(())).map(OpaqueToken::from_client),
        }
    }
}

fn encode_event(name: &str, frame: &ServerFrame) -> Bytes {
    let data = json(frame).unwrap_or_default();
    [format!("event: {name}\ndata: ").as_bytes(), &data, b"\n\n"].concat().into()
}
