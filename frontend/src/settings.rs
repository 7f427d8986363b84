//! Who one is, and how it looks.

use leptos::{either::EitherOf3, ev, prelude::*};
use leptos_router::{NavigateOptions, hooks::use_navigate};

use crate::{
    auth::{path_back_to, to_auth},
    chat::Opening,
    session::{Session, Standing, me::Me, return_to, use_session},
    ui::{
        asking::{Asking, Outcome},
        bar::Bar,
        field::{DISPLAY_NAME, Field, value},
        theme::ThemeSwitch,
    },
    words,
};

const PATH: &str = "/settings";

#[component]
pub fn Settings() -> impl IntoView {
    let session = use_session();
    let is_in = Memo::new(move |_| session.is_in());
    let coming = Memo::new(move |_| session.standing() == Standing::Returning);
    move || match untrack(|| session.me()).filter(|_| is_in.get()) {
        Some(me) => EitherOf3::A(view! { <Page me /> }),
        None if coming.get() => EitherOf3::B(view! { <Opening text=words::entering::WELCOME_BACK /> }),
        None => {
            leave(session);
            EitherOf3::C(())
        }
    }
}

/// Whoever is not known yet becomes so; whoever signed out is on their way.
fn leave(session: Session) {
    if untrack(|| session.standing()) != Standing::Left {
        to_auth(PATH);
    }
}

#[component]
fn Page(
    /// Who one is.
    me: Me,
) -> impl IntoView {
    view! {
        <div class="page">
            <Bar />
            <main class="card settings">
                <h1>{words::entering::SETTINGS}</h1>
                <Rename name=me.name().to_owned() />
                <section>
                    <h2>{words::THEME}</h2>
                    <ThemeSwitch />
                </section>
                <AccountPart me />
            </main>
        </div>
    }
}

#[component]
fn Rename(
    /// What one is called now.
    name: String,
) -> impl IntoView {
    let session = use_session();
    let (asking, node, saved) = (Asking::default(), NodeRef::new(), RwSignal::new(false));
    let save = move |event: ev::SubmitEvent| {
        event.prevent_default();
        saved.set(false);
        asking.begin(async move {
            session.rename(&value(node)).await?;
            // The page may have been left meanwhile.
            let _left = saved.try_set(true);
            Ok(())
        });
    };
    let label = move || if saved.get() { words::entering::SAVED } else { words::entering::SAVE };
    view! {
        <form class="form" novalidate on:submit=save on:input=move |_| saved.set(false)>
            <Field
                name=DISPLAY_NAME
                label=words::entering::YOUR_NAME
                hint=words::entering::NAME_HINT.to_owned()
                autocomplete="nickname"
                value=name
                node
                faults=asking.faults
            />
            <Outcome asking />
            <button class="primary" disabled=move || asking.is_held()>
                {label}
            </button>
        </form>
    }
}

#[component]
fn AccountPart(
    /// Who one is.
    me: Me,
) -> impl IntoView {
    let text = if me.guest {
        words::entering::GUEST_TEXT.to_owned()
    } else {
        words::entering::signs_in_as(&me.username)
    };
    view! {
        <section>
            <h2>{words::entering::ACCOUNT}</h2>
            <p class="muted">{text}</p>
            <a class="quiet" href=path_back_to(PATH, false) hidden=!me.guest>
                {words::entering::CREATE_ACCOUNT}
            </a>
            <SignOut guest=me.guest />
        </section>
    }
}

/// Guests are asked twice: for them there is no way back.
#[component]
fn SignOut(
    /// Whether one is a guest.
    guest: bool,
) -> impl IntoView {
    let session = use_session();
    let navigate = use_navigate();
    let asked = RwSignal::new(!guest);
    let go = move |_| {
        if asked.get_untracked() {
            navigate(return_to::HOME, NavigateOptions::default());
            session.sign_out();
        } else {
            asked.set(true);
        }
    };
    let label = move || match (guest, asked.get()) {
        (false, _) => words::SIGN_OUT,
        (true, false) => words::entering::FORGET_ME,
        (true, true) => words::entering::REALLY_FORGET_ME,
    };
    view! {
        <button class="quiet" on:click=go aria-describedby="forget">
            {label}
        </button>
        <p class="hint" id="forget" hidden=!guest>{words::entering::FORGET_ME_TEXT}</p>
    }
}
