//! What one is signed in to, wherever that is.

use leptos::prelude::*;
use shared::session::Session;

use super::{Desk, sign_out};
use crate::{
    api::account as calls,
    session::return_to,
    ui::{
        asking::{Asking, Outcome},
        confirm::Confirm,
    },
    words::{self, account, entering},
};

#[component]
pub fn SessionList(
    /// What the parts of the page share.
    desk: Desk,
) -> impl IntoView {
    let session = desk.session;
    let (asking, known) = (Asking::default(), RwSignal::new(Vec::<Session>::new()));
    let again = Callback::new(move |()| {
        asking.begin(async move {
            let found = session.ask(calls::sessions()).await?;
            let _left = known.try_set(found.sessions);
            Ok(())
        });
    });
    again.run(());
    let rows = move || {
        let rows = known.get().into_iter();
        rows.map(|listed| view! { <Row desk listed again /> }).collect_view()
    };
    let is_guest = untrack(|| session.is_guest());
    view! {
        <section>
            <h2>{account::SESSIONS}</h2>
            <ul class="facts">{rows}</ul>
            <div class="choices" hidden=is_guest>
                <SignOut desk />
                <Everywhere desk known />
            </div>
            <Outcome asking />
        </section>
    }
}

#[component]
fn Row(
    /// What the parts of the page share.
    desk: Desk,
    /// One sign-in.
    listed: Session,
    /// Reads the list anew.
    again: Callback<()>,
) -> impl IntoView {
    let (session, id) = (desk.session, listed.id);
    let asking = Asking::default();
    let end = move |_| {
        asking.begin(async move {
            session.ask(calls::end_session(id)).await?;
            again.run(());
            Ok(())
        });
    };
    let device = account::device(&listed);
    view! {
        <li>
            <div class="fact">
                <p>
                    <bdi>{device.clone()}</bdi>
                    <span class="hint">{account::session_facts(&listed)}</span>
                </p>
                <button class="quiet" hidden=listed.current aria-disabled=move || asking.busy() on:click=end>
                    {words::SIGN_OUT}
                    <span class="hidden">" "{device}</span>
                </button>
            </div>
            <Outcome asking />
        </li>
    }
}

#[component]
fn SignOut(
    /// What the parts of the page share.
    desk: Desk,
) -> impl IntoView {
    let asking = Asking::default();
    let go = move |_| {
        asking.begin(async move {
            sign_out(desk.session).await;
            Ok(())
        });
    };
    view! {
        <button class="plain" aria-disabled=move || asking.busy() on:click=go>
            {words::SIGN_OUT}
        </button>
    }
}

/// Here as well.
#[component]
fn Everywhere(
    /// What the parts of the page share.
    desk: Desk,
    /// What there is to be ended.
    known: RwSignal<Vec<Session>>,
) -> impl IntoView {
    let session = desk.session;
    let (asking, asked) = (Asking::default(), RwSignal::new(false));
    let end = move |()| {
        asking.begin(async move {
            session.ask(calls::end_all_sessions()).await?;
            session.leave();
            return_to::replace(return_to::HOME);
            Ok(())
        });
    };
    let part = move || {
        asked.get().then(|| {
            view! {
                <Confirm
                    question=account::EVERYWHERE_REALLY.to_owned()
                    yes=account::EVERYWHERE
                    asking
                    on_yes=end
                    on_no=move |()| asked.set(false)
                />
            }
        })
    };
    view! {
        <button class="quiet" hidden=move || asked.get() || known.read().len() < 2 on:click=move |_| asked.set(true)>
            {account::EVERYWHERE}
        </button>
        {part}
    }
}

/// Guests are asked twice: for them there is no way back.
#[component]
pub fn ForgetMe(
    /// What the parts of the page share.
    desk: Desk,
) -> impl IntoView {
    let (asking, asked) = (Asking::default(), RwSignal::new(false));
    let go = move |()| {
        asking.begin(async move {
            sign_out(desk.session).await;
            Ok(())
        });
    };
    let part = move || {
        asked.get().then(|| {
            view! {
                <Confirm
                    question=entering::FORGET_ME_TEXT.to_owned()
                    yes=entering::FORGET_ME
                    asking
                    on_yes=go
                    on_no=move |()| asked.set(false)
                />
            }
        })
    };
    view! {
        <button class="plain bad" hidden=asked on:click=move |_| asked.set(true)>
            {entering::FORGET_ME}
        </button>
        {part}
    }
}
