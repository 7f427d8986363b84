//! What can be done with a message that is stored.

use leptos::{ev, html, prelude::*};
use uuid::Uuid;

use crate::{
    api,
    chat::{act::Act, focus, room::Room},
    ui::asking::Outcome,
    ui::icon::{Drawing, Icon},
    words::{self, keeping},
};

/// Seen while the message is pointed at, tapped, or has the focus.
#[component]
pub fn More(
    /// Whether the offers are there.
    open: RwSignal<bool>,
) -> impl IntoView {
    view! {
        <button
            class="round more"
            class:open=move || open.get()
            aria-label=keeping::MESSAGE_ACTIONS
            aria-expanded=move || open.get().to_string()
            on:click=move |_| open.update(|open| *open = !*open)
        >
            <Drawing icon=Icon::More />
        </button>
    }
}

#[component]
pub fn Offers(
    /// Whether they are there.
    open: RwSignal<bool>,
    /// The message's place,
    seq: i64,
    /// and its name in the page.
    client_id: Uuid,
    /// The chat.
    room: Room,
) -> impl IntoView {
    let act = Act::new(room);
    let first = NodeRef::<html::Button>::new();
    Effect::new(move |_| {
        if let Some(first) = first.get() {
            // A button that cannot take the focus leaves it where it is.
            let _focused = first.focus();
        }
    });
    let back = move || focus(&format!("m-{client_id}"));
    let close = move || {
        open.set(false);
        back();
    };
    let delete = move |_| {
        // What is left of it takes the place of the message.
        act.begin(api::keeping::delete_message(&room.uri_now(), seq), move |_| request_animation_frame(back));
    };
    let on_key = move |event: ev::KeyboardEvent| {
        if event.key() == "Escape" {
            event.stop_propagation();
            close();
        }
    };
    move || {
        open.get().then(|| {
            view! {
                <div class="offers" on:keydown=on_key>
                    <button class="quiet bad" node_ref=first aria-disabled=move || act.busy() on:click=delete>
                        {words::DELETE}
                    </button>
                    <button class="quiet" on:click=move |_| close()>{keeping::CANCEL}</button>
                    <Outcome asking=act />
                </div>
            }
        })
    }
}
