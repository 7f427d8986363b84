//! What is heard of one's chats.

use leptos::prelude::*;
use shared::{member::Standing, socket::ServerFrame};

use super::{
    Chats,
    list::{List, Told},
};
use crate::live::News;

/// Without a socket, every so many questions for the open chat's changes one goes to the list.
const POLLS: u32 = 5;

impl Chats {
    pub fn heed(self, news: &News) {
        match news {
            News::Up => self.look_again(),
            News::Down => {}
            News::Poll => self.poll(),
            News::Frame(frame) => {
                self.meanwhile.update_value(|meanwhile| {
                    if let Some(meanwhile) = meanwhile {
                        meanwhile.push(frame.clone());
                    }
                });
                self.take_in(frame);
            }
        }
    }

    fn poll(self) {
        self.polls.update_value(|polls| *polls = polls.wrapping_add(1));
        if self.polls.get_value().is_multiple_of(POLLS) {
            self.look_again();
        }
    }

    pub(super) fn take_in(self, frame: &ServerFrame) {
        match frame {
            ServerFrame::Changes(changes) => self.alter(|list| list.hear(changes)),
            ServerFrame::Read { uri, user, seq } if Some(*user) == self.session.account_now() => {
                self.alter(|list| list.read(uri, *seq));
            }
            // Told also when something of it changed that is nobody else's.
            ServerFrame::Membership { standing: Standing::In, .. } => self.look_anew(),
            ServerFrame::Membership { uri, .. } | ServerFrame::Gone { uri } => {
                self.alter(applied(|list| list.remove(uri)));
            }
            ServerFrame::Moved { uri, to } => self.alter(applied(|list| list.rename(uri, to))),
            ServerFrame::Resync { uri } => self.alter(|list| match list.find(uri) {
                Some(_) => Told::Doubtful,
                None => Told::Known,
            }),
            _ => {}
        }
    }
}

fn applied(alter: impl FnOnce(&mut List)) -> impl FnOnce(&mut List) -> Told {
    |list| {
        alter(list);
        Told::Applied
    }
}
