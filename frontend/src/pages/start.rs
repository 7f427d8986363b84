//! The start page: start a chat, and the chat list on narrow screens.

use leptos::{ev, prelude::*};
use leptos_router::{NavigateOptions, hooks::use_navigate};

use crate::{
    api,
    chat_list::{panel::start_page_chat_list, use_chat_list},
    components::{
        app_bar::AppBar,
        field::input_value,
        form_request::{FormRequest, Outcome},
        name_field::{NameField, SignInLink},
        theme::ThemeSwitch,
    },
    lazy_view::{LazyView, lazy_view},
    session::{
        return_to::{DEFAULT_PATH, auth_url},
        use_session,
    },
    skeleton,
    strings::{self, onboarding},
};

lazy_view! {
    pages,
    pub fn start_page() {
        view! { <StartPage /> }
    }
}

#[component]
fn StartPage() -> impl IntoView {
    skeleton::remove_when_mounted();
    let (session, chat_list) = (use_session(), use_chat_list());
    let has_list = Memo::new(move |_| !chat_list.is_wide() && chat_list.count() > 0);
    let heading = move || match session.current_user() {
        Some(user) => strings::welcome(user.name()),
        None => onboarding::START_TITLE.to_owned(),
    };
    view! {
        <div class="page">
            <AppBar />
            <main class="card centred">
                <div class="bubbles" aria-hidden="true"><span></span><span></span></div>
                <h1>{heading}</h1>
                <p class="muted">
                    {strings::INTRODUCTION}
                    <span hidden=move || session.is_signed_in()>{onboarding::NO_ACCOUNT_NEEDED}</span>
                </p>
                <StartForm />
                <SignInLink href=auth_url(DEFAULT_PATH, true) />
                <ClaimLink />
            </main>
            <Show when=move || has_list.get()>
                <LazyView load=|| Box::pin(start_page_chat_list()) class="part-loading" />
            </Show>
            <footer class="page-footer">
                <ThemeSwitch />
            </footer>
        </div>
    }
}

#[component]
fn StartForm() -> impl IntoView {
    let (session, navigate) = (use_session(), use_navigate());
    let (request, name) = (FormRequest::default(), NodeRef::new());
    let start = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let (navigate, name) = (navigate.clone(), input_value(name));
        request.start(async move {
            session.ensure_guest(&name).await?;
            let chat = session.send(api::create_chat()).await?;
            navigate(&format!("/chats/{}", chat.uri), NavigateOptions::default());
            Ok(())
        });
    };
    let label = move || if request.is_pending() { strings::STARTING } else { strings::START_CHATTING };
    view! {
        <form class="form name-form" novalidate on:submit=start>
            <NameField node=name request />
            <Outcome request />
            <button class="primary" disabled=move || request.is_blocked()>
                {label}
            </button>
        </form>
    }
}

/// Offers guests an account.
#[component]
fn ClaimLink() -> impl IntoView {
    let session = use_session();
    view! {
        <a
            class="quiet"
            href=auth_url(DEFAULT_PATH, false)
            rel="external"
            hidden=move || !session.is_guest()
        >
            {onboarding::KEEP_YOUR_CHATS}
        </a>
    }
}
