//! Where a chat is started.

use leptos::{prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};

use crate::{
    api,
    chats::panel::ChatsBelow,
    session::use_session,
    ui::{bar::Bar, theme::ThemeSwitch, wait::Wait},
    words,
};

#[component]
pub fn Start() -> impl IntoView {
    let session = use_session();
    let navigate = use_navigate();
    let (trouble, wait) = (RwSignal::new(None), Wait::default());
    let pending = RwSignal::new(false);
    let start = move |_| {
        let navigate = navigate.clone();
        trouble.set(None);
        pending.set(true);
        spawn_local(async move {
            match session.ask(api::start_chat()).await {
                Ok(started) => navigate(&format!("/chats/{}", started.uri), NavigateOptions::default()),
                Err(refused) => {
                    wait.begin(refused.retry_after());
                    trouble.set(Some(refused));
                }
            }
            pending.set(false);
        });
    };
    let label = move || if pending.get() { words::STARTING } else { words::START_CHATTING };
    view! {
        <div class="page">
            <Bar />
            <main class="card centred">
                <div class="duet" aria-hidden="true"><span></span><span></span></div>
                <h1>{move || words::welcome(&session.name())}</h1>
                <p class="muted">{words::EXPLANATION}</p>
                <p role="alert" class="error">{move || trouble.get().map_or("", |trouble| words::sentence(&trouble))}</p>
                <p class="muted">{move || wait.words()}</p>
                <button class="primary" disabled=move || pending.get() || wait.is_on() on:click=start>
                    {label}
                </button>
            </main>
            <ChatsBelow />
            <footer class="foot">
                <ThemeSwitch />
            </footer>
        </div>
    }
}
