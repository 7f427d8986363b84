//! Signing up and signing in.

use leptos::{either::EitherOf4, ev, prelude::*};
use web_sys::UrlSearchParams;

use super::{form::AuthForm, reset::Forgotten};
use crate::{
    session::{
        Standing,
        return_to::{self, ENDED, KNOWN, NEXT},
        use_session,
    },
    ui::{asking::focus, bar::Bar, opening::Opening, theme::ThemeSwitch},
    words,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    SignUp,
    SignIn,
}

impl Mode {
    pub const fn word(self) -> &'static str {
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

/// What the address says.
struct Asked {
    /// Where to go afterwards.
    next: String,
    /// There is an account.
    known: bool,
    /// One was signed in to it until now.
    ended: bool,
}

impl Asked {
    fn read() -> Self {
        let search = window().location().search().unwrap_or_default();
        let query = UrlSearchParams::new_with_str(&search).ok();
        let has = |name: &str| query.as_ref().is_some_and(|query| query.has(name));
        let next = query.as_ref().and_then(|query| query.get(NEXT)).unwrap_or_default();
        Self { next: return_to::safe(&next).to_owned(), known: has(KNOWN), ended: has(ENDED) }
    }
}

#[component]
pub fn Auth() -> impl IntoView {
    let session = use_session();
    let Asked { next, known, ended } = Asked::read();
    let mode = RwSignal::new(if known || ended { Mode::SignIn } else { Mode::SignUp });
    let forgotten = RwSignal::new(false);
    // A guest has come to become somebody, or somebody else.
    let done = Memo::new(move |_| session.is_in() && !session.is_guest());
    let coming = Memo::new(move |_| session.standing() == Standing::Returning);
    move || {
        let opening = || view! { <Opening text=words::entering::WELCOME_BACK /> };
        if done.get() {
            return_to::replace(&next);
            EitherOf4::A(opening())
        } else if coming.get() {
            EitherOf4::B(opening())
        } else if forgotten.get() {
            EitherOf4::C(view! { <Forgotten back=move |()| forgotten.set(false) /> })
        } else {
            let (is_guest, next) = (untrack(|| session.is_guest()), next.clone());
            let why = move || why(ended, is_guest, mode.get(), &next);
            EitherOf4::D(view! { <Page mode forgotten why=Signal::derive(why) /> })
        }
    }
}

#[component]
fn Page(
    /// Which of the two is chosen.
    mode: RwSignal<Mode>,
    /// Whether the person wants another password.
    forgotten: RwSignal<bool>,
    /// Why one is asked.
    why: Signal<&'static str>,
) -> impl IntoView {
    // What is chosen already can be chosen again, and what was filled in stays.
    let chosen = Memo::new(move |_| mode.get());
    view! {
        <div class="page">
            <Bar />
            <main class="card">
                <h1 class="hidden">{words::SIGN_UP_OR_IN}</h1>
                <Tabs mode />
                <p class="hint lead">{why}</p>
                <div role="tabpanel" id="panel" aria-labelledby=move || mode.get().tab()>
                    {move || view! { <AuthForm mode=chosen.get() forgotten /> }}
                </div>
            </main>
            <footer class="foot">
                <ThemeSwitch />
            </footer>
        </div>
    }
}

fn why(ended: bool, is_guest: bool, mode: Mode, next: &str) -> &'static str {
    match mode {
        _ if ended => words::SESSION_OVER,
        Mode::SignUp if is_guest => words::entering::CLAIM,
        Mode::SignIn if is_guest => words::entering::LEAVES_THE_GUEST,
        Mode::SignIn if next.starts_with("/chats/") => words::OPENED_A_LINK,
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
