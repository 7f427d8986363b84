//! Who listens to what, and what they are told. The hub never waits: news that a session does not take is left out, and
//! the session reads it from the database.

pub mod audience;
pub mod delivery;
pub mod frame;
pub mod knocks;
mod naming;
mod outgoing;
pub mod pulse;
pub mod recent;
pub mod seats;
pub mod session;
mod users;

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use actix_web::web::Bytes;
use chrono::Utc;
use shared::{changes::Changes, member::Standing, socket::ServerFrame, your_chats::Position};
use tokio::{net::TcpStream, sync::watch};
use uuid::Uuid;

use self::{
    audience::{Audience, Missed},
    delivery::Delivery,
    knocks::Knocks,
    recent::Recent,
    seats::{Seat, SeatLimits, Seats},
    session::Session,
};
use crate::db::chats::Address;

/// Changes of a chat as they go out: serialised once, shared by everyone who listens.
#[derive(Debug)]
pub struct News {
    pub after: i64,
    pub head: i64,
    /// The changes as JSON, and the same with the header of a frame before it.
    pub json: Bytes,
    pub frame: Bytes,
}

type Audiences = HashMap<i64, Arc<Mutex<Audience>>>;

/// Which sessions there are, and which of them listen to which chat.
pub struct Hub {
    chats: Mutex<Audiences>,
    /// By their user first, so that those of one are found beside ten thousand others.
    sessions: Mutex<BTreeMap<(i64, Uuid), Arc<Session>>>,
    seats: Arc<Seats>,
    seat_limits: Option<SeatLimits>,
    pub recent: Recent,
    pub knocks: Knocks,
    /// Ends whatever listens by other ways than a socket.
    closing: watch::Sender<bool>,
    /// Held by every session's task: all are gone when it is alone.
    open: watch::Sender<()>,
}

impl Hub {
    pub fn new(seat_limits: Option<SeatLimits>) -> Self {
        Self {
            chats: Mutex::default(),
            sessions: Mutex::default(),
            seats: Arc::default(),
            seat_limits,
            recent: Recent::default(),
            knocks: Knocks::default(),
            closing: watch::Sender::new(false),
            open: watch::Sender::new(()),
        }
    }

    /// The right to one more socket, unless there are too many.
    pub fn seat(&self, user_id: i64, address: IpAddr) -> Option<Seat> {
        self.seats.take(user_id, address, self.seat_limits)
    }

    /// A session that listens to nothing yet; it must be closed in the end.
    pub fn open(&self, stream: TcpStream, seat: Seat, sid: Uuid, token_ends: i64) -> (Uuid, Arc<Session>) {
        let id = Uuid::new_v4();
        let session = Arc::new(Session::new(stream, seat, (sid, token_ends), Utc::now().timestamp()));
        lock(&self.sessions).insert((session.user_id(), id), Arc::clone(&session));
        if *self.closing.borrow() {
            pulse::say_goodbye(&session);
        }
        (id, session)
    }

    /// Forgets a session that has left all its chats.
    pub fn forget(&self, user_id: i64, id: Uuid) {
        lock(&self.sessions).remove(&(user_id, id));
    }

    /// Hands the changes to everyone who listens to the chat; they go out when the delivery is flushed.
    pub fn publish(&self, chat_id: i64, changes: Changes, delivery: &mut Delivery) {
        self.recent.hear(chat_id, &changes);
        let Some(audience) = self.audience(chat_id) else { return };
        let Changes { after, head, .. } = changes;
        let Some((mut audience, frame, json)) = naming::in_its_name(&audience, changes) else { return };
        audience.publish(&Arc::new(News { after, head, json, frame }), delivery);
    }

    /// Has everyone who listens to the chat read it again: nobody knows whether it changed.
    pub fn doubt(&self, chat_id: i64) {
        self.recent.forget(chat_id);
        if let Some(audience) = self.audience(chat_id) {
            lock(&audience).doubt();
        }
    }

    /// Has a session listen to a chat that its client has open, for which it asked by this address and of which it knows
    /// everything up to `known`. It hears nothing before it has read what may have happened since, but the address that
    /// the chat has.
    pub fn subscribe(&self, chat: &Address, asked: &str, id: Uuid, session: &Arc<Session>, known: i64) {
        let mut chats = lock(&self.chats);
        let mut audience = lock(audience_in(&mut chats, chat.id, &chat.uri));
        audience.tell_name(asked, session);
        audience.add(id, session, known, true);
        if !audience.presence_is_news()
            && let Some(presence) = frame::text(&audience.presence())
        {
            // The others know already who is here.
            session.send_passing(&presence);
        }
    }

    /// The same for a chat that its client does not have open.
    pub fn listen_aside(&self, chat: &Address, asked: &str, id: Uuid, session: &Arc<Session>, known: i64) {
        let mut chats = lock(&self.chats);
        let mut audience = lock(audience_in(&mut chats, chat.id, &chat.uri));
        audience.tell_name(asked, session);
        audience.add(id, session, known, false);
    }

    /// A session's client has the chat open no more, and follows it still.
    pub fn step_back(&self, chat_id: i64, id: Uuid) {
        if let Some(audience) = self.audience(chat_id) {
            lock(&audience).step_back(id);
        }
    }

    /// Whether a session's client has the chat open.
    pub fn is_here(&self, chat_id: i64, id: Uuid) -> bool {
        self.audience(chat_id).is_some_and(|audience| lock(&audience).is_here(id))
    }

    /// Whether a session was told of the chat up to this number.
    pub fn knows(&self, chat_id: i64, id: Uuid, seq: i64) -> bool {
        self.audience(chat_id).is_some_and(|audience| lock(&audience).knows(id, seq))
    }

    pub fn unsubscribe(&self, chat_id: i64, id: Uuid) {
        let mut chats = lock(&self.chats);
        if let Some(audience) = chats.get(&chat_id).cloned() {
            let mut audience = lock(&audience);
            audience.remove(id);
            if audience.is_empty() {
                chats.remove(&chat_id);
            }
        }
    }

    /// What a session missed of a chat; nothing if it has everything.
    pub fn missed(&self, chat_id: i64, id: Uuid) -> Option<Missed> {
        self.audience(chat_id).and_then(|audience| lock(&audience).missed(id))
    }

    /// A session has been told everything up to `head`; false if more has happened meanwhile.
    pub fn has_read(&self, chat_id: i64, id: Uuid, head: i64) -> bool {
        self.audience(chat_id).is_none_or(|audience| lock(&audience).has_read(id, head))
    }

    /// A session's client is told to read by itself, and hears only what comes from now on.
    pub fn is_on_its_own(&self, chat_id: i64, id: Uuid) {
        if let Some(audience) = self.audience(chat_id) {
            lock(&audience).is_on_its_own(id);
        }
    }

    /// Tells the others that a user is writing.
    pub fn typing(&self, chat_id: i64, id: Uuid, user: i64) {
        let Some(audience) = self.audience(chat_id) else { return };
        let mut delivery = Delivery::default();
        let audience = lock(&audience);
        // Whoever was sent out may not have noticed yet.
        if audience.is_here(id)
            && audience.shows_typing()
            && let Some(frame) = frame::text(&ServerFrame::Typing { uri: audience.uri.clone(), user })
        {
            audience.tell(&frame, |other, _| other != id, &mut delivery);
        }
        drop(audience);
    }

    /// The news of a chat, for those who listen by other ways than a socket. It begins with nothing, which also comes
    /// when news was lost: then the chat is to be read.
    pub fn follow(&self, chat_id: i64, uri: &str) -> watch::Receiver<Option<Arc<News>>> {
        let mut chats = lock(&self.chats);
        lock(audience_in(&mut chats, chat_id, uri)).news.subscribe()
    }

    /// Tells a user's sockets what they are in a chat now. Unless they are in it, they hear nothing of it any more. Who
    /// knocked is told under the address that they know.
    pub fn place(&self, chat_id: i64, uri: Option<&str>, user_id: i64, standing: Standing) {
        if !standing.is_in() {
            let mut chats = lock(&self.chats);
            if let Some(audience) = chats.get(&chat_id).cloned() {
                let mut audience = lock(&audience);
                audience.remove_user(user_id);
                if audience.is_empty() {
                    chats.remove(&chat_id);
                }
            }
        }
        if let Some(uri) = self.knocks.name_for(chat_id, user_id, standing, uri) {
            self.tell_user(user_id, &ServerFrame::Membership { uri, standing });
        }
    }

    /// Tells everyone who listens to a chat that it has ended, and has nobody listen any more.
    pub async fn end(&self, chat_id: i64) {
        self.recent.forget(chat_id);
        let ended = lock(&self.chats).remove(&chat_id);
        let mut delivery = Delivery::default();
        if let Some(audience) = ended {
            lock(&audience).end(&mut delivery);
        }
        delivery.flush().await;
    }

    /// Has those who have the chat open hear in a moment up to where somebody has read.
    pub fn note_position(&self, chat_id: i64, position: Position) {
        if let Some(audience) = self.audience(chat_id) {
            lock(&audience).note_position(position);
        }
    }

    /// Turns true when the server stops.
    pub fn closing(&self) -> watch::Receiver<bool> {
        self.closing.subscribe()
    }

    /// Tells every session that the server stops.
    pub fn close(&self) {
        self.closing.send_replace(true);
        self.sessions().iter().for_each(|session| pulse::say_goodbye(session));
    }

    /// What a session's task holds for as long as it runs; see [`Hub::closed`].
    pub fn hold_open(&self) -> watch::Receiver<()> {
        self.open.subscribe()
    }

    /// Waits until every session is gone.
    pub async fn closed(&self) {
        self.open.closed().await;
    }

    fn audience(&self, chat_id: i64) -> Option<Arc<Mutex<Audience>>> {
        lock(&self.chats).get(&chat_id).cloned()
    }

    fn sessions(&self) -> Vec<Arc<Session>> {
        lock(&self.sessions).values().cloned().collect()
    }
}

/// The audience of a chat, if only an empty one. To be held on to under the lock of all, or it may be swept away.
fn audience_in<'a>(chats: &'a mut Audiences, chat_id: i64, uri: &str) -> &'a Mutex<Audience> {
    chats.entry(chat_id).or_insert_with(|| Arc::new(Mutex::new(Audience::new(uri.to_owned()))))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
