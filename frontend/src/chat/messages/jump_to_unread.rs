//! The button that leads to the first unread message.

use leptos::{prelude::*, task::spawn_local};

use super::scroll::ScrollPosition;
use crate::{
    chat::state::use_viewport,
    components::icon::{Icon, SvgIcon},
    strings,
};

#[component]
pub fn JumpToUnread(scroll: ScrollPosition) -> impl IntoView {
    let viewport = use_viewport();
    let is_shown = Memo::new(move |_| viewport.has_unseen_line());
    let jump = move |_| {
        spawn_local(async move {
            if viewport.render_unread_line().await {
                scroll.show_unread_line_soon();
            }
        });
    };
    view! {
        <button
            class="pill top"
            hidden=move || !is_shown.get()
            title=strings::chat_list::JUMP_TO_FIRST_UNREAD
            on:click=jump
        >
            <span>{strings::chat_list::NEW_MESSAGES}</span>
            <SvgIcon icon=Icon::Up />
        </button>
    }
}
