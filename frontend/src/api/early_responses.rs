//! Responses to the requests that the script in `index.html` sends while the program is loading.

use gloo_net::http::Method;
use gloo_timers::callback::Timeout;
use js_sys::{Array, Map, Promise, Reflect};
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// Milliseconds after the start of the program until the responses are too old.
const LIFETIME: u32 = 10_000;

/// To be called when the program starts.
pub fn expire() {
    Timeout::new(LIFETIME, clear).forget();
}

/// To be called when another user takes over.
pub fn clear() {
    if let Some(responses) = responses() {
        responses.clear();
    }
}

fn responses() -> Option<Map> {
    Reflect::get(&window(), &JsValue::from_str("earlyResponses")).ok()?.dyn_into().ok()
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
