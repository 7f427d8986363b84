//! The ways into the chat: its own address, and the links that were made beside it.

use leptos::prelude::*;
use shared::link::{Link, Links as Listed};

use super::{address::Address, link::LinkRow, new_link::NewLink};
use crate::{
    api::keeping as calls,
    chat::{act::Act, room::Room},
    ui::asking::Outcome,
    words::{keeping, links},
};

#[component]
pub fn Links(
    /// The chat.
    room: Room,
) -> impl IntoView {
    let links = RwSignal::new(None::<Vec<Link>>);
    let act = Act::new(room);
    let load = move || {
        act.begin(calls::links(&room.uri_now()), move |listed: Listed| {
            let (ended, working): (Vec<_>, Vec<_>) =
                listed.links.into_iter().partition(|link| link.revoked_at.is_some());
            links.set(Some(working.into_iter().chain(ended).collect()));
        });
    };
    load();
    let again = Callback::new(move |()| load());
    let none = move || match &*links.read() {
        None if act.is_busy() => keeping::LOADING,
        Some(links) if links.is_empty() => links::NO_LINKS,
        _ => "",
    };
    let key = |link: &Link| (link.id, link.uses, link.revoked_at.is_some());
    view! {
        <section>
            <h3>{links::ADDRESS}</h3>
            <Address room />
        </section>
        <section>
            <h3>{links::FURTHER_LINKS}</h3>
            <p class="muted">{none}</p>
            <Outcome asking=act />
            <ul class="links">
                <For each=move || links.get().unwrap_or_default() key=key let:link>
                    <LinkRow link again room />
                </For>
            </ul>
            <NewLink again room />
        </section>
    }
}
