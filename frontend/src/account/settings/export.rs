//! Everything of one's own in a file.

use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use shared::export::{Export, State};

use super::Desk;
use crate::{
    api::{self, Trouble, account as calls},
    session::Session,
    ui::asking::{Asking, Outcome},
    words::account,
};

/// How often it is looked how far it is, in milliseconds.
const LOOK: u32 = 1_000;

#[component]
pub fn Data(
    /// What the parts of the page share.
    desk: Desk,
) -> impl IntoView {
    let Desk { session, proof, .. } = desk;
    let (asking, newest) = (Asking::default(), RwSignal::new(None::<Export>));
    let watch = move || watch(session, newest);
    asking.begin(watch());
    let begin = move |_| {
        asking.begin(async move {
            if proof.send(calls::begin_export).await?.is_some() {
                watch().await?;
            }
            Ok(())
        });
    };
    let save = move |_| {
        let Some(id) = newest.read_untracked().as_ref().map(|export| export.id) else { return };
        asking.begin(async move {
            let ticket = session.ask(api::ticket()).await?.ticket;
            // It is saved beside the page, which stays.
            let _saved = window().location().assign(&calls::export_file(id, &ticket));
            Ok(())
        });
    };
    let state = Memo::new(move |_| newest.read().as_ref().map(|export| export.state));
    let is_ready = move || state.get() == Some(State::Ready);
    let is_under_way = move || matches!(state.get(), Some(State::Waiting | State::Running));
    let text = move || newest.read().as_ref().map_or(account::EXPORT_TEXT.to_owned(), account::export);
    let count = move |of: fn(&Export) -> u64| newest.read().as_ref().map(|export| of(export).to_string());
    view! {
        <section>
            <h2>{account::DATA}</h2>
            <p class="muted">{text}</p>
            <p class="hidden" role="status">{move || is_ready().then_some(account::EXPORT_READY)}</p>
            <progress
                hidden=move || !is_under_way()
                max=move || count(|export| export.total.max(1))
                value=move || count(|export| export.done)
                aria-label=account::DATA
            ></progress>
            <div class="choices">
                <button class="primary" hidden=move || !is_ready() aria-disabled=move || asking.busy() on:click=save>
                    {account::SAVE_EXPORT}
                </button>
                <button class="plain" hidden=is_under_way aria-disabled=move || asking.busy() on:click=begin>
                    {account::BEGIN_EXPORT}
                </button>
            </div>
            <Outcome asking />
        </section>
    }
}

/// Looks how far the newest is until it is written, or the page was left.
async fn watch(session: Session, newest: RwSignal<Option<Export>>) -> Result<(), Trouble> {
    loop {
        let found = match session.ask(calls::exports()).await {
            // It goes on without us, and we look again.
            Err(Trouble::Unreachable) if newest.try_get_untracked().flatten().is_some() => {
                TimeoutFuture::new(LOOK).await;
                continue;
            }
            answer => answer?.exports.into_iter().next(),
        };
        let is_done = !matches!(&found, Some(Export { state: State::Waiting | State::Running, .. }));
        if newest.try_set(found).is_some() || is_done {
            return Ok(());
        }
        TimeoutFuture::new(LOOK).await;
    }
}
