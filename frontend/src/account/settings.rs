//! The settings page: profile, theme, credentials, sessions, data.

mod credentials;
mod current_password;
mod delete_account;
mod export;
mod passkeys;
mod profile;
mod second_factor;
mod sessions;

use leptos::{either::Either, ev, prelude::*};

use self::{
    credentials::Credentials, delete_account::LeaveSection, export::ExportSection, passkeys::PasskeySection,
    profile::Profile, second_factor::SecondFactorSection, sessions::SessionSection,
};
use super::reauth::{ReauthDialog, ReauthPrompt};
use crate::{
    components::{
        app_bar::AppBar,
        form_request::{focus, focus_soon},
        loading::LoadingPage,
        theme::ThemeSwitch,
    },
    session::{
        AuthState, Session,
        current_user::CurrentUser,
        return_to::{self, auth_url, redirect_to_sign_in},
        use_session,
    },
    strings::{self, onboarding},
};

const PATH: &str = "/settings";

/// The forms of the page, of which one can be open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    Username,
    Email,
    Password,
    SecondFactor,
    Passkey,
    Deletion,
}

impl Section {
    /// The id of the element that gets the focus when the form closes.
    const fn opener_id(self) -> &'static str {
        match self {
            Self::Username => "change-username",
            Self::Email => "change-email",
            Self::Password => "change-password",
            Self::SecondFactor => "second-factor",
            Self::Passkey => "passkeys",
            Self::Deletion => "delete-account",
        }
    }
}

/// State that the sections of the page share.
#[derive(Clone, Copy)]
pub struct SettingsState {
    pub session: Session,
    pub reauth: ReauthPrompt,
    pub open: RwSignal<Option<Section>>,
}

impl SettingsState {
    fn new(session: Session) -> Self {
        Self { session, reauth: ReauthPrompt::new(session), open: RwSignal::new(None) }
    }

    /// Opens a form and closes any other, or closes it.
    pub fn toggle(self, section: Section) {
        self.open.update(|open| *open = if *open == Some(section) { None } else { Some(section) });
    }

    pub fn is_open(self, section: Section) -> bool {
        self.open.get() == Some(section)
    }

    pub fn close(self) {
        // The page may have been left meanwhile.
        let _closed = self.open.try_set(None);
    }
}

#[component]
pub fn Settings() -> impl IntoView {
    let session = use_session();
    let is_signed_in = Memo::new(move |_| session.is_signed_in());
    let is_restoring = Memo::new(move |_| session.auth_state() == AuthState::Restoring);
    move || {
        if let Some(user) = untrack(|| session.current_user()).filter(|_| is_signed_in.get()) {
            return Either::Left(view! { <SettingsPage user /> });
        }
        if !is_restoring.get() {
            require_sign_in(session);
        }
        Either::Right(view! { <LoadingPage text=onboarding::WELCOME_BACK /> })
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
    let settings = SettingsState::new(use_session());
    let has_account = !user.guest;
    let account_sections = has_account.then(|| {
        view! {
            <Credentials settings />
            <SecondFactorSection settings />
            <PasskeySection settings />
        }
    });
    move_focus(settings.open);
    let on_key = move |event: ev::KeyboardEvent| {
        if event.key() == "Escape" {
            settings.close();
        }
    };
    view! {
        <div class="page">
            <AppBar />
            <main class="card settings" on:keydown=on_key>
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

/// Moves the focus into a form that opens, and back to its opener when it closes.
fn move_focus(open: RwSignal<Option<Section>>) {
    Effect::new(move |before: Option<Option<Section>>| {
        let now = open.get();
        match (before.flatten(), now) {
            (_, Some(_)) => request_animation_frame(focus_first_field),
            (Some(closed), None) => focus_soon(closed.opener_id()),
            (None, None) => {}
        }
        now
    });
}

fn focus_first_field() {
    let field = document().query_selector(".settings form.sunken input:not([aria-hidden])").ok().flatten();
    if let Some(field) = field {
        focus(&field.id());
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
