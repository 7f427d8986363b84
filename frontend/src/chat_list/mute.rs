//! The switch that mutes a chat.

use leptos::{ev, prelude::*};

use super::use_chat_list;
use crate::strings;

#[component]
pub fn MuteSwitch(#[prop(into)] uri: Signal<String>) -> impl IntoView {
    let chat_list = use_chat_list();
    let is_muted = move || chat_list.is_muted(&uri.read());
    let toggle =
        move |event: ev::Event| chat_list.set_muted(uri.get_untracked(), event_target_checked(&event));
    view! {
        <label class="menu-item switch">
            <span>
                {strings::chat_list::MUTE} <span class="hint">{strings::chat_list::MUTE_HINT}</span>
            </span>
            <input type="checkbox" role="switch" prop:checked=is_muted on:change=toggle />
        </label>
    }
}
