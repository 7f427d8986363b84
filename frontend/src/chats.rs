//! One's chats: the list of them, kept true by the one socket, and what one does about them.

mod heeding;
pub mod list;
pub mod mute;
pub mod panel;
mod reading;
mod row;
#[cfg(test)]
mod tests;
mod width;

use std::ops::Deref;

use gloo_timers::callback::Timeout;
use leptos::{prelude::*, task::spawn_local};
use shared::socket::{ClientFrame, ServerFrame};

use self::{
    list::{List, Told},
    reading::Pace,
};
use crate::{api, live::Live, session::Session};

/// How long doubts are collected before the list is read again, in milliseconds.
const DOUBT: u32 = 1_500;
/// How long to leave a server alone that did not answer, in milliseconds.
const READ_AGAIN: u32 = 5_000;

/// Lives as long as the page.
#[derive(Clone, Copy)]
pub struct Chats(&'static State);

pub struct State {
    session: Session,
    live: Live,
    list: RwSignal<Option<List>>,
    /// Counts the readings that succeeded.
    readings: RwSignal<u32>,
    /// What was heard while the list is being read: it may be newer than the answer.
    meanwhile: StoredValue<Option<Vec<ServerFrame>>>,
    /// Runs until the list is read again.
    doubt: StoredValue<Option<Timeout>, LocalStorage>,
    polls: StoredValue<u32>,
    pace: StoredValue<Pace, LocalStorage>,
    /// Whether there is room for the list beside a chat.
    wide: RwSignal<bool>,
    filter: RwSignal<String>,
    /// The list is to take the focus as soon as it is in the page.
    summoned: StoredValue<bool>,
}

impl Deref for Chats {
    type Target = State;

    fn deref(&self) -> &State {
        self.0
    }
}

pub fn use_chats() -> Chats {
    expect_context()
}

impl Chats {
    pub fn new(session: Session, live: Live) -> Self {
        Self(Box::leak(Box::new(State {
            session,
            live,
            list: RwSignal::new(None),
            readings: RwSignal::new(0),
            meanwhile: StoredValue::new(None),
            doubt: StoredValue::new_local(None),
            polls: StoredValue::new(0),
            pace: StoredValue::new_local(Pace::default()),
            wide: width::is_wide(),
            filter: RwSignal::new(String::new()),
            summoned: StoredValue::new(false),
        })))
    }

    /// Somebody is signed in: what are their chats?
    pub fn begin(self) {
        self.live.start();
        self.look_again();
    }

    /// Nobody is, or somebody else.
    pub fn forget(self) {
        self.list.set(None);
        self.filter.set(String::new());
        self.doubt.set_value(None);
    }

    /// Changes whenever the list was read.
    pub fn readings(self) -> u32 {
        self.readings.get()
    }

    /// Whether the list is known.
    pub fn is_known(self) -> bool {
        self.list.with(Option::is_some)
    }

    pub fn holds(self, uri: &str) -> bool {
        self.list.with(|list| list.as_ref().is_some_and(|list| list.find(uri).is_some()))
    }

    /// How many messages wait to be read.
    pub fn unread(self) -> usize {
        self.list.with(|list| list.as_ref().map_or(0, List::unread))
    }

    /// Up to where one has read the chat, if it is known.
    pub fn read_seq(self, uri: &str) -> Option<i64> {
        self.list.with_untracked(|list| Some(list.as_ref()?.find(uri)?.chat.read_seq))
    }

    /// One is in this chat now.
    pub fn met(self, uri: &str) {
        if !untrack(|| self.holds(uri)) {
            self.look_anew();
        }
    }

    /// Something is different from what the list said until now.
    fn look_anew(self) {
        if self.meanwhile.with_value(Option::is_none) {
            self.look_again();
        } else {
            // The answer that is on its way may have been given before.
            self.look_again_in(DOUBT);
        }
    }

    /// Reads the list, unless it is being read, and follows what is on it.
    pub fn look_again(self) {
        let Some(account) = self.session.account_now() else { return };
        if self.meanwhile.with_value(Option::is_some) {
            return;
        }
        self.doubt.set_value(None);
        self.meanwhile.set_value(Some(Vec::new()));
        spawn_local(async move {
            let answer = self.session.ask(api::your_chats()).await;
            let meanwhile = self.meanwhile.try_update_value(Option::take).flatten();
            if self.session.account_now() != Some(account) {
                self.look_again();
                return;
            }
            match answer {
                Ok(read) => self.settle(List::new(read, account), meanwhile.unwrap_or_default()),
                // Without a socket it is read with the next poll, or when there is one.
                Err(_) if self.live.is_up() => self.look_again_in(READ_AGAIN),
                Err(_) => {}
            }
        });
    }

    fn settle(self, list: List, meanwhile: Vec<ServerFrame>) {
        let (epoch, chats) = list.followed();
        self.list.set(Some(list));
        self.live.mention(&ClientFrame::Follow { epoch, chats });
        for frame in meanwhile {
            self.take_in(&frame);
        }
        self.pace.update_value(Pace::begin_anew);
        self.readings.update(|count| *count = count.wrapping_add(1));
    }

    fn look_again_in(self, milliseconds: u32) {
        if self.doubt.with_value(Option::is_none) {
            let look = move || self.look_again();
            self.doubt.set_value(Some(Timeout::new(milliseconds, look)));
        }
    }

    /// Alters the list, if there is one; nobody is bothered when nothing is different.
    fn alter(self, alter: impl FnOnce(&mut List) -> Told) {
        let told = self.list.try_maybe_update(|list| {
            let told = list.as_mut().map_or(Told::Known, alter);
            (told != Told::Known, told)
        });
        if told == Some(Told::Doubtful) {
            self.look_again_in(DOUBT);
        }
    }
}
