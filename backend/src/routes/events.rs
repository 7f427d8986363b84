//! The changes of a chat as Server-Sent Events, for whoever has no socket: `curl -N` is enough.

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
    changes::Since,
    problem::ProblemCode,
    socket::ServerFrame,
    timeline::{Verdict, judge},
};
use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};
use uuid::Uuid;

use super::changes;
use crate::{
    address::address,
    app::App,
    auth::{Reader, SignedIn, keys::Claims},
    body::query,
    db::{self, chats::Address},
    hub::{News, frame::json, seats::Seat},
    problem::Error,
};

/// How often it is looked at whether the listener may still listen.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Proxies take a connection for dead on which nothing comes for long; and we, too, find out only by writing.
const REMARK_EVERY: Duration = Duration::from_secs(5);
/// After so many milliseconds the listener comes back by itself.
const COME_BACK_AFTER: u64 = 2_000;

/// What happens in the chat, as it happens: server-sent events, each of which is a [`Changes`].
#[utoipa::path(
    get, path = "/api/chats/{uri}/events/",
    params(Since),
    responses((status = 200, content_type = "text/event-stream", body = String), (status = 409)),
)]
pub async fn follow(
    app: Data<App>,
    Reader { chat, .. }: Reader,
    SignedIn { claims, .. }: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Error> {
    let seat = app.seat(claims.sub, address(&request, &app.config))?;
    let wanted: Since = query(&request)?;
    let asked = request.query_string().contains("after=").then_some(wanted);
    // Listens first and reads second, so that nothing falls between.
    let news = app.hub.follow(chat.id, &chat.uri);
    let since = match last_event(&request)?.or(asked) {
        Some(since) => since,
        None => Since { after: db::chats::read(&mut *app.db.get().await?, chat.id).await?.head, epoch: None },
    };
    let closing = app.hub.closing();
    let listener = Listener {
        app: app.into_inner(),
        chat,
        claims,
        since,
        news,
        closing,
        turn: Turn::Read,
        looked: Instant::now(),
        remarked: Instant::now(),
        _seat: seat,
    };
    // What does not fit is refused before the stream begins.
    let (first, listener) = listener.next().await?.ok_or(ProblemCode::Busy)?;
    let first = Bytes::from([format!("retry: {COME_BACK_AFTER}\n").as_bytes(), &first].concat());
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((header::HeaderName::from_static("x-accel-buffering"), "no"))
        .streaming(once(ready(Ok::<_, Infallible>(first))).chain(listener.events())))
}

/// Where a listener that comes back was: the id of the last event that it heard. One that cannot be read is refused, or
/// what was missed would be skipped.
fn last_event(request: &HttpRequest) -> Result<Option<Since>, Error> {
    match request.headers().get("last-event-id") {
        Some(id) if !id.is_empty() => {
            id.to_str().ok().and_then(since).ok_or(ProblemCode::StartAfresh.into()).map(Some)
        }
        _ => Ok(None),
    }
}

fn since(id: &str) -> Option<Since> {
    let (after, epoch) = id.split_once('.')?;
    let after = after.parse().ok().filter(|after| *after >= 0)?;
    Some(Since { after, epoch: Some(Uuid::parse_str(epoch).ok()?) })
}

struct Listener {
    app: Arc<App>,
    chat: Address,
    claims: Claims,
    since: Since,
    news: watch::Receiver<Option<Arc<News>>>,
    closing: watch::Receiver<bool>,
    turn: Turn,
    looked: Instant,
    remarked: Instant,
    _seat: Seat,
}

/// What is to be done next.
enum Turn {
    Read,
    Wait,
    End,
}

impl Listener {
    fn events(self) -> impl Stream<Item = Result<Bytes, Infallible>> {
        unfold(Some(self), |listener| async {
            match listener?.next().await {
                Ok(Some((event, listener))) => Some((Ok(event), Some(listener))),
                // The listener comes back, and is told then what is wrong.
                Ok(None) | Err(_) => None,
            }
        })
    }

    /// The next event; nothing at the end.
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, Error> {
        loop {
            match self.turn {
                Turn::End => return Ok(None),
                Turn::Read => {
                    if let Some(farewell) = self.farewell().await? {
                        return Ok(Some((farewell, self)));
                    }
                    let changes = changes::read(&self.app, self.chat.id, self.since).await?;
                    self.turn = if changes.more { Turn::Read } else { Turn::Wait };
                    let head = changes.head;
                    let data = json(&ServerFrame::Changes(changes)).ok_or(ProblemCode::Internal)?;
                    return Ok(Some((self.event(head, &data), self)));
                }
                Turn::Wait => {
                    if let Some(event) = self.wait().await? {
                        return Ok(Some((event, self)));
                    }
                }
            }
        }
    }

    /// What there is to say next, unless something else is to be done first.
    async fn wait(&mut self) -> Result<Option<Bytes>, Error> {
        if *self.closing.borrow() {
            self.turn = Turn::End;
            return Ok(Some(last_event_saying("the server restarts")));
        }
        // Before the news, which may never pause.
        if self.looked.elapsed() >= LOOK_EVERY {
            self.looked = Instant::now();
            return self.look().await;
        }
        if timeout_at(self.looked + LOOK_EVERY, self.news.changed()).await.is_err() {
            return Ok(None);
        }
        let Some(news) = self.news.borrow_and_update().clone() else {
            self.turn = Turn::Read;
            return Ok(None);
        };
        if let Some(farewell) = self.farewell().await? {
            return Ok(Some(farewell));
        }
        match judge(self.since.after, news.after, news.head) {
            Verdict::Ignore => Ok(None),
            Verdict::Apply => Ok(Some(self.event(news.head, &news.json))),
            Verdict::Fetch => {
                self.turn = Turn::Read;
                Ok(None)
            }
        }
    }

    /// Whether the listener may still listen; now and then with a remark, which is no event.
    async fn look(&mut self) -> Result<Option<Bytes>, Error> {
        SignedIn::with_claims(&self.app, self.claims.clone()).await?;
        if let Some(farewell) = self.farewell().await? {
            return Ok(Some(farewell));
        }
        if chrono::Utc::now().timestamp() >= self.claims.exp {
            self.turn = Turn::End;
        }
        if self.remarked.elapsed() < REMARK_EVERY {
            return Ok(None);
        }
        self.remarked = Instant::now();
        Ok(Some(Bytes::from_static(b": still here\n\n")))
    }

    /// The last word to somebody who is not in the chat any more. Nobody is told anything before this was asked.
    async fn farewell(&mut self) -> Result<Option<Bytes>, Error> {
        let (user_id, uri) = (self.claims.sub, &self.chat.uri);
        if Reader::known(&self.app, user_id, uri).is_some() {
            return Ok(None);
        }
        let Err(refused) = Reader::find(&self.app, user_id, uri).await else { return Ok(None) };
        let last = match refused.problem().code {
            ProblemCode::ChatEnded => gone(uri),
            ProblemCode::ChatNotFound => last_event_saying("you are not in this chat any more"),
            _ => return Err(refused),
        };
        self.turn = Turn::End;
        Ok(Some(last))
    }

    fn event(&mut self, head: i64, data: &[u8]) -> Bytes {
        self.since = Since { after: head, epoch: Some(self.app.epoch) };
        let id = format!("id: {head}.{}\nevent: changes\ndata: ", self.app.epoch);
        [id.as_bytes(), data, b"\n\n"].concat().into()
    }
}

fn last_event_saying(reason: &str) -> Bytes {
    event_named("goodbye", &ServerFrame::Goodbye { reason: reason.to_owned(), retry_after: None })
}

fn gone(uri: &str) -> Bytes {
    event_named("gone", &ServerFrame::Gone { uri: uri.to_owned() })
}

fn event_named(name: &str, said: &ServerFrame) -> Bytes {
    let data = json(said).unwrap_or_default();
    [format!("event: {name}\ndata: ").as_bytes(), &data, b"\n\n"].concat().into()
}
