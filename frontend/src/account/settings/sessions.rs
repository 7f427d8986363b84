//! Lists the user's sessions and ends them.

use leptos::{ev, prelude::*};
use shared::session::SessionInfo;

use super::{SettingsState, leave_ended_session, sign_out};
use crate::{
    api::{RequestError, account as calls},
    components::{
        confirm::ConfirmedButton,
        form_request::{FormRequest, Outcome},
    },
    strings::{self, account},
};

type Sessions = RwSignal<Vec<SessionInfo>>;

async fn load(settings: SettingsState, sessions: Sessions) -> Result<(), RequestError> {
    let response = settings.session.send(calls::list_sessions()).await?;
    // The page may have been left meanwhile.
    let _set = sessions.try_set(response.sessions);
    Ok(())
}

#[component]
pub fn SessionSection(settings: SettingsState) -> impl IntoView {
    let (request, sessions) = (FormRequest::default(), Sessions::default());
    request.start(load(settings, sessions));
    // Sessions, this one included, may have been ended on another device while the page was in the background.
    let on_focus = window_event_listener(ev::focus, move |_| request.start(load(settings, sessions)));
    on_cleanup(move || on_focus.remove());
    let rows = move || {
        let rows = sessions.get().into_iter();
        rows.map(|info| view! { <SessionRow settings info sessions /> }).collect_view()
    };
    let is_guest = untrack(|| settings.session.is_guest());
    view! {
        <section>
            <h2>{account::SESSIONS}</h2>
            <ul class="setting-list">{rows}</ul>
            <div class="button-row" hidden=is_guest>
                <SignOutButton settings />
                <SignOutEverywhere settings sessions />
            </div>
            <Outcome request />
        </section>
    }
}

#[component]
fn SessionRow(settings: SettingsState, info: SessionInfo, sessions: Sessions) -> impl IntoView {
    let (id, request) = (info.id, FormRequest::default());
    let end = move |_| {
        request.start(async move {
            settings.session.send(calls::end_session(id)).await?;
            load(settings, sessions).await
        });
    };
    let client = account::client_name(&info);
    view! {
        <li>
            <div class="setting-row">
                <p>
                    <bdi>{client.clone()}</bdi>
                    <span class="hint">{account::session_facts(&info)}</span>
                </p>
                <button
                    class="quiet"
                    hidden=info.current
                    aria-disabled=move || request.aria_disabled()
                    on:click=end
                >
                    {strings::SIGN_OUT}
                    <span class="visually-hidden">" "{client}</span>
                </button>
            </div>
            <Outcome request />
        </li>
    }
}

#[component]
fn SignOutButton(settings: SettingsState) -> impl IntoView {
    let request = FormRequest::default();
    let on_click = move |_| {
        request.start(async move {
            sign_out(settings.session).await;
            Ok(())
        });
    };
    view! {
        <button class="plain" aria-disabled=move || request.aria_disabled() on:click=on_click>
            {strings::SIGN_OUT}
        </button>
    }
}

/// Ends all sessions, this one included.
#[component]
fn SignOutEverywhere(settings: SettingsState, sessions: Sessions) -> impl IntoView {
    let request = FormRequest::default();
    let end_all = move |()| {
        request.start(async move {
            settings.session.send(calls::end_all_sessions()).await?;
            leave_ended_session(settings.session);
            Ok(())
        });
    };
    view! {
        <ConfirmedButton
            class="quiet"
            hidden=Signal::derive(move || sessions.read().len() < 2)
            label=account::SIGN_OUT_EVERYWHERE
            question=account::SIGN_OUT_EVERYWHERE_CONFIRM
            request
            on_confirm=end_all
        />
    }
}
