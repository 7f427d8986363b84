//! Counting down the seconds that the server asks for.

use leptos::{prelude::*, task::spawn_local};

use crate::words;

#[derive(Clone, Copy, Default)]
pub struct Wait {
    left: RwSignal<u64>,
}

impl Wait {
    pub fn begin(self, seconds: u64) {
        self.left.set(seconds);
        spawn_local(async move {
            // It ends with the page that it stands on.
            while self.left.try_get_untracked().is_some_and(|left| left > 0) {
                gloo_timers::future::TimeoutFuture::new(1_000).await;
                let _left = self.left.try_update(|left| *left = left.saturating_sub(1));
            }
        });
    }

    pub fn is_on(self) -> bool {
        self.left.get() > 0
    }

    pub fn words(self) -> String {
        match self.left.get() {
            0 => String::new(),
            left => words::wait(left),
        }
    }
}
