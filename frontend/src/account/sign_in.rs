//! The page to sign up or in.

use leptos::{either::EitherOf3, ev, prelude::*};
use web_sys::UrlSearchParams;

use super::{
    auth_form::{AuthForm, AuthMode},
    password_reset::ForgotPassword,
};
use crate::{
    components::{app_bar::AppBar, form_request::focus, theme::ThemeSwitch},
    session::{
        return_to::{self, HAS_ACCOUNT, RETURN_PATH, SESSION_EXPIRED},
        use_session,
        waiting_page::WaitingPage,
    },
    strings::{self, onboarding},
};

impl AuthMode {
    const fn tab_id(self) -> &'static str {
        match self {
            Self::SignUp => "sign-up",
            Self::SignIn => "sign-in",
        }
    }

    const fn other(self) -> Self {
        match self {
            Self::SignUp => Self::SignIn,
            Self::SignIn => Self::SignUp,
        }
    }
}

/// The query parameters of the page; see `session/return_to.rs`.
struct AuthQuery {
    return_path: String,
    has_account: bool,
    is_expired: bool,
}

impl AuthQuery {
    fn read() -> Self {
        let search = window().location().search().unwrap_or_default();
        let query = UrlSearchParams::new_with_str(&search).ok();
        let has = |name: &str| query.as_ref().is_some_and(|query| query.has(name));
        let return_path = query.as_ref().and_then(|query| query.get(RETURN_PATH)).unwrap_or_default();
        Self {
            return_path: return_to::sanitize_return_path(&return_path).to_owned(),
            has_account: has(HAS_ACCOUNT),
            is_expired: has(SESSION_EXPIRED),
        }
    }
}

#[component]
pub fn SignInPage() -> impl IntoView {
    let session = use_session();
    let AuthQuery { return_path, has_account, is_expired } = AuthQuery::read();
    let initial = if has_account || is_expired { AuthMode::SignIn } else { AuthMode::SignUp };
    let mode = RwSignal::new(initial);
    let reset_requested = RwSignal::new(false);
    // Guests are here to create an account or to sign in to one.
    let is_done = Memo::new(move |_| session.is_signed_in() && !session.is_guest());
    let is_waiting = Memo::new(move |_| session.is_waiting());
    move || {
        if is_done.get() {
            return_to::redirect(&return_path);
        }
        if is_done.get() || is_waiting.get() {
            EitherOf3::A(view! { <WaitingPage /> })
        } else if reset_requested.get() {
            EitherOf3::B(view! { <ForgotPassword back=move |()| reset_requested.set(false) /> })
        } else {
            let (is_guest, return_path) = (untrack(|| session.is_guest()), return_path.clone());
            let reason = move || reason_text(is_expired, is_guest, mode.get(), &return_path);
            EitherOf3::C(view! { <AuthTabs mode reset_requested reason=Signal::derive(reason) /> })
        }
    }
}

#[component]
fn AuthTabs(
    mode: RwSignal<AuthMode>,
    /// Set when the person wants to reset their password.
    reset_requested: RwSignal<bool>,
    /// Why the page was opened; may be empty.
    reason: Signal<&'static str>,
) -> impl IntoView {
    // A memo, so that choosing the current tab again keeps the content of the form.
    let current = Memo::new(move |_| mode.get());
    view! {
        <div class="page">
            <AppBar />
            <main class="card">
                <h1 class="visually-hidden">{strings::SIGN_UP_OR_IN}</h1>
                <TabList mode />
                <p class="hint lead">{reason}</p>
                <div role="tabpanel" id="panel" aria-labelledby=move || mode.get().tab_id()>
                    {move || view! { <AuthForm mode=current.get() reset_requested /> }}
                </div>
            </main>
            <footer class="page-footer">
                <ThemeSwitch />
            </footer>
        </div>
    }
}

fn reason_text(is_expired: bool, is_guest: bool, mode: AuthMode, return_path: &str) -> &'static str {
    match mode {
        _ if is_expired => strings::SESSION_EXPIRED,
        AuthMode::SignUp if is_guest => onboarding::CLAIM,
        AuthMode::SignIn if is_guest => onboarding::GUEST_SIGN_IN,
        AuthMode::SignIn if return_path.starts_with("/chats/") => strings::SIGN_IN_TO_JOIN,
        _ => "",
    }
}

#[component]
fn TabList(mode: RwSignal<AuthMode>) -> impl IntoView {
    // As in native tab lists: arrow keys switch tabs, Tab leaves the list.
    let on_key = move |event: ev::KeyboardEvent| {
        if matches!(event.key().as_str(), "ArrowLeft" | "ArrowRight") {
            mode.update(|mode| *mode = mode.other());
            focus(mode.get_untracked().tab_id());
        }
    };
    let tab = move |this: AuthMode| {
        let is_selected = move || mode.get() == this;
        view! {
            <button
                role="tab"
                type="button"
                id=this.tab_id()
                aria-controls="panel"
                aria-selected=move || is_selected().to_string()
                tabindex=move || if is_selected() { "0" } else { "-1" }
                on:click=move |_| mode.set(this)
            >
                {this.label()}
            </button>
        }
    };
    view! {
        <div role="tablist" class="tabs" aria-label=strings::SIGN_UP_OR_IN on:keydown=on_key>
            {tab(AuthMode::SignUp)}
            {tab(AuthMode::SignIn)}
        </div>
    }
}
