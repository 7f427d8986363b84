//! Where the chat is, and whether one is in it: both may change while it is open.

use leptos::prelude::*;
use shared::{member::Standing, problem::ProblemCode};

use super::{Room, draft_key};
use crate::{api::Trouble, storage};

impl Room {
    /// The chat's whole address, to be shown and shared.
    pub fn address(self) -> String {
        window().location().origin().unwrap_or_default() + &self.path()
    }

    /// Where the chat is on this site.
    pub fn path(self) -> String {
        format!("/chats/{}", self.uri.read())
    }

    /// As [`Room::uri`], for where nothing is drawn.
    pub fn uri_now(self) -> String {
        self.uri.get_untracked()
    }

    /// The address under which the chat at this one was opened, so that a chat that moves while it is open stays open.
    pub fn opened_as(self, uri: String) -> String {
        if self.uri.with_untracked(|now| *now == uri) { self.opened.get_value() } else { uri }
    }

    pub fn was_opened_as(self, uri: &str) -> bool {
        self.opened.with_value(|opened| opened == uri)
    }

    /// The chat has another address; what was written for it goes along.
    pub fn move_to(self, to: String) {
        let from = self.uri.get_untracked();
        if from == to {
            return;
        }
        self.timeline.try_maybe_update(|timeline| {
            if let Some(timeline) = timeline {
                timeline.move_to(to.clone());
            }
            (timeline.is_some(), ())
        });
        let draft = self.draft.get_untracked();
        storage::write(storage::tab(), &draft_key(&from), None);
        storage::write(
            storage::tab(),
            &draft_key(&to),
            Some(draft.as_str()).filter(|draft| !draft.is_empty()),
        );
        self.courier.move_to(&from, &to);
        self.uri.set(to);
    }

    /// One's place in the chat began, changed or ended, here or elsewhere.
    pub(super) fn placed(self, standing: Standing) {
        if standing.is_in() {
            // Whoever was out, and is let in again, comes in by themself.
            if self.out.get_untracked().is_some() {
                self.enter();
            }
        } else if self.timeline.with_untracked(Option::is_some) {
            self.next_turn();
            self.out.set(Some(standing));
            self.timeline.set(None);
        }
    }

    /// One has left by one's own will.
    pub fn left(self) {
        self.placed(Standing::Left);
    }

    /// There is no chat any more.
    pub fn ended(self) {
        self.next_turn();
        self.timeline.set(None);
        self.trouble.set(Some(Trouble::refused(ProblemCode::ChatEnded)));
    }
}
