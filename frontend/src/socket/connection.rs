//! The browser's WebSocket, with its messages as a stream.

use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use js_sys::Array;
use leptos::prelude::window;
use shared::{
    paths,
    socket::{ClientFrame, PROTOCOL},
};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{CloseEvent, MessageEvent, WebSocket};

/// An open or opening WebSocket. Dropping it closes it.
pub struct SocketConnection {
    socket: WebSocket,
    _on_message: Closure<dyn Fn(MessageEvent)>,
    _on_close: Closure<dyn Fn(CloseEvent)>,
}

impl SocketConnection {
    /// Returns the connection and the stream of its messages, which ends with it.
    pub fn open(ticket: &str) -> Option<(Self, UnboundedReceiver<String>)> {
        let protocols = Array::of2(&JsValue::from_str(PROTOCOL), &JsValue::from_str(ticket));
        let socket = WebSocket::new_with_str_sequence(&socket_url()?, &protocols).ok()?;
        let (sender, messages) = unbounded();
        let on_message = forward_messages(sender.clone());
        let on_close = Closure::new(move |_: CloseEvent| sender.close_channel());
        socket.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        socket.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        Some((Self { socket, _on_message: on_message, _on_close: on_close }, messages))
    }

    /// Whether the frame was handed to the browser.
    pub fn send(&self, frame: &ClientFrame) -> bool {
        let text = serde_json::to_string(frame);
        text.is_ok_and(|text| {
            self.socket.ready_state() == WebSocket::OPEN && self.socket.send_with_str(&text).is_ok()
        })
    }
}

impl Drop for SocketConnection {
    fn drop(&mut self) {
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        // Fails only if the socket is closed already.
        let _closed = self.socket.close();
    }
}

fn forward_messages(sender: UnboundedSender<String>) -> Closure<dyn Fn(MessageEvent)> {
    Closure::new(move |event: MessageEvent| {
        if let Some(text) = event.data().as_string() {
            // The receiver is gone while the connection is being replaced.
            let _sent = sender.unbounded_send(text);
        }
    })
}

fn socket_url() -> Option<String> {
    let location = window().location();
    let scheme = if location.protocol().ok()? == "https:" { "wss" } else { "ws" };
    Some(format!("{scheme}://{}{}", location.host().ok()?, paths::SOCKET))
}
