//! A message.

mod actions;
mod said;

use leptos::{either::Either, prelude::*};
use uuid::Uuid;

use self::{
    actions::{More, Offers},
    said::said,
};
use super::{
    room::Room,
    rows::{Item, Kind, Phase, Row},
};
use crate::{
    clock,
    ui::{
        avatar::avatar,
        icon::{Drawing, Icon},
    },
    words,
};

/// A row of the list: a message or what was done, before it the day that it begins.
#[component]
pub fn MessageRow(
    /// The row.
    row: Row,
    /// The chat.
    room: Room,
) -> impl IntoView {
    let day = row.new_day.then(|| view! { <h2 class="day">{clock::day_label(row.item.at)}</h2> });
    let line = row.new.then(|| view! { <p class="unread-line">{words::chats::NEW_MESSAGES}</p> });
    let shown = if row.item.kind == Kind::Event {
        let full = clock::full(row.item.at);
        Either::Left(view! { <p class="event" title=full>{row.item.text}</p> })
    } else {
        Either::Right(view! { <Said row room /> })
    };
    view! {
        {day}
        {line}
        {shown}
    }
}

/// What somebody said, or what is left of it.
#[component]
fn Said(
    /// The row.
    row: Row,
    /// The chat.
    room: Room,
) -> impl IntoView {
    let Row { item, opens, closes, .. } = row;
    let (id, own, full) = (format!("m-{}", item.client_id), item.own, clock::full(item.at));
    let face = (closes && !own).then(|| avatar(item.author, &item.name, &item.picture));
    let (state, content) = (state(&item), content(&item));
    let open = RwSignal::new(false);
    let more = item.deletable.then(|| view! { <More open /> });
    let offers = item.deletable.then(|| view! { <Offers open seq=item.seq client_id=item.client_id room /> });
    view! {
        // Can be walked to with the arrows, and tapped.
        <article
            id=id
            tabindex="-1"
            class="message"
            class:opens=opens
            class:closes=closes
            data-own=own.to_string()
            data-state=state
        >
            <Author name=item.name.clone() own shown=opens && !own />
            {face}
            <div class="line">
                <div class="bubble" title=full>
                    {content}
                </div>
                {more}
            </div>
            <Meta item closes room />
            {offers}
        </article>
    }
}

fn state(item: &Item) -> &'static str {
    match (item.kind, item.phase) {
        (Kind::Deleted(_), _) => "deleted",
        (_, Phase::Sending) => "sending",
        (_, Phase::Sent) => "sent",
        (_, Phase::Failed(_)) => "failed",
    }
}

fn content(item: &Item) -> impl IntoView + use<> {
    match item.kind {
        Kind::Deleted(count) => Either::Left(words::keeping::tombstones(count)),
        Kind::Said | Kind::Event => Either::Right(said(&item.text)),
    }
}

#[component]
fn Author(
    /// Who said it.
    name: String,
    /// Whether that is oneself.
    own: bool,
    /// Whether the name can be seen; heard it can always be.
    shown: bool,
) -> impl IntoView {
    let name = if own { words::YOU.to_owned() } else { name };
    view! {
        <span class="author" class:hidden=!shown>
            <bdi>{name}</bdi>
        </span>
    }
}

/// When it was said, and what became of it.
#[component]
fn Meta(
    /// The message.
    item: Item,
    /// Whether it ends its group.
    closes: bool,
    /// The chat.
    room: Room,
) -> impl IntoView {
    let Item { at, own, phase, client_id, kind, .. } = item;
    let (icon, state) = match phase {
        Phase::Sending => (Icon::Clock, words::SENDING.to_owned()),
        Phase::Sent => (Icon::Check, words::SENT.to_owned()),
        Phase::Failed(code) => (Icon::Warning, words::said(words::NOT_SENT, words::problem(code))),
    };
    let sent = phase == Phase::Sent;
    let state = (own && kind == Kind::Said)
        .then(|| view! { <Drawing icon /> <span class:hidden=sent>{state}</span> });
    let repair = matches!(phase, Phase::Failed(_)).then(|| view! { <Repair client_id room /> });
    view! {
        <footer class="meta" class:hidden=sent && !closes>
            <time datetime=clock::iso(at) title=clock::full(at)>{clock::time(at)}</time>
            {state}
            {repair}
        </footer>
    }
}

/// What can be done about a message that was refused.
#[component]
fn Repair(
    /// The message.
    client_id: Uuid,
    /// The chat.
    room: Room,
) -> impl IntoView {
    view! {
        <span class="repair">
            <button class="quiet" on:click=move |_| room.retry(client_id)>{words::RETRY}</button>
            <button class="quiet" on:click=move |_| room.discard(client_id)>{words::DELETE}</button>
        </span>
    }
}
