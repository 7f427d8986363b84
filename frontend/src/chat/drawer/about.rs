//! What the chat is called, and what it is about.

use leptos::{ev, prelude::*};
use shared::chat::{ChangeSettings, NAME_MAX, TOPIC_MAX};

use crate::{
    api::keeping as calls,
    chat::{act::Act, room::Room},
    ui::asking::Outcome,
    words::keeping,
};

#[component]
pub fn About(
    /// The chat.
    room: Room,
) -> impl IntoView {
    let known = move || room.chat().map(|chat| (chat.name, chat.topic)).unwrap_or_default();
    let known = Memo::new(move |_| known());
    // What is typed, as long as it is not saved: what others change meanwhile does not take it away.
    let (name, topic) = (RwSignal::new(None::<String>), RwSignal::new(None::<String>));
    let (act, saved) = (Act::new(room), RwSignal::new(false));
    let save = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let trimmed = |text: Option<String>| text.map(|text| text.trim().to_owned());
        let change = ChangeSettings {
            name: trimmed(name.get_untracked()),
            topic: trimmed(topic.get_untracked()),
            ..ChangeSettings::default()
        };
        act.begin(calls::change_settings(&room.uri_now(), &change), move |_| {
            name.set(None);
            topic.set(None);
            saved.set(true);
        });
    };
    let typed = move |into: RwSignal<Option<String>>| {
        move |event: ev::Event| {
            saved.set(false);
            into.set(Some(event_target_value(&event)));
        }
    };
    let changed = move || name.read().is_some() || topic.read().is_some();
    view! {
        <form class="form" on:submit=save>
            <div class="field">
                <label for="chat-name">{keeping::NAME}</label>
                <div class="input">
                    <input
                        id="chat-name"
                        autocomplete="off"
                        maxlength=NAME_MAX
                        prop:value=move || name.get().unwrap_or_else(|| known.get().0)
                        on:input=typed(name)
                    />
                </div>
            </div>
            <div class="field">
                <label for="chat-topic">{keeping::TOPIC}</label>
                <div class="input">
                    <textarea
                        id="chat-topic"
                        rows="2"
                        maxlength=TOPIC_MAX
                        prop:value=move || topic.get().unwrap_or_else(|| known.get().1)
                        on:input=typed(topic)
                    ></textarea>
                </div>
            </div>
            <Outcome asking=act />
            <div class="choices">
                <button class="primary" aria-disabled=move || if changed() { act.busy() } else { Some("true") }>
                    {keeping::SAVE}
                </button>
                <span role="status" class="hint">{move || if saved.get() { keeping::SAVED } else { "" }}</span>
            </div>
        </form>
    }
}
