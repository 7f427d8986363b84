//! The chat's own address: closed and opened to newcomers, or given up for another.

use leptos::{either::Either, prelude::*};
use shared::chat::{ChangeSettings, Rotated};

use crate::{
    api::keeping as calls,
    chat::{act::Act, room::Room},
    ui::{asking::Outcome, confirm::Confirm},
    words::links,
};

#[component]
pub fn Address(
    /// The chat.
    room: Room,
) -> impl IntoView {
    let open = Memo::new(move |_| room.chat().is_some_and(|chat| chat.link_open));
    let (asked, act) = (RwSignal::new(false), Act::new(room));
    let turn = move |_| {
        let change = ChangeSettings { link_open: Some(!open.get_untracked()), ..ChangeSettings::default() };
        act.begin(calls::change_settings(&room.uri_now(), &change), |_| ());
    };
    let rotate = move |()| {
        act.begin(calls::rotate(&room.uri_now()), move |rotated: Rotated| {
            asked.set(false);
            room.move_to(rotated.uri);
        });
    };
    let buttons = move || {
        view! {
            <div class="choices">
                <button class="plain" aria-disabled=move || act.busy() on:click=turn>
                    {move || if open.get() { links::CLOSE_ADDRESS } else { links::OPEN_ADDRESS }}
                </button>
                <button class="plain" on:click=move |_| asked.set(true)>{links::NEW_ADDRESS}</button>
            </div>
            <Outcome asking=act />
        }
    };
    let part = move || {
        if asked.get() {
            Either::Left(view! {
                <Confirm
                    question=links::NEW_ADDRESS_REALLY.to_owned()
                    yes=links::NEW_ADDRESS
                    asking=act
                    on_yes=rotate
                    on_no=move |()| asked.set(false)
                />
            })
        } else {
            Either::Right(buttons())
        }
    };
    view! {
        <p class="address">{move || room.address()}</p>
        <p class="hint">{move || if open.get() { links::ADDRESS_OPEN } else { links::ADDRESS_CLOSED }}</p>
        {part}
    }
}
