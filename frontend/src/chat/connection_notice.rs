//! The notice that the connection is slow or lost.

use leptos::prelude::*;

use crate::{
    socket::{SocketClient, status::ConnectionStatus},
    strings,
};

/// Rendered while it is empty too, so that screen readers announce its text when it appears.
#[component]
pub fn ConnectionNotice() -> impl IntoView {
    let socket = expect_context::<SocketClient>();
    let text = move || match socket.status() {
        None => "",
        Some(ConnectionStatus::Polling) => strings::POLLING,
        Some(ConnectionStatus::Offline) => strings::OFFLINE,
    };
    view! {
        <p role="status" class="notice" prop:textContent=text></p>
    }
}
