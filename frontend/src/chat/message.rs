//! A message.

use leptos::{either::Either, prelude::*};
use uuid::Uuid;

use super::{
    links::{Piece, pieces},
    room::Room,
    rows::{Item, Phase, Row},
};
use crate::{
    clock,
    ui::{
        avatar::avatar,
        icon::{Drawing, Icon},
    },
    words,
};

/// A row of the list: a message, before it the day that it begins.
#[component]
pub fn MessageRow(
    /// The row.
    row: Row,
    /// The chat.
    room: Room,
) -> impl IntoView {
    let Row { item, opens, closes, new_day, new } = row;
    let day = new_day.then(|| view! { <h2 class="day">{clock::day_label(item.at)}</h2> });
    let line = new.then(|| view! { <p class="unread-line">{words::NEW_MESSAGES}</p> });
    let state = match item.phase {
        Phase::Sending => "sending",
        Phase::Sent => "sent",
        Phase::Failed(_) => "failed",
    };
    let (id, own, full) = (format!("m-{}", item.client_id), item.own, clock::full(item.at));
    let text = text(&item.text);
    let face = (closes && !item.own).then(|| avatar(item.author, &item.name));
    view! {
        {day}
        {line}
        <article
            id=id
            class="message"
            class:opens=opens
            class:closes=closes
            data-own=own.to_string()
            data-state=state
        >
            <Author name=item.name.clone() own shown=opens && !own />
            {face}
            <p class="bubble" dir="auto" title=full>
                {text}
            </p>
            <Meta item closes room />
        </article>
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
    let Item { at, own, phase, client_id, .. } = item;
    let (icon, state) = match phase {
        Phase::Sending => (Icon::Clock, words::SENDING.to_owned()),
        Phase::Sent => (Icon::Check, words::SENT.to_owned()),
        Phase::Failed(code) => (Icon::Warning, words::said(words::NOT_SENT, words::problem(code))),
    };
    let sent = phase == Phase::Sent;
    let state = own.then(|| view! { <Drawing icon /> <span class:hidden=sent>{state}</span> });
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

fn text(text: &str) -> Vec<impl IntoView + use<>> {
    pieces(text).into_iter().map(piece).collect()
}

fn piece(piece: Piece<'_>) -> impl IntoView + use<> {
    match piece {
        Piece::Text(text) => Either::Left(text.to_owned()),
        Piece::Link(link) => {
            let link = link.to_owned();
            Either::Right(view! {
                <a href=link.clone() target="_blank" rel="noopener noreferrer nofollow">{link.clone()}</a>
            })
        }
    }
}
