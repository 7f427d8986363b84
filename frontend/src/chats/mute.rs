//! Wanting to hear of a chat, or not.

use leptos::{ev, prelude::*, task::spawn_local};

use super::{Chats, use_chats};
use crate::{api, words};

impl Chats {
    pub fn is_muted(self, uri: &str) -> bool {
        self.list.with(|list| list.as_ref().and_then(|list| list.find(uri)).is_some_and(|it| it.chat.muted))
    }

    /// Seen at once; taken back if the server does not agree.
    pub fn mute(self, uri: String, muted: bool) {
        self.show_muted(&uri, muted);
        spawn_local(async move {
            if self.session.ask(api::mute(&uri, muted)).await.is_err() {
                self.show_muted(&uri, !muted);
            }
        });
    }

    fn show_muted(self, uri: &str, muted: bool) {
        self.list.update(|list| {
            if let Some(list) = list {
                list.mute(uri, muted);
            }
        });
    }
}

/// Mutes one chat, wherever it stands.
#[component]
pub fn MuteSwitch(
    /// Its address.
    #[prop(into)]
    uri: Signal<String>,
) -> impl IntoView {
    let chats = use_chats();
    let muted = move || chats.is_muted(&uri.read());
    let toggle = move |event: ev::Event| chats.mute(uri.get_untracked(), event_target_checked(&event));
    view! {
        <label class="row switch">
            <span>
                {words::chats::MUTE} <span class="hint">{words::chats::MUTE_HINT}</span>
            </span>
            <input type="checkbox" role="switch" prop:checked=muted on:change=toggle />
        </label>
    }
}
