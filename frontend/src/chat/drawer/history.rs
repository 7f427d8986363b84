//! What was done in the chat beside talking, the newest first.

use leptos::prelude::*;
use shared::audit::{Audit, AuditEntry};

use crate::{
    api::keeping as calls,
    chat::{act::Act, room::Room},
    clock,
    ui::asking::Outcome,
    words::{self, keeping},
};

#[component]
pub fn History(
    /// The chat.
    room: Room,
) -> impl IntoView {
    let (entries, earlier) = (RwSignal::new(Vec::<AuditEntry>::new()), RwSignal::new(true));
    let read = RwSignal::new(false);
    let act = Act::new(room);
    let load = move || {
        let before = entries.with_untracked(|entries| entries.last().map(|entry| entry.id));
        act.begin(calls::audit(&room.uri_now(), before), move |page: Audit| {
            earlier.set(page.earlier);
            entries.update(|entries| entries.extend(page.entries));
            read.set(true);
        });
    };
    load();
    let line = move |entry: AuditEntry| {
        let at = entry.created_at.timestamp_millis();
        let who = entry.user.as_ref().map(|user| if user.id == room.me() { words::YOU } else { user.name() });
        words::events::act(who, room.me(), |person| person.name.clone(), &entry.act).map(|done| {
            view! {
                <li>
                    <p>{done}</p>
                    <time class="hint" datetime=clock::iso(at) title=clock::full(at)>{clock::moment(at)}</time>
                </li>
            }
        })
    };
    let none = move || if read.get() { keeping::NOTHING_DONE } else { keeping::LOADING };
    view! {
        <p class="muted" hidden=move || !entries.read().is_empty()>{none}</p>
        <ul class="acts">
            <For each=move || entries.get() key=|entry| entry.id let:entry>
                {line(entry)}
            </For>
        </ul>
        <Outcome asking=act />
        <button
            class="plain"
            hidden=move || !(read.get() && earlier.get())
            aria-disabled=move || act.busy()
            on:click=move |_| load()
        >
            {keeping::SHOW_EARLIER}
        </button>
    }
}
