//! What one is signed in to, wherever that is.

use leptos::{ev, prelude::*};
use shared::session::Session;

use super::{Desk, leave_behind, sign_out};
use crate::{
    api::{Trouble, account as calls},
    ui::{
        asking::{Asking, Outcome},
        confirm::Confirm,
    },
    words::{self, account},
};

type Known = RwSignal<Vec<Session>>;

async fn read(desk: Desk, known: Known) -> Result<(), Trouble> {
    let found = desk.session.ask(calls::sessions()).await?;
    // The page may have been left meanwhile.
    let _left = known.try_set(found.sessions);
    Ok(())
}

#[component]
pub fn SessionList(
    /// What the parts of the page share.
    desk: Desk,
) -> impl IntoView {
    let session = desk.session;
    let (asking, known) = (Asking::default(), Known::default());
    asking.begin(read(desk, known));
    // Whoever comes back to the page sees what became of it elsewhere; if this session has ended, that.
    let looking = window_event_listener(ev::focus, move |_| asking.begin(read(desk, known)));
    on_cleanup(move || looking.remove());
    let rows = move || {
        let rows = known.get().into_iter();
        rows.map(|listed| view! { <Row desk listed known /> }).collect_view()
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
    /// All of them.
    known: Known,
) -> impl IntoView {
    let (session, id) = (desk.session, listed.id);
    let asking = Asking::default();
    let end = move |_| {
        asking.begin(async move {
            session.ask(calls::end_session(id)).await?;
            read(desk, known).await
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
    known: Known,
) -> impl IntoView {
    let session = desk.session;
    let (asking, asked) = (Asking::default(), RwSignal::new(false));
    let end = move |()| {
        asking.begin(async move {
            session.ask(calls::end_all_sessions()).await?;
            leave_behind(session);
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
