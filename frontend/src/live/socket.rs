//! The browser's socket, its events as a stream.

use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use js_sys::Array;
use leptos::prelude::window;
use shared::socket::{ClientFrame, PROTOCOL};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{CloseEvent, MessageEvent, WebSocket};

/// An open or opening socket. Dropping it closes it.
pub struct Socket {
    inner: WebSocket,
    _heard: Closure<dyn Fn(MessageEvent)>,
    _closed: Closure<dyn Fn(CloseEvent)>,
}

impl Socket {
    /// The socket and what is heard on it; the stream ends with the socket.
    pub fn open(ticket: &str) -> Option<(Self, UnboundedReceiver<String>)> {
        let protocols = Array::of2(&JsValue::from_str(PROTOCOL), &JsValue::from_str(ticket));
        let socket = WebSocket::new_with_str_sequence(&address()?, &protocols).ok()?;
        let (sender, events) = unbounded();
        let heard = heard(sender.clone());
        let closed = Closure::new(move |_: CloseEvent| sender.close_channel());
        socket.set_onmessage(Some(heard.as_ref().unchecked_ref()));
        socket.set_onclose(Some(closed.as_ref().unchecked_ref()));
        Some((Self { inner: socket, _heard: heard, _closed: closed }, events))
    }

    pub fn say(&self, frame: &ClientFrame) -> bool {
        let text = serde_json::to_string(frame);
        text.is_ok_and(|text| {
            self.inner.ready_state() == WebSocket::OPEN && self.inner.send_with_str(&text).is_ok()
        })
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.inner.set_onmessage(None);
        self.inner.set_onclose(None);
        // It may be closed already, which is what is wanted.
        let _closed = self.inner.close();
    }
}

fn heard(sender: UnboundedSender<String>) -> Closure<dyn Fn(MessageEvent)> {
    Closure::new(move |event: MessageEvent| {
        if let Some(text) = event.data().as_string() {
            // Nobody listens any more when the socket is being replaced.
            let _heard = sender.unbounded_send(text);
        }
    })
}

fn address() -> Option<String> {
    let location = window().location();
    let scheme = if location.protocol().ok()? == "https:" { "wss" } else { "ws" };
    Some(format!("{scheme}://{}/api/socket/", location.host().ok()?))
}
