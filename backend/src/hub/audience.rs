//! Who listens to one chat, and up to which number each of them knows it.

mod address;

use std::sync::Arc;

use actix_web::web::Bytes;
use indexmap::IndexMap;
use shared::{
    socket::{PRESENCE_MAX, ServerFrame},
    timeline::{Verdict, judge},
    your_chats::Position,
};
use tokio::sync::watch;
use uuid::Uuid;

use super::{
    News,
    delivery::Delivery,
    frame,
    session::{Put, Session},
};

/// Past so many people nobody can tell who is writing.
const TYPING_MAX: usize = 200;
/// Past so many nobody looks at who has read what.
const READING_MAX: usize = 20;

/// A session that listens.
struct Listener {
    session: Arc<Session>,
    /// Its client has the chat open; otherwise it only follows what happens.
    here: bool,
    /// Up to which number it was told; nothing if its client finds out by itself.
    known: Option<i64>,
    /// It hears news as it comes; otherwise it is reading what it missed, and news would only tear a gap.
    live: bool,
    /// Something was lost while it was reading: what it read may not hold that.
    again: bool,
}

/// What a session missed of a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missed {
    /// It was told everything up to this number.
    After(i64),
    /// Only its client knows what it read.
    Unknown,
}

/// The listeners of a chat.
pub struct Audience {
    pub uri: String,
    /// The highest head with which that was read: what was read before is older.
    named_at: i64,
    listeners: IndexMap<Uuid, Listener>,
    /// Users, in the order in which they came, and how many sessions of each listen.
    here: IndexMap<i64, usize>,
    /// Who is here has changed, and was not told yet.
    presence_is_new: bool,
    /// Who has read further, and was not told yet.
    positions: Vec<Position>,
    /// The head that was published last.
    latest: i64,
    /// For those who listen by other ways than a socket.
    pub news: watch::Sender<Option<Arc<News>>>,
}

impl Audience {
    pub fn new(uri: String) -> Self {
        Self {
            uri,
            named_at: 0,
            listeners: IndexMap::new(),
            here: IndexMap::new(),
            presence_is_new: false,
            positions: Vec::new(),
            latest: 0,
            news: watch::Sender::new(None),
        }
    }

    /// Adds a session that will read first, and that has the chat open or only follows it.
    pub fn add(&mut self, id: Uuid, session: &Arc<Session>, known: i64, here: bool) {
        let user = session.user_id();
        let (session, known) = (Arc::clone(session), Some(known));
        let listener = Listener { session, here, known, live: false, again: false };
        let before = self.listeners.insert(id, listener);
        match (before.is_some_and(|before| before.here), here) {
            (false, true) => self.comes(user),
            (true, false) => self.goes(user),
            _ => {}
        }
    }

    /// Takes a session out.
    pub fn remove(&mut self, id: Uuid) {
        if let Some(gone) = self.listeners.swap_remove(&id)
            && gone.here
        {
            self.goes(gone.session.user_id());
        }
    }

    /// A session's client has the chat open no more, and follows it still.
    pub fn step_back(&mut self, id: Uuid) {
        let Some(listener) = self.listeners.get_mut(&id) else { return };
        if std::mem::take(&mut listener.here) {
            let user = listener.session.user_id();
            self.goes(user);
        }
    }

    fn comes(&mut self, user: i64) {
        let sessions = self.here.entry(user).or_default();
        *sessions += 1;
        self.presence_is_new |= *sessions == 1;
    }

    fn goes(&mut self, user: i64) {
        let Some(sessions) = self.here.get_mut(&user) else { return };
        *sessions -= 1;
        if *sessions == 0 {
            self.here.shift_remove(&user);
            self.presence_is_new = true;
        }
    }

    /// Whether the session's client has the chat open.
    pub fn is_here(&self, id: Uuid) -> bool {
        self.listeners.get(&id).is_some_and(|listener| listener.here)
    }

    /// Whether the session was told of the chat up to this number.
    pub fn knows(&self, id: Uuid, seq: i64) -> bool {
        let known = self.listeners.get(&id).and_then(|listener| listener.known);
        known.is_some_and(|known| seq <= known)
    }

    /// Takes all sessions of a user out.
    pub fn remove_user(&mut self, user_id: i64) {
        let of_user = self.listeners.iter().filter(|(_, listener)| listener.session.user_id() == user_id);
        let gone: Vec<_> = of_user.map(|(id, _)| *id).collect();
        for id in gone {
            self.remove(id);
        }
    }

    /// The chat has ended: this is the last that anybody hears of it.
    pub fn end(&mut self, delivery: &mut Delivery) {
        if let Some(gone) = frame::text(&ServerFrame::Gone { uri: self.uri.clone() }) {
            for listener in self.listeners.values() {
                delivery.answer(&listener.session, gone.clone());
            }
        }
        self.listeners.clear();
        self.here.clear();
        self.news.send_replace(None);
    }

    pub fn is_empty(&self) -> bool {
        self.listeners.is_empty() && self.news.receiver_count() == 0
    }

    /// Hands news to everyone who is live, by the rule.
    pub fn publish(&mut self, news: &Arc<News>, delivery: &mut Delivery) {
        self.latest = self.latest.max(news.head);
        for listener in self.listeners.values_mut().filter(|listener| listener.live) {
            let verdict = listener.known.map_or(Verdict::Apply, |known| judge(known, news.after, news.head));
            match verdict {
                Verdict::Ignore => {}
                Verdict::Apply => match listener.session.put_news(&news.frame) {
                    Put::In { flush } => {
                        listener.known = Some(news.head);
                        if flush {
                            delivery.add(&listener.session);
                        }
                    }
                    Put::LeftOut => listener.live = false,
                },
                Verdict::Fetch => listener.miss(),
            }
        }
        if self.news.receiver_count() > 0 {
            self.news.send_replace(Some(Arc::clone(news)));
        }
    }

    /// Has everyone read the chat again.
    pub fn doubt(&mut self) {
        self.listeners.values_mut().for_each(Listener::miss);
        self.news.send_replace(None);
    }

    /// What a session missed, if it listens and missed anything.
    pub fn missed(&self, id: Uuid) -> Option<Missed> {
        let listener = self.listeners.get(&id).filter(|listener| !listener.live)?;
        Some(listener.known.map_or(Missed::Unknown, Missed::After))
    }

    /// The session has been told up to `head`; true if it has everything now and hears news as it comes.
    pub fn has_read(&mut self, id: Uuid, head: i64) -> bool {
        let latest = self.latest;
        let Some(listener) = self.listeners.get_mut(&id) else { return true };
        listener.known = Some(head);
        listener.live = latest <= head && !std::mem::take(&mut listener.again);
        listener.live
    }

    /// The session shall not read on, and its client is told to do so by itself: it hears whatever comes from now on.
    pub fn is_on_its_own(&mut self, id: Uuid) {
        if let Some(listener) = self.listeners.get_mut(&id) {
            (listener.known, listener.live) = (None, true);
            listener.session.answer(&ServerFrame::Resync { uri: self.uri.clone() });
        }
    }

    /// Puts a frame that may be lost into the queues of those who have the chat open and whose session and user `hears`
    /// it, also of those who are still reading what they missed: nobody says it to them again.
    pub fn tell(&self, frame: &Bytes, hears: impl Fn(Uuid, i64) -> bool, delivery: &mut Delivery) {
        for (id, Listener { session, .. }) in self.listeners.iter().filter(|(_, listener)| listener.here) {
            if hears(*id, session.user_id()) {
                delivery.passing(session, frame);
            }
        }
    }

    /// Whether the chat is small enough for people to see who is writing.
    pub fn shows_typing(&self) -> bool {
        self.here.len() <= TYPING_MAX
    }

    /// Somebody has read further.
    pub fn note_position(&mut self, position: Position) {
        if self.here.len() > READING_MAX {
            return;
        }
        match self.positions.iter_mut().find(|known| known.user == position.user) {
            Some(known) => known.seq = known.seq.max(position.seq),
            None => self.positions.push(position),
        }
    }

    /// Whether everyone is about to be told who is here.
    pub fn presence_is_news(&self) -> bool {
        self.presence_is_new
    }

    /// Whether there is something to be told by the clock.
    pub fn has_word(&self) -> bool {
        self.presence_is_new || !self.positions.is_empty()
    }

    /// Who has read further, if that is news.
    pub fn new_positions(&mut self) -> Vec<Position> {
        std::mem::take(&mut self.positions)
    }

    /// Who is here, if that is news.
    pub fn new_presence(&mut self) -> Option<ServerFrame> {
        std::mem::take(&mut self.presence_is_new).then(|| self.presence())
    }

    pub fn presence(&self) -> ServerFrame {
        let (count, here) = (self.here.len(), self.here(PRESENCE_MAX));
        ServerFrame::Presence { uri: self.uri.clone(), count, here }
    }

    /// The first of those who are here.
    pub fn here(&self, most: usize) -> Vec<i64> {
        self.here.keys().take(most).copied().collect()
    }
}

impl Listener {
    fn miss(&mut self) {
        self.again = !self.live;
        self.live = false;
        self.session.fall_behind();
    }
}
