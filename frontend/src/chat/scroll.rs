//! Keeping the view at the end while it is followed, and still while something changes above it.

use leptos::{html, prelude::*};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, ResizeObserver};

use super::room::Room;

/// Within this of the end, in pixels, one is at the end.
const AT_END: i32 = 100;
/// Within this of the edge of what is rendered, in pixels, more is rendered.
const NEAR_EDGE: i32 = 600;

#[derive(Clone, Copy)]
pub struct Scroll {
    room: Room,
    log: NodeRef<html::Div>,
    content: NodeRef<html::Div>,
    /// The first message in view and how far below the upper edge it stands: what is to stay where it is.
    anchor: StoredValue<Option<(String, f64)>>,
}

impl Scroll {
    pub fn new(room: Room, log: NodeRef<html::Div>, content: NodeRef<html::Div>) -> Self {
        let scroll = Self { room, log, content, anchor: StoredValue::new(None) };
        scroll.watch_sizes();
        scroll
    }

    /// The person scrolled, or we did.
    pub fn moved(self) {
        let Some(log) = self.log.get_untracked() else { return };
        let below = log.scroll_height() - log.scroll_top() - log.client_height();
        self.remember(&log);
        self.look_for_line(&log);
        self.room.scrolled(below <= AT_END);
        if log.scroll_top() < NEAR_EDGE {
            self.room.back();
        }
        if below < NEAR_EDGE {
            self.room.forth();
        }
    }

    /// Before the next picture, once the changes are in the page.
    pub fn settle_soon(self) {
        request_animation_frame(move || self.settle());
    }

    fn settle(self) {
        // The chat may have been left meanwhile.
        let Some(log) = self.log.try_get_untracked().flatten() else { return };
        if self.room.follows_now() {
            log.set_scroll_top(log.scroll_height());
        } else if let Some((id, top)) = self.anchor.get_value()
            && let Some(message) = document().get_element_by_id(&id)
        {
            let moved = top_in(&log, &message) - top;
            if moved.abs() >= 1.0 {
                #[expect(clippy::cast_possible_truncation, reason = "pixels on a screen")]
                log.set_scroll_top(log.scroll_top() + moved.round() as i32);
            }
        }
        self.moved();
    }

    /// Goes to the unread line, once it is in the page.
    pub fn show_line_soon(self) {
        request_animation_frame(move || {
            let Some(log) = self.log.try_get_untracked().flatten() else { return };
            if let Some(line) = unread_line(&log) {
                #[expect(clippy::cast_possible_truncation, reason = "pixels on a screen")]
                let top = top_in(&log, &line).round() as i32;
                log.set_scroll_top(log.scroll_top() + top - log.client_height() / 4);
            }
            self.moved();
        });
    }

    /// Whether the unread line is, or was, before the person's eyes.
    fn look_for_line(self, log: &Element) {
        let shown = unread_line(log).is_some_and(|line| bottom_in(log, &line) > 0.0);
        if shown && !document().hidden() {
            self.room.found_line();
        }
    }

    fn remember(self, log: &Element) {
        let anchor = first_in_view(log).map(|message| (message.id(), top_in(log, &message)));
        if anchor.is_some() {
            self.anchor.set_value(anchor);
        }
    }

    /// An on-screen keyboard, a turned phone, a longer draft, a new message: whatever changes a size.
    fn watch_sizes(self) {
        let settle = Closure::<dyn Fn()>::new(move || self.settle());
        let Ok(observer) = ResizeObserver::new(settle.as_ref().unchecked_ref()) else { return };
        let watched = observer.clone();
        Effect::new(move |_| {
            if let (Some(log), Some(content)) = (self.log.get(), self.content.get()) {
                watched.observe(&log);
                watched.observe(&content);
            }
        });
        let held = StoredValue::new_local(Some((observer, settle)));
        on_cleanup(move || {
            if let Some((observer, _)) = held.try_update_value(Option::take).flatten() {
                observer.disconnect();
            }
        });
    }
}

fn unread_line(log: &Element) -> Option<Element> {
    log.query_selector(".unread-line").ok().flatten()
}

/// The first message of which something can be seen, found by halving.
fn first_in_view(log: &Element) -> Option<Element> {
    let messages = log.query_selector_all("article").ok()?;
    let at = |index: u32| messages.item(index).and_then(|node| node.dyn_into::<Element>().ok());
    let (mut low, mut high) = (0, messages.length());
    while low < high {
        let middle = low.midpoint(high);
        if at(middle).is_some_and(|message| bottom_in(log, &message) > 0.0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    at(low)
}

fn top_in(log: &Element, message: &Element) -> f64 {
    message.get_bounding_client_rect().top() - log.get_bounding_client_rect().top()
}

fn bottom_in(log: &Element, message: &Element) -> f64 {
    message.get_bounding_client_rect().bottom() - log.get_bounding_client_rect().top()
}
