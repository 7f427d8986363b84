//! The settings page: profile, theme, credentials, sessions, data.

mod credentials;
mod current_password;
mod delete_account;
mod disclosure;
mod export;
mod passkeys;
mod profile;
mod second_factor;
mod sessions;

use leptos::{either::Either, prelude::*};

use self::{
    credentials::Credentials, delete_account::LeaveSection, export::ExportSection, passkeys::PasskeySection,
    profile::Profile, second_factor::SecondFactorSection, sessions::SessionSection,
};
use super::reauth::{ReauthDialog, ReauthPrompt};
use crate::{
    components::{app_bar::AppBar, theme::ThemeSwitch},
    session::{
        AuthState, Session,
        current_user::CurrentUser,
        return_to::{self, auth_url, redirect_to_sign_in},
        use_session,
        waiting_page::WaitingPage,
    },
    strings::{self, onboarding},
};

const PATH: &str = "/settings";

/// State that the sections of the page share.
#[derive(Clone, Copy)]
pub struct SettingsState {
    pub session: Session,
    pub reauth: ReauthPrompt,
}

#[component]
pub fn Settings() -> impl IntoView {
    let session = use_session();
    let is_signed_in = Memo::new(move |_| session.is_signed_in());
    let is_waiting = Memo::new(move |_| session.is_waiting());
    move || {
        if let Some(user) = untrack(|| session.current_user()).filter(|_| is_signed_in.get()) {
            return Either::Left(view! { <SettingsPage user /> });
        }
        if !is_waiting.get() {
            require_sign_in(session);
        }
        Either::Right(view! { <WaitingPage /> })
    }
}

/// Redirects to the sign-in page, unless the user has just signed out and is being redirected already.
fn require_sign_in(session: Session) {
    match untrack(|| session.auth_state()) {
        AuthState::SignedOut => {}
        state => redirect_to_sign_in(PATH, state == AuthState::Expired),
    }
}

#[component]
fn SettingsPage(user: CurrentUser) -> impl IntoView {
    let session = use_session();
    let settings = SettingsState { session, reauth: ReauthPrompt::new(session) };
    let has_account = !user.guest;
    let account_sections = has_account.then(|| {
        view! {
            <Credentials settings />
            <SecondFactorSection settings />
            <PasskeySection settings />
        }
    });
    view! {
        <div class="page">
            <AppBar />
            <main class="card settings">
                <h1>{strings::SETTINGS}</h1>
                <Profile settings />
                <section>
                    <h2>{strings::THEME}</h2>
                    <ThemeSwitch />
                </section>
                {account_sections}
                {(!has_account).then(|| view! { <GuestSection /> })}
                <SessionSection settings />
                <ExportSection settings />
                <LeaveSection settings />
            </main>
        </div>
        <ReauthDialog reauth=settings.reauth />
    }
}

/// Offers guests an account.
#[component]
fn GuestSection() -> impl IntoView {
    view! {
        <section>
            <h2>{onboarding::ACCOUNT}</h2>
            <p class="muted">{onboarding::GUEST_TEXT}</p>
            <a class="plain" href=auth_url(PATH, false)>
                {onboarding::CREATE_ACCOUNT}
            </a>
        </section>
    }
}

async fn sign_out(session: Session) {
    session.sign_out().await;
    return_to::redirect(return_to::DEFAULT_PATH);
}

/// Leaves the page after a request that has ended the session.
fn leave_ended_session(session: Session) {
    session.set_signed_out();
    return_to::redirect(return_to::DEFAULT_PATH);
}
