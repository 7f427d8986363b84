//! The name and the topic of the chat.

use leptos::{ev, prelude::*};
use shared::chat::{CHAT_NAME_MAX, TOPIC_MAX, UpdateChatSettings};

use crate::{
    api::moderation as api,
    chat::{state::use_sync, use_request::use_chat_request},
    components::form_request::Outcome,
    strings::{self, moderation},
};

/// Text that is typed and not yet saved. Changes by others do not overwrite it.
type Unsaved = RwSignal<Option<String>>;

#[component]
pub fn GeneralSettings() -> impl IntoView {
    let (sync, request) = (use_sync(), use_chat_request());
    let stored = Memo::new(move |_| sync.chat().map(|chat| (chat.name, chat.topic)).unwrap_or_default());
    let (name, topic, is_saved) = (Unsaved::new(None), Unsaved::new(None), RwSignal::new(false));
    let save = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let trimmed = |text: Option<String>| text.map(|text| text.trim().to_owned());
        let change = UpdateChatSettings {
            name: trimmed(name.get_untracked()),
            topic: trimmed(topic.get_untracked()),
            ..UpdateChatSettings::default()
        };
        request.send(api::update_settings(&sync.current_uri(), &change), move |_| {
            name.set(None);
            topic.set(None);
            is_saved.set(true);
        });
    };
    let name_text = Signal::derive(move || name.get().unwrap_or_else(|| stored.get().0));
    let topic_text = Signal::derive(move || topic.get().unwrap_or_else(|| stored.get().1));
    let is_changed = move || name.read().is_some() || topic.read().is_some();
    view! {
        <form class="form" on:submit=save>
            <NameInput text=name_text unsaved=name is_saved />
            <TopicInput text=topic_text unsaved=topic is_saved />
            <Outcome request />
            <div class="button-row">
                <button
                    class="primary"
                    aria-disabled=move || if is_changed() { request.aria_disabled() } else { Some("true") }
                >
                    {strings::SAVE}
                </button>
                <span role="status" class="hint">{move || if is_saved.get() { strings::SAVED } else { "" }}</span>
            </div>
        </form>
    }
}

#[component]
fn NameInput(text: Signal<String>, unsaved: Unsaved, is_saved: RwSignal<bool>) -> impl IntoView {
    view! {
        <div class="field">
            <label for="chat-name">{moderation::NAME}</label>
            <div class="input">
                <input
                    id="chat-name"
                    autocomplete="off"
                    maxlength=CHAT_NAME_MAX
                    prop:value=text
                    on:input=move |event| keep_typed(&event, unsaved, is_saved)
                />
            </div>
        </div>
    }
}

#[component]
fn TopicInput(text: Signal<String>, unsaved: Unsaved, is_saved: RwSignal<bool>) -> impl IntoView {
    view! {
        <div class="field">
            <label for="chat-topic">{moderation::TOPIC}</label>
            <div class="input">
                <textarea
                    id="chat-topic"
                    rows="2"
                    maxlength=TOPIC_MAX
                    prop:value=text
                    on:input=move |event| keep_typed(&event, unsaved, is_saved)
                ></textarea>
            </div>
        </div>
    }
}

fn keep_typed(event: &ev::Event, unsaved: Unsaved, is_saved: RwSignal<bool>) {
    is_saved.set(false);
    unsaved.set(Some(event_target_value(event)));
}
