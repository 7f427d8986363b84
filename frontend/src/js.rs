//! Uses objects of the browser by name. For what few places use: each typed function adds to the script of the first view.

use js_sys::{Array, Function, JsString, Reflect};
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue};

/// `None` if the object does not have the field; undefined if it has no value.
pub fn field(object: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(object, &JsValue::from_str(name)).ok()
}

/// `None` if the object has no such method, or it failed.
pub fn call(object: &JsValue, method: &str, arguments: &[&JsValue]) -> Option<JsValue> {
    let method: Function = field(object, method)?.dyn_into().ok()?;
    Reflect::apply(&method, object, &list(arguments)).ok()
}

/// `None` if the browser has no such class, or its constructor failed.
pub fn construct(class: &str, arguments: &[&JsValue]) -> Option<JsValue> {
    let class: Function = field(&window(), class)?.dyn_into().ok()?;
    Reflect::construct(&class, &list(arguments)).ok()
}

/// By the browser: the table of Rust's `to_lowercase` would add 4.5 KB to the client.
pub fn lowercase(text: &str) -> String {
    JsString::from(text).to_lower_case().into()
}

fn list(values: &[&JsValue]) -> Array {
    values.iter().copied().collect()
}
