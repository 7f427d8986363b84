//! Counts down the seconds until a request may be sent again.

use leptos::{prelude::*, task::spawn_local};

use crate::strings;

#[derive(Clone, Copy, Default)]
pub struct Countdown {
    seconds_left: RwSignal<u64>,
}

impl Countdown {
    pub fn start(self, seconds: u64) {
        self.seconds_left.set(seconds);
        spawn_local(async move {
            // Stops when the owning component is removed.
            while self.seconds_left.try_get_untracked().is_some_and(|left| left > 0) {
                gloo_timers::future::TimeoutFuture::new(1_000).await;
                let _updated = self.seconds_left.try_update(|left| *left = left.saturating_sub(1));
            }
        });
    }

    pub fn is_running(self) -> bool {
        self.seconds_left() > 0
    }

    pub fn seconds_left(self) -> u64 {
        self.seconds_left.get()
    }

    pub fn text(self) -> String {
        match self.seconds_left() {
            0 => String::new(),
            left => strings::try_again_in(left),
        }
    }
}
