//! Keeps the end of the chat in view while it is followed, and keeps the view still while messages change above it.

use leptos::{html, prelude::*};
use uuid::Uuid;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, HtmlElement, NodeList, ResizeObserver};

use super::body::{UNFOLDED, set_unfolded};
use crate::chat::state::viewport::{ScrollTarget, ViewportStore, is_watched};

/// At most so many pixels from the end count as being at the end.
const END_DISTANCE: i32 = 100;
/// At most so many pixels from the edge of what is rendered, more is rendered.
const EDGE_DISTANCE: i32 = 600;
/// How many messages in view are remembered: deletions may join the first ones to one row.
const ANCHORS_MAX: usize = 10;

#[derive(Clone, Copy)]
pub struct ScrollPosition {
    viewport: ViewportStore,
    log: NodeRef<html::Div>,
    content: NodeRef<html::Div>,
    /// The first messages in view, of which the first that is left keeps its place.
    anchors: StoredValue<Vec<Anchor>>,
    /// Where the list was scrolled to.
    last_top: StoredValue<i32>,
    /// Whether messages have changed since the position was restored.
    is_outdated: StoredValue<bool>,
    /// Whether the list is about to be scrolled elsewhere, so that what is in view now is not what the user sees.
    is_jumping: StoredValue<bool>,
}

/// A message that keeps its place.
struct Anchor {
    element_id: String,
    /// Pixels below the upper edge of the list.
    top: f64,
}

impl ScrollPosition {
    pub fn new(viewport: ViewportStore, log: NodeRef<html::Div>, content: NodeRef<html::Div>) -> Self {
        let (anchors, last_top) = (StoredValue::new(Vec::new()), StoredValue::new(0));
        let (is_outdated, is_jumping) = (StoredValue::new(false), StoredValue::new(false));
        let position = Self { viewport, log, content, anchors, last_top, is_outdated, is_jumping };
        position.watch_sizes();
        position.watch_attention();
        position
    }

    /// Called when the user or this code has scrolled.
    pub fn on_scrolled(&self) {
        let Some(log) = self.log.get_untracked() else { return };
        if self.is_jumping.get_value() {
            return;
        }
        self.take_scroll(&log);
        if self.is_outdated.get_value() {
            // What is in view now is not what the user sees in the next frame.
            return;
        }
        let (top, below) = (log.scroll_top(), pixels_below(&log));
        mark_clipped(&log);
        self.store_anchors(&log);
        self.check_unread_line(&log);
        // Messages that arrived since the last frame are below the view, but the user has not scrolled up.
        self.viewport.on_scrolled(below <= END_DISTANCE || self.viewport.is_following_now());
        self.mark_last_seen(&log);
        if top < EDGE_DISTANCE {
            self.viewport.page_up();
        }
        if below < EDGE_DISTANCE {
            self.viewport.page_down();
        }
    }

    /// Called before messages change: the browser may not have reported yet that the user has scrolled.
    pub fn take_pending_scroll(&self) {
        if let Some(log) = self.log.get_untracked().filter(|_| !self.is_jumping.get_value()) {
            self.take_scroll(&log);
        }
    }

    /// Moves the places of the anchors as far as the list was scrolled. Does not follow the end any more if that was up.
    fn take_scroll(&self, log: &Element) {
        let pixels = self.last_top.get_value() - log.scroll_top();
        self.last_top.set_value(log.scroll_top());
        if pixels > 0 && pixels_below(log) > END_DISTANCE {
            self.viewport.on_scrolled(false);
        }
        self.anchors.update_value(|anchors| {
            for anchor in anchors {
                anchor.top += f64::from(pixels);
            }
        });
    }

    /// Restores the position when messages have changed, and again before the next frame is painted: effects of the change may
    /// run later. In between, the browser may report that the user has scrolled.
    pub fn restore_soon(&self) {
        let position = *self;
        if !self.viewport.is_following_now()
            && let Some(log) = self.log.get_untracked()
        {
            self.restore_anchor(&log);
        }
        self.is_outdated.set_value(true);
        request_animation_frame(move || position.restore());
    }

    fn restore(&self) {
        // The chat may have been closed.
        let Some(log) = self.log.try_get_untracked().flatten() else { return };
        if self.is_jumping.get_value() {
            return;
        }
        self.is_outdated.set_value(false);
        if self.viewport.is_following_now() {
            log.set_scroll_top(log.scroll_height());
        } else {
            self.restore_anchor(&log);
        }
        self.on_scrolled();
    }

    fn restore_anchor(&self, log: &Element) {
        let find = |anchor: &Anchor| Some((document().get_element_by_id(&anchor.element_id)?, anchor.top));
        let anchor = self.anchors.with_value(|anchors| anchors.iter().find_map(find));
        if let Some((message, top)) = anchor {
            let distance = top_in(log, &message) - top;
            if distance.abs() >= 1.0 {
                #[expect(clippy::cast_possible_truncation, reason = "pixels on a screen")]
                log.set_scroll_top(log.scroll_top() + distance.round() as i32);
            }
        }
        self.last_top.set_value(log.scroll_top());
    }

    /// Shows the rest of a long message, or hides it.
    pub fn toggle_fold(&self, bubble: &Element) {
        let (Some(log), Some(button)) =
            (self.log.get_untracked(), bubble.query_selector(".unfold").ok().flatten())
        else {
            return;
        };
        let is_folding = bubble.has_attribute(UNFOLDED);
        // The text stays in its place when it continues, and the button when the text above it goes.
        let place = || {
            if is_folding {
                top_in(&log, &button)
            } else {
                top_in(&log, bubble) - f64::from(bubble.scroll_top())
            }
        };
        let place_before = place();
        set_unfolded(bubble, &button, !is_folding);
        bubble.set_scroll_top(0);
        // Before this, a folded message has no button.
        mark_clipped(&log);
        // Measured first: the browser scrolls, too, when the end of the list moves up.
        #[expect(clippy::cast_possible_truncation, reason = "pixels on a screen")]
        let distance = (place() - place_before).round() as i32;
        log.set_scroll_top(log.scroll_top() + distance);
        self.is_outdated.set_value(false);
        // The end may be far away now.
        self.viewport.on_scrolled(false);
        self.on_scrolled();
    }

    /// Scrolls there before the next frame is painted. A message is highlighted.
    pub fn show_soon(&self, target: ScrollTarget) {
        let position = *self;
        self.is_jumping.set_value(true);
        request_animation_frame(move || {
            let Some(log) = position.log.try_get_untracked().flatten() else { return };
            position.is_jumping.set_value(false);
            let element = match &target {
                ScrollTarget::Message(element_id) => document().get_element_by_id(element_id),
                ScrollTarget::UnreadLine => find_unread_line(&log),
            };
            position.is_outdated.set_value(false);
            if let Some(element) = element {
                if matches!(target, ScrollTarget::Message(_)) {
                    highlight(&element);
                }
                #[expect(clippy::cast_possible_truncation, reason = "pixels on a screen")]
                let top = top_in(&log, &element).round() as i32;
                log.set_scroll_top(log.scroll_top() + top - log.client_height() / 4);
            }
            position.on_scrolled();
        });
    }

    /// Marks the unread line as seen if it is in view or below it.
    fn check_unread_line(&self, log: &Element) {
        let is_reached = find_unread_line(log).is_some_and(|line| bottom_in(log, &line) > 0.0);
        if is_reached && is_watched() {
            self.viewport.mark_line_seen();
        }
    }

    /// Marks the messages down to the last one in view as seen.
    fn mark_last_seen(&self, log: &Element) {
        if self.viewport.has_read_all() {
            return;
        }
        let height = f64::from(log.client_height());
        let Ok(messages) = log.query_selector_all("article") else { return };
        let seen = count_above(&messages, |message| bottom_in(log, message) <= height);
        let last = seen.checked_sub(1).and_then(|index| message_at(&messages, index));
        let client_id = last.and_then(|message| Uuid::parse_str(message.id().strip_prefix("m-")?).ok());
        if let Some(seq) = client_id.and_then(|client_id| self.viewport.find_unread(client_id)) {
            self.viewport.mark_seen(seq);
        }
    }

    fn store_anchors(&self, log: &Element) {
        let Ok(messages) = log.query_selector_all("article") else { return };
        let first = count_above(&messages, |message| bottom_in(log, message) <= 0.0);
        let in_view = (first..messages.length()).take(ANCHORS_MAX);
        let anchors = in_view.filter_map(|index| {
            let message = message_at(&messages, index)?;
            Some(Anchor { element_id: message.id(), top: top_in(log, &message) })
        });
        let anchors: Vec<_> = anchors.collect();
        if !anchors.is_empty() {
            self.anchors.set_value(anchors);
        }
    }

    /// Marks what is in view as seen when the user looks at the page again.
    fn watch_attention(&self) {
        let position = *self;
        for event in ["focus", "visibilitychange"] {
            let listener = window_event_listener_untyped(event, move |_| position.on_scrolled());
            on_cleanup(move || listener.remove());
        }
    }

    /// Restores the position when a size changes: by the on-screen keyboard, a rotation, a longer draft, a message.
    fn watch_sizes(&self) {
        let position = *self;
        let on_resize = Closure::<dyn Fn()>::new(move || position.restore());
        let Ok(observer) = ResizeObserver::new(on_resize.as_ref().unchecked_ref()) else { return };
        let watched = observer.clone();
        Effect::new(move |_| {
            if let (Some(log), Some(content)) = (position.log.get(), position.content.get()) {
                watched.observe(&log);
                watched.observe(&content);
            }
        });
        let held = StoredValue::new_local(Some((observer, on_resize)));
        on_cleanup(move || {
            if let Some((observer, _)) = held.try_update_value(Option::take).flatten() {
                observer.disconnect();
            }
        });
    }
}

/// Marks the message as long as it has the focus.
fn highlight(message: &Element) {
    let previous = document().query_selector(".highlighted").ok().flatten();
    for (element, is_highlighted) in previous.iter().map(|it| (it, false)).chain([(message, true)]) {
        // The name of the class is valid.
        let _is_set = element.class_list().toggle_with_force("highlighted", is_highlighted);
    }
    if let Some(message) = message.dyn_ref::<HtmlElement>() {
        // A message can always be focused.
        let _focused = message.focus();
    }
}

/// Shows the buttons of the messages that are cut off.
fn mark_clipped(log: &Element) {
    let Ok(bubbles) = log.query_selector_all(".long") else { return };
    for bubble in (0..bubbles.length()).filter_map(|index| bubbles.item(index)) {
        let bubble: Element = bubble.unchecked_into();
        // The name of the class is valid.
        let _set =
            bubble.class_list().toggle_with_force("clipped", bubble.scroll_height() > bubble.client_height());
    }
}

fn pixels_below(log: &Element) -> i32 {
    log.scroll_height() - log.scroll_top() - log.client_height()
}

fn find_unread_line(log: &Element) -> Option<Element> {
    log.query_selector(".unread-line").ok().flatten()
}

/// How many of the messages are `above`, by binary search.
fn count_above(messages: &NodeList, is_above: impl Fn(&Element) -> bool) -> u32 {
    let (mut low, mut high) = (0, messages.length());
    while low < high {
        let middle = low.midpoint(high);
        if message_at(messages, middle).is_some_and(|message| is_above(&message)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

fn message_at(messages: &NodeList, index: u32) -> Option<Element> {
    messages.item(index)?.dyn_into().ok()
}

fn top_in(log: &Element, message: &Element) -> f64 {
    message.get_bounding_client_rect().top() - log.get_bounding_client_rect().top()
}

fn bottom_in(log: &Element, message: &Element) -> f64 {
    message.get_bounding_client_rect().bottom() - log.get_bounding_client_rect().top()
}
