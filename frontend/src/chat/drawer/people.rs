//! Who is in the chat, who waits to be let in, and who may not come back.

use leptos::prelude::*;
use shared::member::{Member, Standing};

use super::person::Person;
use crate::{chat::room::Room, words::keeping};

#[component]
pub fn People(
    /// The chat.
    room: Room,
) -> impl IntoView {
    let topic = Memo::new(move |_| room.chat().map(|chat| chat.topic).unwrap_or_default());
    let roster = Memo::new(move |_| room.roster());
    let of = move |standing: Standing| {
        Signal::derive(move || {
            let _revision = roster.get();
            if standing.is_in() { room.members() } else { untrack(|| room.standing(standing)) }
        })
    };
    let keeps_order = Memo::new(move |_| room.myself().keeps_order());
    let kept = move |standing: Standing| {
        let people = of(standing);
        Signal::derive(move || if keeps_order.get() { people.get() } else { Vec::new() })
    };
    // Whose actions are unfolded: one at a time.
    let open = RwSignal::new(None);
    view! {
        <p class="muted topic">{move || topic.get()}</p>
        <Group title=keeping::WAITING people=kept(Standing::Knocking) open room />
        <Group title=keeping::IN_THE_CHAT people=of(Standing::In) open room />
        <Group title=keeping::BANNED people=kept(Standing::Banned) open room />
    }
}

#[component]
fn Group(
    /// What they have in common.
    title: &'static str,
    /// Who they are.
    people: Signal<Vec<Member>>,
    /// Whose actions are unfolded.
    open: RwSignal<Option<i64>>,
    /// The chat.
    room: Room,
) -> impl IntoView {
    view! {
        <section hidden=move || people.read().is_empty()>
            <h3>{title}</h3>
            <ul class="people">
                <For each=move || people.get() key=|member| (member.user.id, member.revision) let:member>
                    <Person member open room />
                </For>
            </ul>
        </section>
    }
}
