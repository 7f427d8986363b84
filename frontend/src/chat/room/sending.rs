//! From the draft over the outbox to the server.

use gloo_timers::callback::Timeout;
use leptos::{prelude::*, task::spawn_local};
use shared::{
    message::check_message,
    problem::{FieldCode, Problem, ProblemCode},
    socket::ClientFrame,
};
use uuid::Uuid;

use super::{Room, draft_key};
use crate::{
    api::{self, Trouble},
    clock,
    outbox::{Outbox, Unsent},
    storage, words,
};

/// A request that found no server is made again after so many milliseconds.
const POST_AGAIN: u32 = 3_000;

impl Room {
    pub fn draft(self) -> String {
        self.draft.get()
    }

    pub fn fault(self) -> Option<FieldCode> {
        self.fault.get()
    }

    pub fn set_draft(self, text: String) {
        let kept = Some(text.as_str()).filter(|text| !text.is_empty());
        storage::write(storage::tab(), &draft_key(&self.uri.get_untracked()), kept);
        self.draft.set(text);
        if self.fault.get_untracked().is_some() {
            self.fault.set(None);
        }
    }

    /// Says the draft. It goes on living in the outbox, so that the composer is free for the next one.
    pub fn say(self) {
        let text = self.draft.get_untracked();
        match check_message(&text) {
            Ok(()) => {
                let (uri, author) = (self.uri.get_untracked(), self.session.name_now());
                self.outbox.update(|outbox| outbox.add(Unsent::new(uri, author, text, clock::now())));
                self.set_draft(String::new());
                self.go_to_end();
                self.flush();
            }
            // Nothing written, nothing wrong.
            Err(FieldCode::Blank) => {}
            Err(code) => self.fault.set(Some(code)),
        }
    }

    pub fn retry(self, client_id: Uuid) {
        self.outbox.update(|outbox| outbox.retry(client_id));
        self.flush();
    }

    pub fn discard(self, client_id: Uuid) {
        self.outbox.update(|outbox| {
            outbox.remove(client_id);
        });
    }

    /// Sends what waits, one by one: by the socket, or without it by a request.
    pub(super) fn flush(self) {
        let author = self.session.name_now();
        let next = self.outbox.try_maybe_update(|outbox| {
            let next = outbox.take(&author, clock::now());
            (next.is_some(), next)
        });
        let Some(Unsent { client_id, uri, text: message, .. }) = next.flatten() else { return };
        let frame = ClientFrame::Post { uri: uri.clone(), client_id, message: message.clone() };
        if !self.live.say(&frame) {
            spawn_local(self.post(uri, client_id, message));
        }
    }

    async fn post(self, uri: String, client_id: Uuid, message: String) {
        match self.session.ask(api::post(&uri, client_id, message)).await {
            Ok(posted) => {
                self.stored(client_id, posted.stored.seq);
                self.catch_up();
            }
            Err(Trouble::Refused(problem)) => self.refused(client_id, &problem),
            Err(Trouble::Unreachable) => {
                self.outbox.update(Outbox::lost);
                self.flush_after(POST_AGAIN);
            }
        }
    }

    pub(super) fn stored(self, client_id: Uuid, seq: i64) {
        self.outbox.update(|outbox| outbox.stored(client_id, seq));
        self.let_go_of_seen();
        self.announce(words::SENT.to_owned());
        self.flush();
    }

    pub(super) fn refused(self, client_id: Uuid, problem: &Problem) {
        if problem.code == ProblemCode::Invalid && self.give_back(client_id, problem) {
            return self.flush();
        }
        let held = self.outbox.try_update(|outbox| outbox.refused(client_id, problem, clock::now()));
        if let Some(held) = held.flatten() {
            self.flush_after(u32::try_from(held).unwrap_or_default());
        } else {
            self.announce(words::said(words::NOT_SENT, words::problem(problem.code)));
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

    /// Puts a text that its author has to mend back into the composer, if nothing else stands there.
    fn give_back(self, client_id: Uuid, problem: &Problem) -> bool {
        let Some(error) = problem.errors.iter().find(|error| error.field == "message") else { return false };
        if !self.draft.read_untracked().trim().is_empty() {
            return false;
        }
        let unsent = self.outbox.try_update(|outbox| outbox.remove(client_id)).flatten();
        if let Some(unsent) = unsent {
            self.set_draft(unsent.text);
            self.fault.set(Some(error.code));
        }
        true
    }

    /// Drops from the outbox what is seen among the stored messages.
    pub(super) fn let_go_of_seen(self) {
        let (uri, author) = (self.uri.get_untracked(), self.session.name_now());
        if self.outbox.read_untracked().of(&uri, &author).next().is_none() {
            return;
        }
        self.timeline.with_untracked(|timeline| {
            let Some(timeline) = timeline else { return };
            let me = self.me.get_untracked();
            let seen = |id| timeline.messages().rev().any(|m| m.user.id == me && m.client_id == id);
            self.outbox.update(|outbox| outbox.settle(&uri, timeline.head(), seen));
        });
    }
}
