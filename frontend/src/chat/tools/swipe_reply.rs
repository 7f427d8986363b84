//! Replies to a message that is swiped to the left on a touch screen.

use std::cell::RefCell;

use leptos::prelude::{document, untrack, window};
use shared::id::Seq;
use uuid::Uuid;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, EventTarget, HtmlElement, PointerEvent};

use super::{
    STORES, Stores,
    icons::{REPLY, append_icon},
    listener::Listener,
};
use crate::js::{call, field};

/// How far a message must be swiped, and how far it moves, in pixels.
const THRESHOLD: f64 = 56.0;
const DISTANCE_MAX: f64 = 80.0;
/// A pointer that moved less has not shown where it goes.
const START: f64 = 10.0;

/// The class of a message that is being swiped, and the one it has once it has gone far enough.
const SWIPED: &str = "swiped";
const IS_FAR: &str = "swiped-far";

/// Where sideways movements do something else.
const OWN_GESTURES: &str = "pre, video, audio, input, .selecting, .message-actions";

thread_local! {
    /// They live as long as the page.
    static LISTENERS: RefCell<Vec<Listener>> = const { RefCell::new(Vec::new()) };
    static SWIPE: RefCell<Option<Swipe>> = const { RefCell::new(None) };
}

/// A finger on a message.
#[derive(Clone)]
struct Swipe {
    pointer: i32,
    message: HtmlElement,
    seq: Seq,
    start: (f64, f64),
    /// To the left, once the finger goes that way.
    distance: Option<f64>,
}

/// Listens, if that has not been done yet.
pub fn listen() {
    let is_listening = LISTENERS.with_borrow(|listeners| !listeners.is_empty());
    if is_listening {
        return;
    }
    let listen = |name, handle: fn(&PointerEvent) -> Option<()>| {
        // `None`: the event is of something else.
        let handle = move |event: Event| handle(event.unchecked_ref()).unwrap_or_default();
        Listener::new(document().unchecked_ref::<EventTarget>(), name, Box::new(handle))
    };
    let listeners = [
        listen("pointerdown", on_down),
        listen("pointermove", on_move),
        listen("pointerup", on_up),
        listen("pointercancel", on_cancel),
    ];
    LISTENERS.set(listeners.into_iter().flatten().collect());
}

fn place(event: &PointerEvent) -> (f64, f64) {
    (f64::from(event.client_x()), f64::from(event.client_y()))
}

fn on_down(event: &PointerEvent) -> Option<()> {
    // A second finger zooms the page.
    end();
    let is_touch = field(event, "pointerType")?.as_string()? == "touch";
    let is_first = field(event, "isPrimary")?.as_bool()?;
    let touched = event.target()?.dyn_into::<Element>().ok()?;
    let message: HtmlElement = touched.closest(".message[data-state=sent]").ok()??.dyn_into().ok()?;
    if !is_touch || !is_first || touched.closest(OWN_GESTURES).ok()?.is_some() || has_selection() {
        return None;
    }
    let seq = find_seq(&message)?;
    SWIPE.set(Some(Swipe { pointer: event.pointer_id(), message, seq, start: place(event), distance: None }));
    Some(())
}

/// Whether text is selected, which the finger may be extending.
fn has_selection() -> bool {
    let selection = call(&window(), "getSelection", &[]);
    let is_collapsed = selection.and_then(|selection| field(&selection, "isCollapsed")?.as_bool());
    is_collapsed == Some(false)
}

/// The message, if the user can reply to it.
fn find_seq(message: &Element) -> Option<Seq> {
    let Stores { sync, draft, .. } = STORES.get()?;
    let client_id = Uuid::parse_str(message.id().strip_prefix("m-")?).ok()?;
    let can_write = untrack(|| draft.restriction()).is_none();
    let find = || {
        sync.with_timeline_untracked(|timeline| {
            timeline?
                .messages()
                .rev()
                .find(|message| message.client_id == client_id)
                .map(|message| message.seq)
        })
    };
    can_write.then(find).flatten()
}

fn on_move(event: &PointerEvent) -> Option<()> {
    SWIPE.with_borrow_mut(|swipe| {
        let swipe = swipe.as_mut().filter(|swipe| swipe.pointer == event.pointer_id())?;
        let (x, y) = place(event);
        let (left, vertical) = (swipe.start.0 - x, (swipe.start.1 - y).abs());
        if swipe.distance.is_none() {
            if left.abs().max(vertical) < START {
                return None;
            }
            if left < vertical * 2.0 {
                // It goes elsewhere, and stays that way.
                swipe.pointer = -1;
                return None;
            }
            swipe.start_moving()?;
        }
        swipe.move_to((left - START).clamp(0.0, DISTANCE_MAX));
        Some(())
    })
}

impl Swipe {
    fn start_moving(&self) -> Option<()> {
        self.message.class_list().toggle_with_force(SWIPED, true).ok()?;
        let icon = document().create_element("span").ok()?;
        icon.set_attribute("class", "swipe-icon").ok()?;
        append_icon(&icon, REPLY);
        self.message.append_child(&icon).ok()?;
        Some(())
    }

    fn move_to(&mut self, distance: f64) {
        self.distance = Some(distance);
        // The names are valid.
        let _set = self.message.style().set_property("--swiped", &distance.to_string());
        let _set = self.message.class_list().toggle_with_force(IS_FAR, distance >= THRESHOLD);
    }
}

fn on_up(event: &PointerEvent) -> Option<()> {
    let swipe = end().filter(|swipe| swipe.pointer == event.pointer_id())?;
    if swipe.distance? >= THRESHOLD {
        let Stores { draft, edits, .. } = STORES.get()?;
        if edits.check_unchanged() {
            edits.cancel();
            draft.set_reply_to(Some(swipe.seq));
        }
        draft.request_focus();
    }
    Some(())
}

/// The browser scrolls, or does something else with the finger.
fn on_cancel(_: &PointerEvent) -> Option<()> {
    end().map(|_| ())
}

/// Puts the message back.
fn end() -> Option<Swipe> {
    let swipe = SWIPE.take()?;
    if swipe.distance.is_some() {
        for class in [SWIPED, IS_FAR] {
            // The name of the class is valid.
            let _removed = swipe.message.class_list().toggle_with_force(class, false);
        }
        let _removed = swipe.message.style().remove_property("--swiped");
        if let Some(icon) = swipe.message.query_selector(".swipe-icon").ok().flatten() {
            icon.remove();
        }
    }
    Some(swipe)
}
