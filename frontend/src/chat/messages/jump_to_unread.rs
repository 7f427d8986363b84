//! The button that leads to the first unread message.

use leptos::prelude::*;

use crate::{
    chat::state::use_viewport,
    components::icon::{Icon, SvgIcon},
    strings,
};

#[component]
pub fn JumpToUnread() -> impl IntoView {
    let viewport = use_viewport();
    let is_shown = Memo::new(move |_| viewport.has_unseen_line());
    view! {
        <button
            class="pill top"
            hidden=move || !is_shown.get()
            title=strings::chat_list::JUMP_TO_FIRST_UNREAD
            on:click=move |_| viewport.request_unread_line()
        >
            <span>{strings::chat_list::NEW_MESSAGES}</span>
            <SvgIcon icon=Icon::Up />
        </button>
    }
}
