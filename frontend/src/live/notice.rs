//! What a person is told of the connection: nothing while it is well or only blinks.

use gloo_timers::callback::Timeout;
use leptos::prelude::*;

use super::{Live, Way};

/// Blips shorter than this, in milliseconds, are nobody's business.
pub(super) const BLIP: u32 = 5_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The server answers, but there is no socket.
    Polling,
    /// The server does not answer.
    Away,
}

impl Live {
    pub fn notice(self) -> Option<Notice> {
        self.notice.get()
    }

    /// Whether asking for changes succeeded, while there was no socket.
    pub fn polled(self, answered: bool) {
        self.inner.update_value(|inner| {
            if inner.way != Way::Socket {
                inner.way = if answered { Way::Requests } else { Way::None };
            }
        });
        self.notify();
    }

    fn notify(self) {
        let notice = self.inner.with_value(|inner| match (inner.away, inner.way) {
            (false, _) | (true, Way::Socket) => None,
            (true, Way::Requests) => Some(Notice::Polling),
            (true, Way::None) => Some(Notice::Away),
        });
        if self.notice.get_untracked() != notice {
            self.notice.set(notice);
        }
    }

    pub(super) fn count_the_blip(self) {
        let over = move || {
            self.inner.update_value(|inner| inner.away = inner.running && inner.way != Way::Socket);
            self.notify();
        };
        self.inner.update_value(|inner| inner.blip = Some(Timeout::new(BLIP, over)));
    }

    /// There is nothing to tell the person any more.
    pub(super) fn settle(self, way: Way) {
        self.inner.update_value(|inner| {
            inner.way = way;
            inner.blip = None;
            inner.away = false;
        });
        self.notify();
    }
}
