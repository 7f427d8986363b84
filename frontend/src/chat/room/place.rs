//! Up to where oneself and others have read.

use std::collections::BTreeMap;

use leptos::{prelude::*, task::spawn_local};
use shared::{timeline::Timeline, user::User, your_chats::ReadPositions};
use uuid::Uuid;

use super::{Room, reading::is_news};
use crate::{api, chat::unread::first_unread};

/// In a chat of more people nobody looks at who has seen what.
const FEW: usize = 12;
/// So many pages are loaded to come to the unread line, at most.
const PAGES: usize = 20;

/// Where people are in the chat.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// By the user's id.
    read: BTreeMap<i64, i64>,
    /// Where oneself left off: what came after it is new.
    left_off: Option<i64>,
    /// Whether the line that says so has been in view.
    found: bool,
}

impl Room {
    /// The address, which changes when the chat moves.
    pub fn uri(self) -> String {
        self.uri.get()
    }

    /// The person comes in: where did they leave off?
    pub(super) fn take_place(self, me: i64, positions: ReadPositions) {
        let read: BTreeMap<_, _> = positions.positions.into_iter().map(|p| (p.user, p.seq)).collect();
        let own = read.get(&me).copied().or_else(|| self.chats.read_seq(&self.uri.get_untracked()));
        // Whoever has read nothing is new here, and so is everything.
        let left_off = own.filter(|seq| *seq > 0);
        self.places.set(Places { read, left_off, found: false });
    }

    pub(super) fn left_off(self) -> Option<i64> {
        self.places.with_untracked(|places| places.left_off)
    }

    /// What comes while nobody looks is new, too.
    pub(super) fn mark_place(self, before: i64) {
        let away = !self.follows_now() || document().hidden();
        if away && self.seen.get_untracked() == before && before > 0 {
            self.places.update(|places| (places.left_off, places.found) = (Some(before), false));
        }
    }

    /// Whoever speaks has arrived.
    pub(super) fn forget_place(self) {
        self.places.update(|places| places.left_off = None);
    }

    /// The message before which the unread line stands.
    pub(super) fn first_new(self, timeline: &Timeline, me: i64) -> Option<Uuid> {
        let seq = first_new_seq(timeline, self.places.read().left_off?, me)?;
        timeline.message(seq).map(|message| message.client_id)
    }

    /// Whether there is an unread line that has not been in view.
    pub fn has_line(self) -> bool {
        let (left_off, found) = self.places.with(|places| (places.left_off, places.found));
        let me = self.me.get();
        let Some(left_off) = left_off.filter(|_| !found) else { return false };
        self.timeline.with(|timeline| {
            let mut newest = timeline.iter().flat_map(|t| t.messages().rev());
            newest.any(|message| message.seq > left_off && is_news(message, me))
        })
    }

    pub fn found_line(self) {
        self.places.try_maybe_update(|places| (!std::mem::replace(&mut places.found, true), ()));
    }

    /// Brings the unread line among the rendered messages, from the server if need be.
    pub async fn bring_line(self) -> bool {
        for _ in 0..PAGES {
            let Some(left_off) = self.left_off() else { return false };
            let me = self.me.get_untracked();
            let (line, oldest) = self.timeline.with_untracked(|timeline| {
                let line = timeline.as_ref().and_then(|t| first_new_seq(t, left_off, me));
                (line, timeline.as_ref().and_then(Timeline::oldest))
            });
            if let Some(line) = line {
                self.following.set(false);
                let seqs = self.seqs();
                self.window.update(|window| window.show(&seqs, line));
                return true;
            }
            let Some(oldest) = oldest else { return false };
            self.extending.set(true);
            self.extend_back(oldest).await;
        }
        false
    }

    /// Somebody has read up to here.
    pub(super) fn heard_reading(self, user: i64, seq: i64) {
        self.places.update(|places| {
            let known = places.read.entry(user).or_default();
            *known = seq.max(*known);
        });
    }

    /// What was not heard while there was no socket.
    pub(super) fn ask_places(self) {
        let turn = self.turn.get_value();
        spawn_local(async move {
            let positions = self.session.ask(api::read_positions(&self.uri.get_untracked())).await;
            if let (Ok(positions), true) = (positions, self.turn.get_value() == turn) {
                for position in positions.positions {
                    self.heard_reading(position.user, position.seq);
                }
            }
        });
    }

    /// The others who have read all that was said, where there are few.
    pub fn seen_by(self) -> Vec<User> {
        let (places, me) = (self.places.read(), self.me.get());
        self.timeline.with(|timeline| {
            let Some(timeline) = timeline else { return Vec::new() };
            let Some(last) = timeline.messages().next_back() else { return Vec::new() };
            let members = timeline.members();
            if members.len() > FEW {
                return Vec::new();
            }
            let others = members.into_iter().filter(|m| m.user.id != me && m.user.id != last.user.id);
            let seen = others.filter(|m| places.read.get(&m.user.id).is_some_and(|seq| *seq >= last.seq));
            seen.map(|member| member.user.clone()).collect()
        })
    }
}

fn first_new_seq(timeline: &Timeline, left_off: i64, me: i64) -> Option<i64> {
    let messages = timeline.messages().map(|message| (message.seq, !is_news(message, me)));
    let oldest = timeline.oldest().filter(|_| timeline.has_earlier());
    first_unread(messages, oldest, left_off)
}
