//! Where a chat is started.

use leptos::{ev, prelude::*};
use leptos_router::{NavigateOptions, hooks::use_navigate};

use crate::{
    api,
    chats::panel::ChatsBelow,
    session::{return_to, use_session},
    ui::{
        asking::{Asking, Outcome},
        bar::Bar,
        field::value,
        name_field::{KnownLink, NameField},
        theme::ThemeSwitch,
    },
    words,
};

#[component]
pub fn Start() -> impl IntoView {
    let session = use_session();
    let navigate = use_navigate();
    let (asking, name) = (Asking::default(), NodeRef::new());
    let start = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let (navigate, name) = (navigate.clone(), value(name));
        asking.begin(async move {
            session.be_somebody(&name).await?;
            let started = session.ask(api::start_chat()).await?;
            navigate(&format!("/chats/{}", started.uri), NavigateOptions::default());
            Ok(())
        });
    };
    let heading = move || match session.me() {
        Some(me) => words::welcome(me.name()),
        None => words::entering::START.to_owned(),
    };
    let label = move || if asking.is_pending() { words::STARTING } else { words::START_CHATTING };
    view! {
        <div class="page">
            <Bar />
            <main class="card centred">
                <div class="duet" aria-hidden="true"><span></span><span></span></div>
                <h1>{heading}</h1>
                <p class="muted">
                    {words::EXPLANATION} <span hidden=move || session.is_in()>{words::entering::NO_ACCOUNT}</span>
                </p>
                <form class="form entry" novalidate on:submit=start>
                    <NameField node=name asking />
                    <Outcome asking />
                    <button class="primary" disabled=move || asking.is_held()>
                        {label}
                    </button>
                </form>
                <KnownLink path=return_to::HOME.to_owned() />
                <Claim />
            </main>
            <ChatsBelow />
            <footer class="foot">
                <ThemeSwitch />
            </footer>
        </div>
    }
}

/// Told to guests, quietly.
#[component]
fn Claim() -> impl IntoView {
    let session = use_session();
    view! {
        <a
            class="quiet"
            href=return_to::path_back_to(return_to::HOME, false)
            rel="external"
            hidden=move || !session.is_guest()
        >
            {words::entering::KEEP_YOUR_CHATS}
        </a>
    }
}
