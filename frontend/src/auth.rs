//! Signing up and signing in.

mod form;

use leptos::{either::EitherOf3, ev, prelude::*};
use leptos_router::{
    NavigateOptions,
    components::Redirect,
    hooks::{use_navigate, use_query_map},
};

use self::form::AuthForm;
use crate::{
    chat::Opening,
    session::{Standing, return_to, use_session},
    ui::{asking::focus, bar::Bar, theme::ThemeSwitch},
    words,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    SignUp,
    SignIn,
}

impl Mode {
    const fn word(self) -> &'static str {
        match self {
            Self::SignUp => words::SIGN_UP,
            Self::SignIn => words::SIGN_IN,
        }
    }

    const fn tab(self) -> &'static str {
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

#[component]
pub fn Auth() -> impl IntoView {
    let session = use_session();
    let query = use_query_map();
    let next = move || return_to::safe(query.read().get_str(NEXT).unwrap_or_default()).to_owned();
    let standing = untrack(|| session.standing());
    let known = matches!(standing, Standing::Left | Standing::Ended)
        || query.read_untracked().get_str(KNOWN).is_some();
    let mode = RwSignal::new(if known { Mode::SignIn } else { Mode::SignUp });
    let why = move || why(&standing, mode.get(), &next());
    let page = move || {
        view! {
            <div class="page">
                <Bar />
                <main class="card">
                    <h1 class="hidden">{words::SIGN_UP_OR_IN}</h1>
                    <Tabs mode />
                    <p class="hint lead">{why}</p>
                    <div role="tabpanel" id="panel" aria-labelledby=move || mode.get().tab()>
                        {move || view! { <AuthForm mode=mode.get() /> }}
                    </div>
                </main>
                <footer class="foot">
                    <ThemeSwitch />
                </footer>
            </div>
        }
    };
    let onward = move || view! { <Redirect path=next() options=replacing() /> };
    // A guest has come to become somebody, or somebody else.
    let done = Memo::new(move |_| session.is_in() && !session.is_guest());
    let coming = Memo::new(move |_| session.standing() == Standing::Returning);
    move || {
        if done.get() {
            EitherOf3::A(onward())
        } else if coming.get() {
            EitherOf3::B(view! { <Opening text=words::entering::WELCOME_BACK /> })
        } else {
            EitherOf3::C(page.clone()())
        }
    }
}

/// The query parameter that holds where to go afterwards,
const NEXT: &str = "next";
/// and the one that says that there is an account.
const KNOWN: &str = "known";

/// Where one signs up, or in if there is an account, and comes back to `path`.
pub fn path_back_to(path: &str, known: bool) -> String {
    let known = if known { format!("{KNOWN}&") } else { String::new() };
    match return_to::safe(path) {
        "/" | return_to::HOME => format!("/auth?{known}"),
        wanted => format!("/auth?{known}{NEXT}={}", js_sys::encode_uri_component(wanted)),
    }
}

/// Asks for a name and leads back to `path`.
pub fn to_auth(path: &str) {
    let navigate = use_navigate();
    navigate(&path_back_to(path, true), replacing());
}

/// Going on by itself leaves no step in the browser's history to trip over on the way back.
pub fn replacing() -> NavigateOptions {
    NavigateOptions { replace: true, ..NavigateOptions::default() }
}

fn why(standing: &Standing, mode: Mode, next: &str) -> &'static str {
    match (standing, mode) {
        (Standing::Ended, _) => words::SESSION_OVER,
        (Standing::In(_), Mode::SignUp) => words::entering::CLAIM,
        (Standing::In(_), Mode::SignIn) => words::entering::LEAVES_THE_GUEST,
        (_, Mode::SignIn) if next.starts_with("/chats/") => words::OPENED_A_LINK,
        _ => "",
    }
}

#[component]
fn Tabs(
    /// Which of them is chosen.
    mode: RwSignal<Mode>,
) -> impl IntoView {
    // As everywhere in the browser: the arrows walk from tab to tab, Tab walks on.
    let walk = move |event: ev::KeyboardEvent| {
        if matches!(event.key().as_str(), "ArrowLeft" | "ArrowRight") {
            mode.update(|mode| *mode = mode.other());
            focus(mode.get_untracked().tab());
        }
    };
    let tab = move |this: Mode| {
        let chosen = move || mode.get() == this;
        view! {
            <button
                role="tab"
                type="button"
                id=this.tab()
                aria-controls="panel"
                aria-selected=move || chosen().to_string()
                tabindex=move || if chosen() { "0" } else { "-1" }
                on:click=move |_| mode.set(this)
            >
                {this.word()}
            </button>
        }
    };
    view! {
        <div role="tablist" class="tabs" aria-label=words::SIGN_UP_OR_IN on:keydown=walk>
            {tab(Mode::SignUp)}
            {tab(Mode::SignIn)}
        </div>
    }
}
