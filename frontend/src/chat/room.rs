//! The chat that is open: what is known of it, and what is done about it.

mod address;
mod company;
mod door;
pub mod keeping;
mod listening;
mod place;
mod reading;
mod sending;

use std::ops::Deref;

use leptos::{prelude::*, task::spawn_local};
use shared::{
    chat::{Preview, is_uri},
    member::Standing,
    problem::{FieldCode, ProblemCode},
    timeline::Timeline,
};

pub use self::door::is_final;

use self::{door::Arrived, place::Places};
use super::{company::Company, window::Window};
use crate::{
    api::Trouble,
    chats::Chats,
    live::Live,
    outbox::{Outbox, courier::Courier},
    session::Session,
    storage,
};

/// How far the opening of a chat has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    Opening,
    /// One is not in it, and may come in.
    Outside,
    Open,
    /// One is not in it any more.
    Out(Standing),
    Failed(Trouble),
}

/// Lives as long as the page, so that a late answer finds it and what is unsent outlasts a walk to another page.
#[derive(Clone, Copy)]
pub struct Room(&'static State);

pub struct State {
    session: Session,
    live: Live,
    courier: Courier,
    chats: Chats,
    /// Counts the openings: an answer to an earlier one is stale.
    turn: StoredValue<u32>,
    uri: RwSignal<String>,
    /// The address under which it was opened; it may have another one since.
    opened: StoredValue<String>,
    /// What one is in the chat now, if that ended while it was open.
    out: RwSignal<Option<Standing>>,
    /// The chat as it is from outside, while one is there.
    door: RwSignal<Option<Preview>>,
    trouble: RwSignal<Option<Trouble>>,
    timeline: RwSignal<Option<Timeline>>,
    me: RwSignal<i64>,
    outbox: RwSignal<Outbox>,
    window: RwSignal<Window>,
    /// Whether the end of the chat is in view, so that new messages are followed.
    following: RwSignal<bool>,
    /// The place up to which the person has seen the chat.
    seen: RwSignal<i64>,
    draft: RwSignal<String>,
    /// What is wrong with the draft.
    fault: RwSignal<Option<FieldCode>>,
    /// What assistive technology is to say, numbered so that it says the same twice.
    announced: RwSignal<(u32, String)>,
    company: RwSignal<Company>,
    places: RwSignal<Places>,
    catching_up: StoredValue<CatchingUp>,
    extending: RwSignal<bool>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum CatchingUp {
    #[default]
    No,
    Yes,
    /// More was missed since the question went out.
    Again,
}

impl Deref for Room {
    type Target = State;

    fn deref(&self) -> &State {
        self.0
    }
}

pub fn use_room() -> Room {
    expect_context()
}

impl Room {
    pub fn new(session: Session, live: Live, courier: Courier, chats: Chats) -> Self {
        Self(Box::leak(Box::new(State {
            session,
            live,
            courier,
            chats,
            turn: StoredValue::new(0),
            uri: RwSignal::new(String::new()),
            opened: StoredValue::new(String::new()),
            out: RwSignal::new(None),
            door: RwSignal::new(None),
            trouble: RwSignal::new(None),
            timeline: RwSignal::new(None),
            me: RwSignal::new(0),
            outbox: courier.outbox(),
            window: RwSignal::new(Window::default()),
            following: RwSignal::new(true),
            seen: RwSignal::new(0),
            draft: RwSignal::new(String::new()),
            fault: RwSignal::new(None),
            announced: RwSignal::new((0, String::new())),
            company: RwSignal::new(Company::default()),
            places: RwSignal::new(Places::default()),
            catching_up: StoredValue::new(CatchingUp::No),
            extending: RwSignal::new(false),
        })))
    }

    /// Opens the chat for whoever is in it, and its door for everybody else.
    pub fn open(self, uri: String) {
        self.clear();
        self.draft.set(storage::read(storage::tab(), &draft_key(&uri)).unwrap_or_default());
        let possible = is_uri(&uri);
        self.opened.set_value(uri.clone());
        self.uri.set(uri);
        if possible {
            self.live.start();
            self.enter();
        } else {
            self.trouble.set(Some(Trouble::refused(ProblemCode::ChatNotFound)));
        }
    }

    pub fn leave(self) {
        self.clear();
        self.unsubscribe();
        self.opened.set_value(self.uri.get_untracked());
    }

    /// Reads the chat from the beginning; what was known stays in view until then.
    pub fn enter(self) {
        let turn = self.next_turn();
        let uri = self.uri.get_untracked();
        self.trouble.set(None);
        self.out.set(None);
        spawn_local(async move {
            let arrived = self.arrive(&uri).await;
            if self.turn.get_value() == turn {
                match arrived {
                    Ok(Arrived::In(read)) => self.settle(*read),
                    Ok(Arrived::Before(preview)) => self.stay_before(preview),
                    Err(trouble) => self.fail(trouble),
                }
            }
        });
    }

    fn stay_before(self, preview: Preview) {
        self.timeline.set(None);
        self.door.set(Some(preview));
    }

    fn settle(self, (joined, newest, positions): door::Read) {
        self.me.set(joined.user.id);
        // The address that led here may be an earlier one.
        self.move_to(joined.uri.clone());
        self.take_place(joined.user.id, positions);
        self.chats.met(&joined.uri);
        self.timeline.set(Some(Timeline::open(joined, newest)));
        self.door.set(None);
        self.following.set(true);
        self.window.update(|window| window.jump_to_end(&self.seqs()));
        self.seen.set(self.left_off().unwrap_or_else(|| self.newest()));
        self.look();
        self.let_go_of_seen();
        self.subscribe();
    }

    fn fail(self, trouble: Trouble) {
        // What is known stays in view while the server is away; a chat that is closed to us does not.
        let closed = trouble.code().is_some_and(is_final);
        if closed {
            self.timeline.set(None);
            self.door.set(None);
        }
        if closed || (self.timeline.with_untracked(Option::is_none) && !self.is_before_the_door()) {
            self.trouble.set(Some(trouble));
        }
    }

    fn clear(self) {
        self.next_turn();
        self.trouble.set(None);
        self.out.set(None);
        self.door.set(None);
        self.timeline.set(None);
        self.window.set(Window::default());
        self.fault.set(None);
        self.announced.set((0, String::new()));
        self.extending.set(false);
        self.company.set(Company::default());
        self.places.set(Places::default());
    }

    fn next_turn(self) -> u32 {
        self.catching_up.set_value(CatchingUp::No);
        self.turn.update_value(|turn| *turn = turn.wrapping_add(1));
        self.turn.get_value()
    }

    pub fn stage(self) -> Stage {
        if let Some(standing) = self.out.get() {
            return Stage::Out(standing);
        }
        match &*self.trouble.read() {
            Some(trouble) => Stage::Failed(trouble.clone()),
            None if self.timeline.with(Option::is_some) => Stage::Open,
            None if self.door.with(Option::is_some) => Stage::Outside,
            None => Stage::Opening,
        }
    }
}

fn draft_key(uri: &str) -> String {
    format!("draft/{uri}")
}
