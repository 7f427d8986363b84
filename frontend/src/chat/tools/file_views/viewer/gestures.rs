//! Pointers on the viewer: dragging and pinching a photo, swiping to the next one, and closing.

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{Element, PointerEvent};

use super::{super::zoom::Point, Viewer};
use crate::js::{call, field};

/// How far a swipe goes, in pixels.
const SWIPE: f64 = 60.0;
/// A pointer that moved less has clicked.
const CLICK: f64 = 6.0;
/// How much a pixel of the mouse wheel zooms.
const WHEEL: f64 = 0.002;
/// A line of a mouse wheel that counts in lines, in pixels.
const LINE: f64 = 33.0;

#[derive(Clone, Copy)]
struct Pointer {
    id: i32,
    at: Point,
}

#[derive(Clone, Copy)]
pub struct Gestures {
    viewer: Viewer,
    pointers: RwSignal<Vec<Pointer>>,
    /// How far a photo that is not zoomed was swiped.
    swipe: RwSignal<Point>,
    /// Whether a second pointer has zoomed: what follows is no swipe.
    has_pinched: StoredValue<bool>,
}

impl Gestures {
    pub fn new(viewer: Viewer) -> Self {
        let swipe = RwSignal::new(Point { x: 0.0, y: 0.0 });
        Self { viewer, pointers: RwSignal::new(Vec::new()), swipe, has_pinched: StoredValue::new(false) }
    }

    pub fn is_active(self) -> bool {
        !self.pointers.read().is_empty()
    }

    /// Of the photo.
    pub fn transform(self) -> String {
        let (zoom, swipe) = (self.viewer.zoom.get(), self.swipe.get());
        let (x, y) = (zoom.offset.x + swipe.x, zoom.offset.y + swipe.y);
        format!("translate({x}px, {y}px) scale({})", zoom.scale)
    }

    pub fn press(self, event: &PointerEvent) {
        // A mouse has other buttons; a video has controls.
        if event.button() != 0 || is_on(event, "video") {
            return;
        }
        let is_first = self.pointers.read_untracked().is_empty();
        self.has_pinched.update_value(|has_pinched| *has_pinched &= !is_first);
        let pointer = Pointer { id: event.pointer_id(), at: self.place(event) };
        self.pointers.update(|pointers| pointers.push(pointer));
        if let Some(stage) = self.viewer.stage.get_untracked() {
            // Without it, the pointer is lost outside of the page.
            call(&stage, "setPointerCapture", &[&pointer.id.into()]);
        }
    }

    pub fn drag(self, event: &PointerEvent) {
        let at = self.place(event);
        let before = self.pointers.get_untracked();
        let Some(former) = before.iter().find(|pointer| pointer.id == event.pointer_id()) else { return };
        let (x, y) = (at.x - former.at.x, at.y - former.at.y);
        self.pointers.update(|pointers| {
            for pointer in pointers.iter_mut().filter(|pointer| pointer.id == event.pointer_id()) {
                pointer.at = at;
            }
        });
        if let [one, other, ..] = *before {
            self.has_pinched.set_value(true);
            let still = if one.id == event.pointer_id() { other.at } else { one.at };
            let middle = Point { x: f64::midpoint(still.x, at.x), y: f64::midpoint(still.y, at.y) };
            let factor = distance(still, at) / distance(still, former.at).max(1.0);
            self.viewer.zoom_by(factor, middle);
            self.viewer.pan(x / 2.0, y / 2.0);
        } else if self.viewer.zoom.read_untracked().is_zoomed() {
            self.viewer.pan(x, y);
        } else if !self.has_pinched.get_value() {
            self.swipe.update(|swipe| *swipe = Point { x: swipe.x + x, y: swipe.y + y });
        }
    }

    pub fn release(self, event: &PointerEvent) {
        if !self.forget(event) || self.is_active_now() {
            return;
        }
        let swipe = self.swipe.get_untracked();
        self.swipe.set(Point { x: 0.0, y: 0.0 });
        let is_zoomed = self.viewer.zoom.read_untracked().is_zoomed();
        if is_zoomed || self.has_pinched.get_value() {
            return;
        }
        if swipe.x.abs().max(swipe.y.abs()) < CLICK {
            // Beside the photo.
            if self.is_loaded() && !is_on(event, "img") && !self.is_over_photo(event) {
                self.viewer.close();
            }
        } else if swipe.x.abs() > swipe.y.abs() {
            let is_back = swipe.x > 0.0;
            if swipe.x.abs() >= SWIPE {
                self.viewer.step(if is_back { -1 } else { 1 });
            }
        } else if swipe.y >= SWIPE {
            self.viewer.close();
        }
    }

    pub fn cancel(self, event: &PointerEvent) {
        self.forget(event);
        self.swipe.set(Point { x: 0.0, y: 0.0 });
    }

    /// Returns whether the pointer was pressed on the stage.
    fn forget(self, event: &PointerEvent) -> bool {
        let before = self.pointers.read_untracked().len();
        self.pointers.update(|pointers| pointers.retain(|pointer| pointer.id != event.pointer_id()));
        self.pointers.read_untracked().len() < before
    }

    fn is_active_now(self) -> bool {
        untrack(|| self.is_active())
    }

    /// Whether the photo has its place, or has failed.
    fn is_loaded(self) -> bool {
        let photo = self.viewer.find_photo();
        let is_complete = photo.and_then(|photo| field(&photo, "complete")?.as_bool());
        self.viewer.has_failed.get_untracked() || is_complete == Some(true)
    }

    /// While a pointer is captured, its events are of the stage.
    fn is_over_photo(self, event: &PointerEvent) -> bool {
        self.viewer.find_photo().is_some_and(|photo| {
            let area = photo.get_bounding_client_rect();
            let (x, y) = (f64::from(event.client_x()), f64::from(event.client_y()));
            (area.left()..=area.right()).contains(&x) && (area.top()..=area.bottom()).contains(&y)
        })
    }

    pub fn double_click(self, event: &ev::MouseEvent) {
        if untrack(|| self.viewer.is_photo()) {
            let place = self.place(event);
            self.viewer.zoom.update(|zoom| *zoom = zoom.toggled(place));
            self.viewer.limit();
        }
    }

    pub fn wheel(self, event: &ev::WheelEvent) {
        event.prevent_default();
        let is_in_lines = field(event, "deltaMode").and_then(|mode| mode.as_f64()) == Some(1.0);
        let delta = field(event, "deltaY").and_then(|delta| delta.as_f64()).unwrap_or_default();
        let pixels = if is_in_lines { delta * LINE } else { delta };
        self.viewer.zoom_by((-pixels * WHEEL).exp(), self.place(event));
    }

    /// From the middle of the stage.
    fn place(self, event: &ev::MouseEvent) -> Point {
        let area = self.viewer.stage.get_untracked().map(|stage| stage.get_bounding_client_rect());
        let middle = area
            .map_or((0.0, 0.0), |area| (area.left() + area.width() / 2.0, area.top() + area.height() / 2.0));
        Point { x: f64::from(event.client_x()) - middle.0, y: f64::from(event.client_y()) - middle.1 }
    }
}

fn is_on(event: &PointerEvent, selector: &str) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    target.is_some_and(|target| target.closest(selector).ok().flatten().is_some())
}

fn distance(one: Point, other: Point) -> f64 {
    (one.x - other.x).hypot(one.y - other.y)
}
