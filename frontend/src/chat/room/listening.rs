//! Staying equal to the chat as the server has it.

use gloo_timers::callback::Timeout;
use leptos::{prelude::*, task::spawn_local};
use shared::{
    changes::Changes,
    markdown,
    problem::ProblemCode,
    socket::{ClientFrame, ServerFrame},
    timeline::{Heard, Timeline},
};

use super::{CatchingUp, Room, is_final, reading::is_news};
use crate::{
    api::{self, Trouble},
    chat::company::Company,
    live::News,
    words,
};

/// More new messages than this are announced by their number.
const ANNOUNCED: usize = 3;
/// How long to leave a busy server alone, in milliseconds.
const SUBSCRIBE_AGAIN: u32 = 3_000;

impl Room {
    pub fn heed(self, news: News) {
        match news {
            News::Up if self.timeline.with_untracked(Option::is_none) => {
                self.ask_at_the_door();
                // The server is back: what failed because of it can be tried again.
                if self.trouble.read_untracked() == Some(Trouble::Unreachable) {
                    self.enter();
                }
            }
            News::Up => {
                self.subscribe();
                self.ask_places();
            }
            // Without a socket nobody knows who is here.
            News::Down => self.company.set(Company::default()),
            News::Poll => {
                self.ask_at_the_door();
                self.poll();
            }
            News::Frame(frame) => self.take_in(frame),
        }
    }

    fn take_in(self, frame: ServerFrame) {
        match frame {
            ServerFrame::Changes(changes) if changes.uri == self.uri.get_untracked() => self.follow(changes),
            ServerFrame::Resync { uri } if uri == self.uri.get_untracked() => self.catch_up(),
            ServerFrame::Posted { client_id, .. } => self.stored(client_id),
            ServerFrame::Refused { client_id: Some(client_id), problem, .. } => {
                self.refused(client_id, &problem);
            }
            ServerFrame::Typing { uri, user } if uri == self.uri.get_untracked() => self.heard_writing(user),
            ServerFrame::Read { uri, user, seq } if uri == self.uri.get_untracked() => {
                self.heard_reading(user, seq);
            }
            ServerFrame::Presence { uri, count, here } if uri == self.uri.get_untracked() => {
                self.company.update(|company| company.present(count, here));
            }
            // Whoever came by another link does not know the chat by the name that is told.
            ServerFrame::Membership { .. } if self.is_before_the_door() => self.ask_at_the_door(),
            ServerFrame::Membership { uri, standing } if uri == self.uri.get_untracked() => {
                self.placed(standing);
            }
            ServerFrame::Moved { uri, to } if uri == self.uri.get_untracked() => self.move_to(to),
            ServerFrame::Gone { uri } if uri == self.uri.get_untracked() => self.ended(),
            ServerFrame::Refused { problem, uri, .. } if uri.as_ref() == Some(&self.uri.get_untracked()) => {
                self.turned_away(Trouble::Refused(problem));
            }
            _ => {}
        }
    }

    /// What goes on until the next news, by the rule.
    fn follow(self, changes: Changes) {
        match self.hear(changes) {
            Heard::Missed => self.catch_up(),
            Heard::Foreign => self.enter(),
            // When there is more, the server sends it without being asked.
            Heard::Applied | Heard::Known => {}
        }
    }

    fn hear(self, changes: Changes) -> Heard {
        let before = self.newest();
        let heard = self.timeline.try_maybe_update(|timeline| {
            let heard = timeline.as_mut().map_or(Heard::Known, |timeline| timeline.hear(changes));
            (heard == Heard::Applied, heard)
        });
        if heard == Some(Heard::Applied) {
            self.after_changes(before);
        }
        heard.unwrap_or(Heard::Known)
    }

    fn after_changes(self, before: i64) {
        self.let_go_of_seen();
        self.end_writing_of_authors(before);
        let following = self.following.get_untracked();
        self.window.try_maybe_update(|window| {
            let was = *window;
            window.trim(&self.seqs(), following);
            (*window != was, ())
        });
        self.mark_place(before);
        self.announce_since(before);
        self.look();
    }

    pub(super) fn catch_up(self) {
        match self.catching_up.get_value() {
            CatchingUp::No => {
                self.catching_up.set_value(CatchingUp::Yes);
                spawn_local(async move {
                    self.fetch_missed().await;
                });
            }
            CatchingUp::Yes | CatchingUp::Again => self.catching_up.set_value(CatchingUp::Again),
        }
    }

    fn poll(self) {
        if self.timeline.with_untracked(Option::is_none) || self.catching_up.get_value() != CatchingUp::No {
            return;
        }
        self.catching_up.set_value(CatchingUp::Yes);
        spawn_local(async move {
            let answered = self.fetch_missed().await;
            self.live.polled(answered);
            if answered {
                self.courier.flush();
            }
        });
    }

    /// Whether the server answered.
    async fn fetch_missed(self) -> bool {
        let turn = self.turn.get_value();
        loop {
            let since = self.timeline.with_untracked(|timeline| timeline.as_ref().map(Timeline::since));
            let Some(since) = since else { break };
            let changes = self.session.ask(api::changes(&self.uri.get_untracked(), since)).await;
            if self.turn.get_value() != turn {
                return true;
            }
            match changes {
                Ok(changes) => {
                    let more = changes.more;
                    match self.hear(changes) {
                        Heard::Applied if more => self.catching_up.set_value(CatchingUp::Again),
                        Heard::Applied | Heard::Known | Heard::Missed => {}
                        Heard::Foreign => {
                            self.enter();
                            break;
                        }
                    }
                }
                Err(trouble) => {
                    self.catching_up.set_value(CatchingUp::No);
                    let answered = trouble != Trouble::Unreachable;
                    self.turned_away(trouble);
                    return answered;
                }
            }
            if self.catching_up.get_value() != CatchingUp::Again {
                break;
            }
            self.catching_up.set_value(CatchingUp::Yes);
        }
        self.catching_up.set_value(CatchingUp::No);
        true
    }

    fn turned_away(self, trouble: Trouble) {
        match trouble.code() {
            Some(ProblemCode::StartAfresh) => self.enter(),
            Some(code) if is_final(code) => self.fail(trouble),
            Some(code) if !code.is_passing() => {}
            _ => self.subscribe_later(),
        }
    }

    /// Whoever was turned away in passing asks again: subscribing also tells what was missed. Without a socket the next
    /// poll does.
    fn subscribe_later(self) {
        let turn = self.turn.get_value();
        let subscribe = move || {
            if self.turn.get_value() == turn && self.live.is_up() {
                self.subscribe();
            }
        };
        Timeout::new(SUBSCRIBE_AGAIN, subscribe).forget();
    }

    pub(super) fn subscribe(self) {
        let since = self.timeline.with_untracked(|timeline| timeline.as_ref().map(Timeline::since));
        if let Some(since) = since {
            let uri = self.uri.get_untracked();
            self.live.say(&ClientFrame::Subscribe { uri, after: Some(since.after), epoch: since.epoch });
        }
    }

    pub(super) fn unsubscribe(self) {
        self.live.mention(&ClientFrame::Unsubscribe { uri: self.uri.get_untracked() });
    }

    /// What they wrote is there now.
    fn end_writing_of_authors(self, before: i64) {
        self.timeline.with_untracked(|timeline| {
            let new = timeline.iter().flat_map(|t| t.messages().rev().take_while(|m| m.seq > before));
            for message in new {
                self.company.try_maybe_update(|company| (company.wrote(message.user.id), ()));
            }
        });
    }

    /// Has assistive technology say what others said after `before`.
    fn announce_since(self, before: i64) {
        let spoken: Vec<String> = self.timeline.with_untracked(|timeline| {
            let me = self.me.get_untracked();
            let Some(timeline) = timeline else { return Vec::new() };
            let new = timeline.messages().rev().take_while(|m| m.seq > before).filter(|m| is_news(m, me));
            new.map(|m| words::said(timeline.author(m).name(), &markdown::line(&m.message))).collect()
        });
        match spoken.len() {
            0 => {}
            1..=ANNOUNCED => self.announce(spoken.into_iter().rev().collect::<Vec<_>>().join("\n")),
            count => self.announce(words::new_messages(count)),
        }
    }
}
