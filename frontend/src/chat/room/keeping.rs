//! What the chat is like, and what one may do about it.

use leptos::prelude::*;
use shared::{
    chat::Chat,
    member::{Member, Role, Standing},
    timeline::Timeline,
};

use super::Room;
use crate::{
    api::{Call, Trouble},
    chat::may::Me,
    clock,
};

/// Why nothing can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hush {
    Closed,
    OnlyReading,
}

impl Room {
    /// The chat's settings.
    pub fn chat(self) -> Option<Chat> {
        self.timeline.with(|timeline| timeline.as_ref().map(|timeline| timeline.chat().clone()))
    }

    /// Oneself, in this chat.
    pub fn myself(self) -> Me {
        let id = self.me.get();
        Me { id, role: self.role_of(id).unwrap_or(Role::Reader) }
    }

    /// Everyone of this standing.
    pub fn standing(self, standing: Standing) -> Vec<Member> {
        self.timeline.with(|timeline| {
            let found = timeline.iter().flat_map(|timeline| timeline.standing(standing));
            found.cloned().collect()
        })
    }

    pub fn hush(self) -> Option<Hush> {
        let closed = self.timeline.with(|timeline| timeline.as_ref().is_some_and(|t| t.chat().closed));
        let reads = self.myself().role == Role::Reader;
        closed.then_some(Hush::Closed).or(reads.then_some(Hush::OnlyReading))
    }

    /// Seconds between two messages of one writer, if one has to keep to them.
    pub fn pace(self) -> u32 {
        let pace = self.timeline.with(|timeline| timeline.as_ref().map_or(0, |t| t.chat().slow_seconds));
        if self.myself().keeps_order() { 0 } else { pace }
    }

    /// Seconds until the next message goes out, as far as the chat is slow.
    pub fn held_for(self) -> u64 {
        let until = self.outbox.with(|outbox| outbox.held_in(&self.uri.read(), self.me.get()));
        let left = until.map_or(0, |until| until - clock::now());
        u64::try_from(left).unwrap_or_default().div_ceil(1_000)
    }

    /// Has something done in this chat; returns the text of the answer.
    pub async fn carry(self, call: Call) -> Result<String, Trouble> {
        let answer = self.session.carry(call).await;
        // Without a socket nothing else tells what came of it.
        if answer.is_ok() && !self.live.is_up() {
            self.catch_up();
        }
        answer
    }

    fn role_of(self, user: i64) -> Option<Role> {
        let of = |timeline: &Timeline| timeline.member(user).map(|member| member.role);
        self.timeline.with(|timeline| timeline.as_ref().and_then(of))
    }
}
