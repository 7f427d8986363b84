//! For whoever is not in the chat any more.

use leptos::{either::Either, prelude::*};
use shared::member::Standing;

use super::room::Room;
use crate::{ui::bar::Bar, words::keeping};

/// Plain words, and one next step.
#[component]
pub fn Out(
    /// What one is in the chat now.
    standing: Standing,
    /// The chat.
    room: Room,
) -> impl IntoView {
    let (heading, text) = keeping::out(standing);
    // The way back leads past the door, as for everyone.
    let next = match standing {
        Standing::Removed | Standing::Knocking => Either::Left(view! {
            <button class="primary" on:click=move |_| room.enter()>{keeping::COME_BACK}</button>
        }),
        _ => Either::Right(view! { <a class="primary" href="/chats">{keeping::BACK_TO_CHATS}</a> }),
    };
    view! {
        <div class="page">
            <Bar />
            <main class="card centred">
                <h1>{heading}</h1>
                <p class="muted">{text}</p>
                {next}
            </main>
        </div>
    }
}
