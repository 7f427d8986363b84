//! Leaving the chat, and ending it.

use leptos::{either::Either, html, prelude::*};

use crate::{
    api::keeping as calls,
    chat::{act::Act, room::Room},
    ui::{asking::Outcome, confirm::Confirm},
    words::keeping,
};

/// The owner ends the chat; everyone else leaves it.
#[component]
pub fn Farewell(
    /// The chat.
    room: Room,
) -> impl IntoView {
    let owns = Memo::new(move |_| room.myself().owns());
    move || {
        if owns.get() {
            Either::Left(view! {
                <p class="hint">{keeping::OWNER_STAYS}</p>
                <DeleteChat room />
            })
        } else {
            Either::Right(view! { <Leave room /> })
        }
    }
}

#[component]
fn Leave(
    /// The chat.
    room: Room,
) -> impl IntoView {
    let (asked, act) = (RwSignal::new(false), Act::new(room));
    // That one has left is heard of as if somebody else had sent one out.
    let leave = move |()| act.begin(calls::leave(&room.uri_now()), move |_| room.left());
    move || {
        if asked.get() {
            Either::Left(view! {
                <Confirm
                    question=keeping::LEAVE_REALLY.to_owned()
                    yes=keeping::LEAVE
                    asking=act
                    on_yes=leave
                    on_no=move |()| asked.set(false)
                />
            })
        } else {
            Either::Right(view! {
                <button class="plain bad" on:click=move |_| asked.set(true)>{keeping::LEAVE}</button>
            })
        }
    }
}

/// Asked for by a word that has to be typed.
#[component]
fn DeleteChat(
    /// The chat.
    room: Room,
) -> impl IntoView {
    let (asked, typed, act) = (RwSignal::new(false), RwSignal::new(String::new()), Act::new(room));
    let input = NodeRef::<html::Input>::new();
    Effect::new(move |_| {
        if let Some(input) = input.get() {
            // A field that cannot take the focus leaves it where it is.
            let _focused = input.focus();
        }
    });
    let meant = move || typed.read().trim().eq_ignore_ascii_case(keeping::DELETE_CHAT_WORD);
    let delete = move || {
        if untrack(meant) {
            act.begin(calls::delete_chat(&room.uri_now()), move |_| room.ended());
        }
    };
    let form = move || {
        view! {
            <form
                class="confirm"
                on:submit=move |event| {
                    event.prevent_default();
                    delete();
                }
            >
                <p id="delete-hint">
                    {keeping::DELETE_CHAT_REALLY} " " <strong>{keeping::DELETE_CHAT_WORD}</strong> "."
                </p>
                <div class="input">
                    <input
                        node_ref=input
                        aria-label=keeping::CONFIRMATION
                        aria-describedby="delete-hint"
                        autocomplete="off"
                        autocapitalize="none"
                        on:input=move |event| typed.set(event_target_value(&event))
                    />
                </div>
                <div class="choices">
                    <button class="danger" aria-disabled=move || if meant() { act.busy() } else { Some("true") }>
                        {keeping::DELETE_CHAT}
                    </button>
                    <button type="button" class="plain" on:click=move |_| asked.set(false)>{keeping::CANCEL}</button>
                </div>
                <Outcome asking=act />
            </form>
        }
    };
    move || {
        if asked.get() {
            Either::Left(form())
        } else {
            Either::Right(view! {
                <button class="plain bad" on:click=move |_| asked.set(true)>{keeping::DELETE_CHAT}</button>
            })
        }
    }
}
