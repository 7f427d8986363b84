//! From the draft over the outbox to the server.

use leptos::prelude::*;
use shared::{
    message::check_message,
    problem::{FieldCode, Problem},
};
use uuid::Uuid;

use super::{Room, draft_key};
use crate::{chat::company::Company, outbox::Unsent, storage, words};

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
                self.courier.send(self.uri.get_untracked(), text);
                self.set_draft(String::new());
                self.company.update_untracked(Company::sent);
                self.forget_place();
                self.go_to_end();
            }
            // Nothing written, nothing wrong.
            Err(FieldCode::Blank) => {}
            Err(code) => self.fault.set(Some(code)),
        }
    }

    pub fn retry(self, client_id: Uuid) {
        self.courier.retry(client_id);
    }

    pub fn discard(self, client_id: Uuid) {
        self.courier.remove(client_id);
    }

    pub(super) fn stored(self, client_id: Uuid) {
        if !self.wrote(client_id) {
            return;
        }
        self.announce(words::SENT.to_owned());
        self.let_go_of_seen();
        // Without a socket nothing else brings the message back.
        if !self.live.is_up() {
            self.catch_up();
        }
    }

    pub(super) fn refused(self, client_id: Uuid, problem: &Problem) {
        let failed = self.outbox.read_untracked().find(client_id).is_some_and(Unsent::has_failed);
        if failed && self.wrote(client_id) && !self.give_back(client_id, problem) {
            self.announce(words::said(words::NOT_SENT, words::problem(problem.code)));
        }
    }

    /// Whether it was written in this chat.
    fn wrote(self, client_id: Uuid) -> bool {
        self.outbox.read_untracked().find(client_id).is_some_and(|u| u.uri == *self.uri.read_untracked())
    }

    /// Puts a text that its author has to mend back into the composer, if nothing else stands there.
    fn give_back(self, client_id: Uuid, problem: &Problem) -> bool {
        let Some(error) = problem.errors.iter().find(|error| error.field == "message") else { return false };
        if !self.draft.read_untracked().trim().is_empty() {
            return false;
        }
        if let Some(unsent) = self.courier.remove(client_id) {
            self.set_draft(unsent.text);
            self.fault.set(Some(error.code));
        }
        true
    }

    /// Drops from the outbox what is seen among the stored messages.
    pub(super) fn let_go_of_seen(self) {
        let (uri, me) = (self.uri.get_untracked(), self.me.get_untracked());
        if self.outbox.read_untracked().of(&uri, me).next().is_none() {
            return;
        }
        self.timeline.with_untracked(|timeline| {
            let Some(timeline) = timeline else { return };
            let seen = |id| timeline.messages().rev().any(|m| m.user.id == me && m.client_id == id);
            self.courier.settle(&uri, timeline.head(), seen);
        });
    }
}
