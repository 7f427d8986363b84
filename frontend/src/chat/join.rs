//! Before a chat: what it is, who is there, and one button.

use leptos::{
    either::{Either, EitherOf3},
    ev,
    prelude::*,
};
use shared::{chat::Preview, member::Standing};

use super::room::Room;
use crate::{
    session::{return_to, use_session},
    ui::{
        asking::{Asking, Outcome},
        avatar::avatar,
        bar::Bar,
        field::value,
        name_field::{KnownLink, NameField},
    },
    words,
};

#[component]
pub fn Outside(
    /// The chat.
    room: Room,
) -> impl IntoView {
    let asking = Asking::default();
    let door = Memo::new(move |_| room.door());
    let standing = Memo::new(move |_| door.get().and_then(|door| door.standing));
    view! {
        <div class="page">
            <Bar />
            <main class="card centred door">
                {move || door.get().map(|preview| view! { <Plate preview /> })}
                {move || match standing.get() {
                    Some(Standing::Knocking) => EitherOf3::A(view! { <Lobby room asking /> }),
                    Some(Standing::Refused) => EitherOf3::B(view! { <NotLetIn room asking /> }),
                    _ => EitherOf3::C(view! { <Join room asking /> }),
                }}
            </main>
        </div>
    }
}

/// What can be known of the chat from outside.
#[component]
fn Plate(
    /// The chat.
    preview: Preview,
) -> impl IntoView {
    let Preview { name, topic, members, here, .. } = preview;
    let names: Vec<_> = here.iter().map(|user| user.name().to_owned()).collect();
    let title = if name.is_empty() { words::entering::chat_with(&names) } else { name };
    let count = words::entering::company(usize::try_from(members).unwrap_or_default(), &names);
    let topic = (!topic.is_empty()).then(|| view! { <p class="muted topic"><bdi>{topic}</bdi></p> });
    let faces = here.into_iter().map(|user| {
        let face = avatar(user.id, user.name(), &user.avatar);
        view! { <span class="face here" title=user.name().to_owned()>{face}</span> }
    });
    view! {
        <div class="duet" aria-hidden="true" hidden=!names.is_empty()><span></span><span></span></div>
        <div class="faces">{faces.collect_view()}</div>
        <h1><bdi>{title}</bdi></h1>
        {topic}
        <p class="hint">{count}</p>
    }
}

#[component]
fn Join(
    /// The chat.
    room: Room,
    /// Whether one is coming in.
    asking: Asking,
) -> impl IntoView {
    let session = use_session();
    let name = NodeRef::new();
    let come = move |event: ev::SubmitEvent| {
        event.prevent_default();
        room.come_in(asking, value(name));
    };
    let door = move || room.door();
    let notes = move || door().map(|door| words::entering::notes(&door)).unwrap_or_default();
    let approval = move || door().is_some_and(|door| door.approval);
    let label = move || match session.me() {
        _ if asking.is_pending() => words::ONE_MOMENT.to_owned(),
        _ if approval() => words::entering::KNOCK.to_owned(),
        Some(me) => words::entering::join_as(me.name()),
        None => words::entering::JOIN.to_owned(),
    };
    // A chat that welcomes no guests asks for an account first.
    let barred = Memo::new(move |_| {
        let guest = session.is_guest() || !session.is_in();
        guest && door().is_some_and(|door| !door.guests)
    });
    let path = Signal::derive(move || room.path());
    let form = move || {
        view! {
            <form class="form entry" novalidate on:submit=come>
                <NameField node=name asking />
                <p class="hint note">{notes}</p>
                <Outcome asking />
                <button class="primary" disabled=move || asking.is_held()>
                    {label}
                </button>
            </form>
            <KnownLink path />
        }
    };
    move || {
        if barred.get() { Either::Left(view! { <Barred path /> }) } else { Either::Right(form()) }
    }
}

#[component]
fn Barred(
    /// Where to come back to.
    path: Signal<String>,
) -> impl IntoView {
    let session = use_session();
    // Whoever is a guest becomes an account; whoever is nobody yet may have one.
    let href = move || return_to::path_back_to(&path.read(), !session.is_guest());
    let label =
        move || if session.is_guest() { words::entering::CREATE_ACCOUNT } else { words::SIGN_UP_OR_IN };
    view! {
        <p class="muted">{words::entering::NO_GUESTS}</p>
        <a class="primary" href=href rel="external">
            {label}
        </a>
    }
}

/// Waits to be let in: it goes on by itself.
#[component]
fn Lobby(
    /// The chat.
    room: Room,
    /// Whether one goes away.
    asking: Asking,
) -> impl IntoView {
    view! {
        <div class="lobby" role="status">
            <span class="spinner" aria-hidden="true"></span>
            <h2>{words::entering::KNOCKED}</h2>
            <p class="muted">{words::entering::KNOCKED_TEXT}</p>
        </div>
        <Outcome asking />
        <button class="quiet" disabled=move || asking.is_held() on:click=move |_| room.go_away(asking)>
            {words::entering::TAKE_BACK}
        </button>
    }
}

#[component]
fn NotLetIn(
    /// The chat.
    room: Room,
    /// Whether one knocks again.
    asking: Asking,
) -> impl IntoView {
    view! {
        <div class="lobby" role="status">
            <h2>{words::entering::NOT_LET_IN}</h2>
            <p class="muted">{words::entering::NOT_LET_IN_TEXT}</p>
        </div>
        <Outcome asking />
        <button
            class="primary"
            disabled=move || asking.is_held()
            on:click=move |_| room.come_in(asking, String::new())
        >
            {words::entering::KNOCK_AGAIN}
        </button>
    }
}
