//! Telling the server up to where one has read, not more often than it is of use.

use gloo_timers::callback::Timeout;
use leptos::{prelude::*, task::spawn_local};
use shared::socket::ClientFrame;

use super::Chats;
use crate::api;

/// The shortest time between two positions, in milliseconds.
const EVERY: u32 = 1_000;

/// What is still to be told.
#[derive(Default)]
pub struct Pace {
    due: Option<(String, i64)>,
    told: Option<(String, i64)>,
    /// Runs after something was told.
    rest: Option<Timeout>,
}

impl Pace {
    /// The server has said what it knows; what it does not is told again.
    pub fn begin_anew(&mut self) {
        self.told = None;
    }

    /// What to tell now, if anything.
    fn take(&mut self) -> Option<(String, i64)> {
        let due = self.due.take().filter(|due| self.told.as_ref() != Some(due))?;
        self.told = Some(due.clone());
        Some(due)
    }
}

impl Chats {
    /// One has seen the chat up to here.
    pub fn read(self, uri: &str, seq: i64) {
        if self.read_seq(uri).is_some_and(|known| known >= seq) {
            return;
        }
        self.alter(|list| list.read(uri, seq));
        self.pace.update_value(|pace| {
            let other = pace.due.as_ref().is_some_and(|(due, _)| due != uri);
            // What was read in the chat before is not lost by a quick walk to the next.
            if pace.rest.is_some() && !other {
                pace.due = Some((uri.to_owned(), seq));
                return;
            }
            let before = if other { pace.take() } else { None };
            pace.due = Some((uri.to_owned(), seq));
            for (uri, seq) in before.into_iter().chain(pace.take()) {
                self.tell(uri, seq);
            }
            pace.rest = Some(self.rest());
        });
    }

    fn rest(self) -> Timeout {
        Timeout::new(EVERY, move || {
            self.pace.update_value(|pace| {
                pace.rest = None;
                if let Some((uri, seq)) = pace.take() {
                    self.tell(uri, seq);
                    pace.rest = Some(self.rest());
                }
            });
        })
    }

    fn tell(self, uri: String, seq: i64) {
        let frame = ClientFrame::Read { uri: uri.clone(), seq };
        if !self.live.mention(&frame) {
            spawn_local(async move {
                // What is lost is told again when the list is read: it then shows less as read than was seen.
                let _told = self.session.ask(api::read_up_to(&uri, seq)).await;
            });
        }
    }
}
