//! The page of one chat.

pub mod announcer;
mod composer;
mod connection_notice;
pub mod header;
mod join;
mod join_request;
mod member_avatar;
mod messages;
mod permissions;
mod removed;
mod share;
mod sidebar;
pub mod state;
pub mod tools;
mod use_request;

use leptos::{
    either::{Either, EitherOf5},
    prelude::*,
};
use leptos_router::hooks::use_params_map;

use self::{
    composer::{Composer, WriteRestrictionNotice},
    connection_notice::ConnectionNotice,
    header::ChatHeader,
    join::join_screen,
    join_request::JoinRequestBanner,
    messages::MessageList,
    removed::removed_screen,
    sidebar::{SidebarNavigation, SidebarPane},
    state::{
        sync::{ChatStage, SyncStore},
        use_draft, use_presence, use_sync,
    },
};
use crate::{
    components::{error_page::ErrorPage, loading::LoadingPage},
    lazy_view::LazyView,
    session::use_session,
    skeleton, strings,
};

#[component]
pub fn ChatPage(
    /// The chat's URI, a former URI of it, or an invite link.
    uri: String,
) -> impl IntoView {
    let (sync, session) = (use_sync(), use_session());
    sync.open(uri);
    on_cleanup(move || sync.close());
    // When the session ends, the chat is loaded again as it is for a visitor.
    Effect::new(move |was_signed_in: Option<bool>| {
        let is_signed_in = session.is_signed_in();
        if was_signed_in == Some(true) && !is_signed_in {
            sync.load();
        }
        is_signed_in
    });
    let stage = Memo::new(move |_| sync.stage());
    move || match stage.get() {
        ChatStage::Loading => EitherOf5::A(view! { <LoadingPage text=strings::OPENING_CHAT /> }),
        ChatStage::Join => {
            EitherOf5::B(view! { <LazyView load=|| Box::pin(join_screen()) class="loading" /> })
        }
        ChatStage::Open => EitherOf5::C(view! { <OpenChat /> }),
        ChatStage::Removed(status) => {
            EitherOf5::D(view! { <LazyView load=move || Box::pin(removed_screen(status)) class="loading" /> })
        }
        ChatStage::Failed(error) => EitherOf5::E(view! { <ErrorPage error retry=move |()| sync.load() /> }),
    }
}

#[component]
fn OpenChat() -> impl IntoView {
    skeleton::remove_when_mounted();
    let (sync, draft, presence) = (use_sync(), use_draft(), use_presence());
    let navigation = SidebarNavigation::new(sync);
    provide_context(navigation);
    follow_uri(sync, navigation);
    let restriction = Memo::new(move |_| draft.restriction());
    let composer = move || match restriction.get() {
        Some(restriction) => Either::Left(view! { <WriteRestrictionNotice restriction /> }),
        None => Either::Right(view! { <Composer /> }),
    };
    view! {
        <div class="chat">
            <ChatHeader navigation />
            <main class="conversation">
                <div>
                    <ConnectionNotice />
                    <JoinRequestBanner />
                </div>
                <MessageList />
                // Keeps its height while it is empty, so that the layout does not shift.
                <p class="typing" prop:textContent=move || strings::typing(&presence.typing_names())></p>
                {composer}
            </main>
            <SidebarPane navigation />
        </div>
    }
}

/// Keeps the URL of the page equal to the chat's URI when that changes.
fn follow_uri(sync: SyncStore, navigation: SidebarNavigation) {
    let params = use_params_map();
    Effect::new(move |_| {
        let (page_uri, uri) = (params.read().get("uri").unwrap_or_default(), sync.uri());
        if page_uri != uri && sync.was_opened_as(&page_uri) {
            navigation.follow_uri();
        }
    });
}
