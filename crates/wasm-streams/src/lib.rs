//! Takes the place of the crate of this name, which converts between the streams of Rust and of JavaScript.
//!
//! `leptos` depends on it through `server_fn`, for calls of server functions. The client has none, but the real crate exports
//! classes to JavaScript, so that the linker cannot leave it out: 3 KB of the client. Only what `server_fn` names is here.

use futures_util::{Stream, stream};
use wasm_bindgen::{JsValue, UnwrapThrowExt};

pub struct ReadableStream(web_sys::ReadableStream);

impl ReadableStream {
    pub fn from_raw(raw: web_sys::ReadableStream) -> Self {
        Self(raw)
    }

    pub fn into_raw(self) -> web_sys::ReadableStream {
        self.0
    }

    /// Would lose the content of the stream; is never called.
    pub fn from_stream(_: impl Stream<Item = Result<JsValue, JsValue>> + 'static) -> Self {
        Self(web_sys::ReadableStream::new().unwrap_throw())
    }

    /// Would lose the content of the stream; is never called.
    pub fn into_stream(self) -> impl Stream<Item = Result<JsValue, JsValue>> {
        stream::empty()
    }
}
