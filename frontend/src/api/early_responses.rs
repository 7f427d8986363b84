//! Responses to the requests that `early_requests.js` sends while the program is loading.

use gloo_net::http::Method;
use gloo_timers::callback::Timeout;
use js_sys::{Array, Map, Object, Promise, Reflect};
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// Milliseconds after the start of the program until the responses are too old.
const LIFETIME: u32 = 10_000;

/// To be called when the program starts. From then on the program joins chats itself; returned is a join that has begun,
/// whose end has to be awaited.
pub fn take_over() -> Option<JsFuture<JsValue>> {
    Timeout::new(LIFETIME, clear).forget();
    let early = early()?;
    remove_field(&early, "join");
    let joining: Promise = field(&early, "joining")?.dyn_into().ok()?;
    Some(joining.into())
}

/// To be called when another user takes over. Responses that arrive later are not used either.
pub fn clear() {
    if let Some(early) = early() {
        remove_field(&early, "responses");
    }
}

fn remove_field(object: &Object, name: &str) {
    // Fails for none of these fields.
    let _removed = Reflect::delete_property(object, &JsValue::from_str(name));
}

fn early() -> Option<Object> {
    field(&window(), "early")?.dyn_into().ok()
}

fn field(object: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(object, &JsValue::from_str(name)).ok()
}

fn responses() -> Option<Map> {
    field(&early()?.into(), "responses")?.dyn_into().ok()
}

/// A request that was sent early.
pub struct EarlyResponse(Promise);

impl EarlyResponse {
    /// The request is taken out, so that the next one of its kind is sent.
    pub fn take(method: &Method, path: &str) -> Option<Self> {
        let key = JsValue::from_str(&format!("{method} {path}"));
        let responses = responses()?;
        let promise = responses.get(&key).dyn_into().ok()?;
        responses.delete(&key);
        Some(Self(promise))
    }

    /// Status and text; `None` if the server could not be reached.
    pub async fn receive(self) -> Option<(u16, String)> {
        let answer: Array = JsFuture::from(self.0).await.ok()?.dyn_into().ok()?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an HTTP status")]
        let status = answer.get(0).as_f64()? as u16;
        Some((status, answer.get(1).as_string()?))
    }
}
