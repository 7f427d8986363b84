//! The page for a user whose membership has ended.

use leptos::{either::Either, prelude::*};
use shared::member::MembershipStatus;

use super::state::use_sync;
use crate::{
    components::app_bar::AppBar,
    lazy_view::lazy_view,
    skeleton,
    strings::{self, moderation},
};

lazy_view! {
    pages,
    pub fn removed_screen(status: MembershipStatus) {
        view! { <RemovedScreen status /> }
    }
}

#[component]
fn RemovedScreen(status: MembershipStatus) -> impl IntoView {
    skeleton::remove_when_mounted();
    let sync = use_sync();
    let (heading, text) = moderation::former_member_page(status);
    // Rejoining leads through the join page.
    let next = match status {
        MembershipStatus::Removed | MembershipStatus::Pending => Either::Left(view! {
            <button class="primary" on:click=move |_| sync.load()>{moderation::REJOIN}</button>
        }),
        _ => Either::Right(view! { <a class="primary" href="/chats">{strings::ALL_CHATS}</a> }),
    };
    view! {
        <div class="page">
            <AppBar />
            <main class="card centred">
                <h1>{heading}</h1>
                <p class="muted">{text}</p>
                {next}
            </main>
        </div>
    }
}
