//! What of the chat is in view.

use leptos::{prelude::*, task::spawn_local};
use shared::{event::Person, member::Member, message::Message, timeline::Timeline};

use super::Room;
use crate::{
    api,
    chat::{
        may::Me,
        rows::{Item, Kind, Phase, Row, rows},
    },
    clock,
    outbox::{State, Unsent},
    words,
};

impl Room {
    pub fn rows(self) -> Vec<Row> {
        let timeline = self.timeline.read();
        let Some(timeline) = timeline.as_ref() else { return Vec::new() };
        let window = *self.window.read();
        let me = self.myself();
        let shown = |m: &&Message| window.holds(m.seq);
        let mut items: Vec<_> = timeline
            .messages()
            .filter(shown)
            .filter_map(|message| stored_item(timeline, message, me))
            .collect();
        if window.is_at_end() {
            let name = self.session.name();
            let outbox = self.outbox.read();
            let uri = self.uri.read();
            let unsent = outbox.of(&uri, me.id).filter(|u| !is_in(timeline, me.id, u));
            items.extend(unsent.map(|unsent| unsent_item(unsent, &name)));
        }
        rows(items, self.first_new(timeline, me.id), clock::day)
    }

    /// For what happens whenever the rows change.
    pub fn track(self) {
        self.timeline.track();
        self.outbox.track();
        self.window.track();
        self.places.track();
    }

    /// Changes with any membership.
    pub fn roster(self) -> i64 {
        self.timeline
            .with(|t| t.iter().flat_map(Timeline::members).map(|member| member.revision).max())
            .unwrap_or_default()
    }

    /// Nobody has said anything yet.
    pub fn is_empty(self) -> bool {
        let silent =
            self.timeline.with(|t| t.as_ref().is_none_or(|t| t.messages().all(|m| m.event.is_some())));
        silent && self.outbox.read().of(&self.uri.read(), self.me.get()).next().is_none()
    }

    pub fn members(self) -> Vec<Member> {
        self.timeline.with_untracked(|t| {
            t.as_ref().map(|t| t.members().into_iter().cloned().collect()).unwrap_or_default()
        })
    }

    pub fn me(self) -> i64 {
        self.me.get()
    }

    pub fn following(self) -> bool {
        self.following.get()
    }

    /// As [`Room::following`], for where nothing is drawn.
    pub fn follows_now(self) -> bool {
        self.following.get_untracked()
    }

    /// How many messages of others came since the person last saw the end of the chat.
    pub fn unseen(self) -> usize {
        let (seen, me) = (self.seen.get(), self.me.get());
        self.timeline.with(|timeline| {
            let Some(timeline) = timeline else { return 0 };
            timeline.messages().rev().take_while(|m| m.seq > seen).filter(|m| is_news(m, me)).count()
        })
    }

    /// The view was scrolled to the end of what is rendered, or away from it.
    pub fn scrolled(self, at_end: bool) {
        let following = at_end && self.window.read_untracked().is_at_end();
        if self.following.get_untracked() != following {
            self.following.set(following);
        }
        self.look();
    }

    /// Whoever has the end of the chat before their eyes has seen it.
    pub fn look(self) {
        let newest = self.newest();
        let looking = self.following.get_untracked() && !document().hidden();
        if !looking || newest == 0 {
            return;
        }
        if self.seen.get_untracked() != newest {
            self.seen.set(newest);
        }
        self.chats.read(&self.uri.get_untracked(), newest);
    }

    pub fn go_to_end(self) {
        self.following.set(true);
        let seqs = self.seqs();
        self.window.try_maybe_update(|window| {
            let away = !window.is_at_end();
            if away {
                window.jump_to_end(&seqs);
            }
            (away, ())
        });
        self.look();
    }

    /// Later messages come into view.
    pub fn forth(self) {
        let seqs = self.seqs();
        self.window.try_maybe_update(|window| (window.forth(&seqs), ()));
    }

    /// Earlier messages come into view, from the server if need be.
    pub fn back(self) {
        if self.show_earlier() || self.extending.get_untracked() {
            return;
        }
        let oldest = self
            .timeline
            .with_untracked(|t| t.as_ref().filter(|t| t.has_earlier()).and_then(Timeline::oldest));
        if let Some(oldest) = oldest {
            self.extending.set(true);
            spawn_local(self.extend_back(oldest));
        }
    }

    pub(super) async fn extend_back(self, oldest: i64) {
        let turn = self.turn.get_value();
        let page = self.session.ask(api::page_before(&self.uri.get_untracked(), oldest)).await;
        if self.turn.get_value() != turn {
            return;
        }
        if let Ok(page) = page {
            let is_behind = self
                .timeline
                .try_update(|timeline| timeline.as_mut().is_some_and(|timeline| timeline.extend_back(page)));
            self.show_earlier();
            if is_behind == Some(true) {
                self.catch_up();
            }
        }
        self.extending.set(false);
    }

    fn show_earlier(self) -> bool {
        let seqs = self.seqs();
        self.window.try_maybe_update(|window| {
            let moved = window.back(&seqs);
            (moved, moved)
        }) == Some(true)
    }

    pub fn extending(self) -> bool {
        self.extending.get()
    }

    pub fn announced(self) -> (u32, String) {
        self.announced.get()
    }

    pub(super) fn announce(self, text: String) {
        self.announced.update(|(count, said)| {
            *count = count.wrapping_add(1);
            *said = text;
        });
    }

    /// The newest message's place.
    pub(super) fn newest(self) -> i64 {
        self.timeline.with_untracked(|t| {
            t.as_ref().and_then(|t| t.messages().next_back()).map_or(0, |message| message.seq)
        })
    }

    pub(super) fn seqs(self) -> Vec<i64> {
        self.timeline
            .with_untracked(|t| t.as_ref().map(|t| t.messages().map(|m| m.seq).collect()).unwrap_or_default())
    }
}

/// Whether somebody else said it, and it is still there.
pub(super) fn is_news(message: &Message, me: i64) -> bool {
    message.user.id != me && message.event.is_none() && !message.deleted
}

/// Nothing for what a newer server does.
fn stored_item(timeline: &Timeline, message: &Message, me: Me) -> Option<Item> {
    let author = timeline.author(message);
    let own = author.id == me.id;
    let (kind, text) = match &message.event {
        Some(event) => {
            let who = if own { words::YOU } else { author.name() };
            let name = |person: &Person| timeline.name_of(person).to_owned();
            (Kind::Event, words::events::line(who, me.id, name, event)?)
        }
        None if message.deleted => (Kind::Deleted(1), String::new()),
        None => (Kind::Said, message.message.clone()),
    };
    Some(Item {
        kind,
        client_id: message.client_id,
        seq: message.seq,
        revision: message.revision,
        author: author.id,
        name: author.name().to_owned(),
        picture: author.avatar.clone(),
        text,
        at: clock::stored_at(message),
        own,
        deletable: kind == Kind::Said && me.may_delete(author.id),
        phase: Phase::Sent,
    })
}

fn unsent_item(unsent: &Unsent, name: &str) -> Item {
    Item {
        kind: Kind::Said,
        client_id: unsent.client_id,
        seq: 0,
        revision: 0,
        author: unsent.account,
        name: name.to_owned(),
        // One's own words stand without a face.
        picture: String::new(),
        text: unsent.text.clone(),
        at: unsent.at,
        own: true,
        deletable: false,
        phase: match unsent.state {
            State::Waiting | State::InFlight => Phase::Sending,
            State::Stored(_) => Phase::Sent,
            State::Failed(code) => Phase::Failed(code),
        },
    }
}

/// Whether the message is among the stored ones: then it is shown as one of them, and only there.
fn is_in(timeline: &Timeline, me: i64, unsent: &Unsent) -> bool {
    timeline.messages().rev().any(|m| m.user.id == me && m.client_id == unsent.client_id)
}
