//! Who else is in the room, and what they are about to say.

use gloo_timers::callback::Timeout;
use leptos::prelude::*;
use shared::{
    message::check_message,
    problem::FieldCode,
    socket::{ClientFrame, TYPING_FOR},
    timeline::Timeline,
};

use super::Room;
use crate::{chat::company::milliseconds, clock};

impl Room {
    /// How many people have the chat open now; none when it is not known.
    pub fn present(self) -> usize {
        self.company.read().count
    }

    pub fn is_here(self, user: i64) -> bool {
        self.company.read().is_here(user)
    }

    /// The names of those who are writing.
    pub fn writers(self) -> Vec<String> {
        let company = self.company.read();
        self.timeline.with(|timeline| {
            let members = timeline.as_ref().map(Timeline::members).unwrap_or_default();
            let name = |id| members.iter().find(|m| m.user.id == id).map(|m| m.user.name().to_owned());
            company.writers().filter_map(name).collect()
        })
    }

    pub(super) fn heard_writing(self, user: i64) {
        // Oneself in another tab is no company.
        if user == self.me.get_untracked() {
            return;
        }
        self.company.update(|company| company.writes(user, clock::now()));
        let expire = move || {
            self.company.try_maybe_update(|company| (company.expire(clock::now()), ()));
        };
        Timeout::new(u32::try_from(milliseconds(TYPING_FOR)).unwrap_or_default(), expire).forget();
    }

    /// The person wrote this much of the next message.
    pub fn write(self, text: String) {
        let blank = check_message(&text) == Err(FieldCode::Blank);
        let due =
            !blank && self.company.try_update_untracked(|company| company.say(clock::now())) == Some(true);
        if due {
            self.live.mention(&ClientFrame::Typing { uri: self.uri.get_untracked() });
        }
        self.set_draft(text);
    }
}
