//! A form of the page that a button opens. Opening one leaves the others open, with what was typed in them.

use leptos::{ev, prelude::*};

use crate::components::form_request::focus_soon;

#[derive(Clone, Copy)]
pub struct Disclosure {
    /// The element that gets the focus when the form closes.
    opener_id: &'static str,
    open: RwSignal<bool>,
}

impl Disclosure {
    pub fn new(opener_id: &'static str) -> Self {
        Self { opener_id, open: RwSignal::new(false) }
    }

    pub fn opener_id(self) -> &'static str {
        self.opener_id
    }

    pub fn is_open(self) -> bool {
        self.open.get()
    }

    pub fn open(self) {
        self.open.set(true);
    }

    pub fn close(self) {
        // The page may have been left meanwhile.
        if self.open.try_set(false).is_none() {
            focus_soon(self.opener_id);
        }
    }

    pub fn close_on_escape(self, event: &ev::KeyboardEvent) {
        if event.key() == "Escape" && self.open.get_untracked() {
            self.close();
        }
    }
}
