//! Carries what is in the outbox to the server, whichever chat is open, and keeps it on the shelf until it is there.

use gloo_timers::callback::Timeout;
use leptos::{prelude::*, task::spawn_local};
use shared::{
    message::Message,
    problem::Problem,
    socket::{ClientFrame, ServerFrame},
};
use uuid::Uuid;

use super::{Outbox, State, Unsent, shelf};
use crate::{
    api::{self, Trouble},
    clock,
    live::{Live, News},
    session::Session,
};

/// How many messages are under way at once on the socket, which keeps their order.
const AT_ONCE: usize = 8;
/// A request that found no server is made again after so many milliseconds.
const POST_AGAIN: u32 = 3_000;

#[derive(Clone, Copy)]
pub struct Courier {
    session: Session,
    live: Live,
    outbox: RwSignal<Outbox>,
    /// Whether a message is under way as a request, beside which no other may be.
    posting: StoredValue<bool>,
}

impl Courier {
    pub fn new(session: Session, live: Live) -> Self {
        let (outbox, posting) = (RwSignal::new(Outbox::default()), StoredValue::new(false));
        let courier = Self { session, live, outbox, posting };
        spawn_local(courier.open_shelf());
        courier
    }

    async fn open_shelf(self) {
        if shelf::open().await {
            for unsent in self.outbox.with_untracked(Outbox::unkept) {
                self.keep(&unsent);
            }
            self.collect();
        }
    }

    /// Whether something would be lost with the page.
    pub fn has_unkept(self) -> bool {
        !self.outbox.with_untracked(Outbox::unkept).is_empty()
    }

    pub fn outbox(self) -> RwSignal<Outbox> {
        self.outbox
    }

    pub fn heed(self, news: &News) {
        match news {
            News::Up => {
                self.collect();
                self.flush();
            }
            News::Down => {
                self.outbox.update(Outbox::lost);
                self.flush();
            }
            News::Frame(ServerFrame::Posted { client_id, seq, .. }) => self.stored(*client_id, *seq),
            News::Frame(ServerFrame::Refused { client_id: Some(client_id), problem, .. }) => {
                self.refused(*client_id, problem);
            }
            News::Frame(_) | News::Poll => {}
        }
    }

    /// Takes up what this account left unsent here: before a reload, or in a tab that is closed. What a tab that is
    /// open is about to send itself goes out twice, and is stored once.
    pub fn collect(self) {
        if let Some(account) = self.session.account_now() {
            spawn_local(self.take_up(account));
        }
    }

    async fn take_up(self, account: i64) {
        for unsent in shelf::of(account).await {
            self.outbox.try_maybe_update(|outbox| (outbox.take_up(unsent), ()));
        }
        if self.outbox.with_untracked(|outbox| outbox.waits(account)) {
            self.live.start();
            self.flush();
        }
    }

    pub fn send(self, uri: String, text: String) {
        let Some(account) = self.session.account_now() else { return };
        let unsent = self.outbox.try_update(|outbox| outbox.add(account, uri, text, clock::now()));
        if let Some(unsent) = unsent {
            self.keep(&unsent);
            self.flush();
        }
    }

    pub fn retry(self, client_id: Uuid) {
        let retried = self.outbox.try_update(|outbox| outbox.retry(client_id, clock::now()));
        if let Some((before, after)) = retried.flatten() {
            shelf::take_down(&before);
            self.keep(&after);
            self.flush();
        }
    }

    /// Takes it out, to be thrown away or written anew.
    pub fn remove(self, client_id: Uuid) -> Option<Unsent> {
        let removed = self.outbox.try_update(|outbox| outbox.remove(client_id)).flatten()?;
        shelf::take_down(&removed);
        Some(removed)
    }

    /// As [`Outbox::settle`].
    pub fn settle(self, uri: &str, head: i64, seen: impl Fn(Uuid) -> bool) {
        let settled = self.outbox.try_update(|outbox| outbox.settle(uri, head, seen));
        for unsent in settled.unwrap_or_default() {
            shelf::take_down(&unsent);
        }
    }

    /// As [`Outbox::move_to`].
    pub fn move_to(self, from: &str, to: &str) {
        let moved = self.outbox.try_maybe_update(|outbox| {
            let moved = outbox.move_to(from, to);
            (!moved.is_empty(), moved)
        });
        let unstored = |(_, after): &(Unsent, Unsent)| !matches!(after.state, State::Stored(_));
        for (before, after) in moved.unwrap_or_default().into_iter().filter(unstored) {
            shelf::take_down(&before);
            self.keep(&after);
        }
    }

    /// Sends what waits: by the socket, or without it by one request after the other.
    pub fn flush(self) {
        let Some(account) = self.session.account_now() else { return };
        while !self.posting.get_value() {
            let socket = self.live.is_up();
            let at_once = if socket { AT_ONCE } else { 1 };
            let next = self.outbox.try_maybe_update(|outbox| {
                let next = outbox.take(account, at_once, clock::now());
                (next.is_some(), next)
            });
            let Some(Unsent { client_id, uri, text: message, .. }) = next.flatten() else { return };
            if !socket {
                self.posting.set_value(true);
                spawn_local(self.post(uri, client_id, message));
            } else if !self.live.say(&ClientFrame::Post { uri, client_id, message }) {
                // The socket is closing, and will be heard to have closed.
                return;
            }
        }
    }

    /// The answer is news, as if it had come by the socket.
    async fn post(self, uri: String, client_id: Uuid, message: String) {
        let answer = self.session.ask(api::post(&uri, client_id, message)).await;
        self.posting.set_value(false);
        match answer {
            Ok(Message { seq, revision, .. }) => {
                self.live.tell(News::Frame(ServerFrame::Posted { client_id, seq, revision }));
            }
            Err(Trouble::Refused(problem)) => {
                let (client_id, uri) = (Some(client_id), Some(uri));
                self.live.tell(News::Frame(ServerFrame::Refused { client_id, uri, problem }));
            }
            Err(Trouble::Unreachable) => {
                self.outbox.update(Outbox::lost);
                self.flush_after(if self.live.is_up() { 0 } else { POST_AGAIN });
            }
        }
    }

    fn stored(self, client_id: Uuid, seq: i64) {
        if let Some(sent) = self.find(client_id) {
            self.outbox.update(|outbox| outbox.stored(client_id, seq));
            shelf::take_down(&sent);
        }
        self.flush();
    }

    fn refused(self, client_id: Uuid, problem: &Problem) {
        let held = self.outbox.try_update(|outbox| outbox.refused(client_id, problem, clock::now()));
        if let Some(held) = held.flatten() {
            self.flush_after(u32::try_from(held).unwrap_or_default());
        } else {
            if let Some(failed) = self.find(client_id) {
                self.keep(&failed);
            }
            self.flush();
        }
    }

    /// A way that is open by then, socket or not, is used.
    fn flush_after(self, milliseconds: u32) {
        let flush = move || {
            self.outbox.update(Outbox::release);
            self.flush();
        };
        Timeout::new(milliseconds, flush).forget();
    }

    pub fn find(self, client_id: Uuid) -> Option<Unsent> {
        self.outbox.with_untracked(|outbox| outbox.find(client_id).cloned())
    }

    fn keep(self, unsent: &Unsent) {
        let client_id = unsent.client_id;
        shelf::keep(unsent, move || self.outbox.update_untracked(|outbox| outbox.kept(client_id)));
    }
}
