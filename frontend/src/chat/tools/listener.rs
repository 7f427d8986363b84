//! Listens to an element that was not rendered here.

use wasm_bindgen::{JsValue, closure::Closure};
use web_sys::{Event, EventTarget};

use crate::js::call;

/// Is removed when it is dropped.
pub struct Listener {
    target: EventTarget,
    name: &'static str,
    /// May be called by itself: what it inserts is an event of the same name.
    handle: Closure<dyn Fn(Event)>,
}

impl Listener {
    /// Before other listeners of the same element, and of those in it.
    pub fn new(target: &EventTarget, name: &'static str, handle: Box<dyn Fn(Event)>) -> Option<Self> {
        let handle = Closure::wrap(handle);
        call(target, "addEventListener", &[&name.into(), handle.as_ref(), &JsValue::TRUE])?;
        Some(Self { target: target.clone(), name, handle })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        call(&self.target, "removeEventListener", &[&self.name.into(), self.handle.as_ref(), &JsValue::TRUE]);
    }
}
