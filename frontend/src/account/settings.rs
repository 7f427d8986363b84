//! Who one is, how it looks, how one signs in, and what is one's own.

mod current;
mod export;
mod farewell;
mod identity;
mod passkeys;
mod profile;
mod second_factor;
mod sessions;

use leptos::{either::Either, ev, prelude::*};

use self::{
    export::Data, farewell::Farewell, identity::Identity, passkeys::PasskeyList, profile::Profile,
    second_factor::SecondFactorPart, sessions::SessionList,
};
use super::proof::{Proof, ProofDialog};
use crate::{
    session::{
        Session, Standing,
        me::Me,
        return_to::{self, path_back_to, to_auth},
        use_session,
    },
    ui::{
        asking::{focus, focus_soon},
        bar::Bar,
        opening::Opening,
        theme::ThemeSwitch,
    },
    words::{self, entering},
};

const PATH: &str = "/settings";

/// What is being changed: one thing at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Username,
    Email,
    Password,
    SecondFactor,
    Passkey,
    Deletion,
}

impl Part {
    /// The element that takes the focus once it is folded up.
    const fn way_in(self) -> &'static str {
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

/// What the parts of the page share.
#[derive(Clone, Copy)]
pub struct Desk {
    pub session: Session,
    pub proof: Proof,
    /// What is being changed now.
    pub open: RwSignal<Option<Part>>,
}

impl Desk {
    /// Unfolds a part, and folds up whatever was unfolded; or folds it up.
    pub fn toggle(self, part: Part) {
        self.open.update(|open| *open = if *open == Some(part) { None } else { Some(part) });
    }

    pub fn is_open(self, part: Part) -> bool {
        self.open.get() == Some(part)
    }

    /// Something is done with; the part that was open may have been left meanwhile.
    pub fn close(self) {
        let _left = self.open.try_set(None);
    }
}

#[component]
pub fn Settings() -> impl IntoView {
    let session = use_session();
    let is_in = Memo::new(move |_| session.is_in());
    let coming = Memo::new(move |_| session.standing() == Standing::Returning);
    move || {
        if let Some(me) = untrack(|| session.me()).filter(|_| is_in.get()) {
            return Either::Left(view! { <Page me /> });
        }
        if !coming.get() {
            leave(session);
        }
        Either::Right(view! { <Opening text=entering::WELCOME_BACK /> })
    }
}

/// Whoever is not known yet becomes so; whoever signed out is on their way.
fn leave(session: Session) {
    match untrack(|| session.standing()) {
        Standing::Left => {}
        standing => to_auth(PATH, standing == Standing::Ended),
    }
}

#[component]
fn Page(
    /// Who one is.
    me: Me,
) -> impl IntoView {
    let session = use_session();
    let desk = Desk { session, proof: Proof::new(session), open: RwSignal::new(None) };
    let has_account = !me.guest;
    let of_accounts = has_account.then(|| {
        view! {
            <Identity desk />
            <SecondFactorPart desk />
            <PasskeyList desk />
        }
    });
    walk_along(desk.open);
    let on_key = move |event: ev::KeyboardEvent| {
        if event.key() == "Escape" {
            desk.close();
        }
    };
    view! {
        <div class="page">
            <Bar />
            <main class="card settings" on:keydown=on_key>
                <h1>{entering::SETTINGS}</h1>
                <Profile desk />
                <section>
                    <h2>{words::THEME}</h2>
                    <ThemeSwitch />
                </section>
                {of_accounts}
                <Guest me />
                <SessionList desk />
                <Data desk />
                <Farewell desk />
            </main>
        </div>
        <ProofDialog proof=desk.proof />
    }
}

/// The focus goes into what is unfolded, and back to where it was unfolded.
fn walk_along(open: RwSignal<Option<Part>>) {
    Effect::new(move |before: Option<Option<Part>>| {
        let now = open.get();
        match (before.flatten(), now) {
            (_, Some(_)) => request_animation_frame(focus_first_field),
            (Some(left), None) => focus_soon(left.way_in()),
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

/// What guests are told, quietly.
#[component]
fn Guest(
    /// Who one is.
    me: Me,
) -> impl IntoView {
    me.guest.then(|| {
        view! {
            <section>
                <h2>{entering::ACCOUNT}</h2>
                <p class="muted">{entering::GUEST_TEXT}</p>
                <a class="plain" href=path_back_to(PATH, false)>
                    {entering::CREATE_ACCOUNT}
                </a>
            </section>
        }
    })
}

/// Signs out here, and goes where one is not expected to be known.
async fn sign_out(session: Session) {
    session.sign_out().await;
    return_to::replace(return_to::HOME);
}

/// The session has ended with what was asked for.
fn leave_behind(session: Session) {
    session.leave();
    return_to::replace(return_to::HOME);
}
