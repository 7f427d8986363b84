//! The page at `/` and `/chats/<uri>`: the start page or a chat, with the chat list beside it on wide screens.

use leptos::{either::EitherOf3, prelude::*};
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate, use_params_map},
};

use super::start::start_page;
use crate::{
    chat::{ChatPage, announcer::Announcer, state::use_sync},
    chat_list::{
        panel::{chat_list_sidebar, install_shortcut},
        use_chat_list,
    },
    lazy_view::LazyView,
    session::{AuthState, return_to::redirect_to_sign_in, use_session, waiting_page::WaitingPage},
};

#[derive(Clone, Debug, PartialEq, Eq)]
enum Screen {
    Waiting,
    SignIn,
    Start,
    Chat(String),
}

#[component]
pub fn ChatsPage() -> impl IntoView {
    let (session, sync, chat_list) = (use_session(), use_sync(), use_chat_list());
    let (params, location, navigate) = (use_params_map(), use_location(), use_navigate());
    let uri = Memo::new(move |_| {
        let uri = params.read().get("uri").filter(|uri| !uri.is_empty());
        uri.map(|uri| sync.opened_uri(uri))
    });
    let screen = Memo::new(move |_| match (session.auth_state(), uri.get()) {
        (AuthState::Restoring | AuthState::SigningOut, _) => Screen::Waiting,
        (AuthState::Expired, _) => Screen::SignIn,
        (_, None) => Screen::Start,
        (_, Some(uri)) => Screen::Chat(uri),
    });
    let content = move || match screen.get() {
        screen @ (Screen::Waiting | Screen::SignIn) => {
            if screen == Screen::SignIn {
                redirect_to_sign_in(&location.pathname.get_untracked(), true);
            }
            EitherOf3::A(view! { <WaitingPage /> })
        }
        Screen::Start => EitherOf3::B(view! { <LazyView load=|| Box::pin(start_page()) class="loading" /> }),
        Screen::Chat(uri) => EitherOf3::C(view! { <ChatPage uri /> }),
    };
    install_shortcut(chat_list, move || navigate("/chats", NavigateOptions::default()));
    let has_chat_list = Memo::new(move |_| chat_list.is_wide() && session.is_signed_in());
    view! {
        <div class="columns">
            <Announcer />
            <Show when=move || has_chat_list.get()>
                <LazyView load=|| Box::pin(chat_list_sidebar()) class="chat-list-panel part-loading" />
            </Show>
            {content}
        </div>
    }
}
