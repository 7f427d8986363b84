//! The settings of the chat, and those that concern only this user.

use leptos::prelude::*;
use shared::chat::{Chat, EditWindow, UpdateChatSettings};

use super::{
    export::ExportChat,
    general::GeneralSettings,
    leave::LeaveOrDelete,
    select::{Select, SelectOption, SettingSwitch},
};
use crate::{
    api::moderation as api,
    chat::{
        state::{sync::SyncStore, use_sync},
        use_request::{ChatRequest, use_chat_request},
    },
    chat_list::mute::MuteSwitch,
    components::form_request::Outcome,
    strings::moderation,
};

/// The intervals of slow mode that are offered, in seconds; 0 turns it off.
const SLOW_MODE_SECONDS: [u32; 7] = [0, 5, 10, 30, 60, 300, 3_600];
/// How many days messages are kept; 0 keeps them forever.
const RETENTION_DAYS: [u32; 5] = [0, 1, 7, 30, 365];
/// After how many seconds the chat is deleted; 0 for never.
const EXPIRY_SECONDS: [u64; 4] = [0, 86_400, 604_800, 2_592_000];
/// The value of the option for the expiry that is set.
const CURRENT_EXPIRY: &str = "set";

#[component]
pub fn ChatSettings() -> impl IntoView {
    let sync = use_sync();
    let is_moderator = Memo::new(move |_| sync.current_member().is_moderator());
    view! {
        {move || is_moderator.get().then(|| view! { <SharedSettings /> })}
        <ExportSection />
        <section>
            <h3>{moderation::FOR_YOU}</h3>
            <MuteSwitch uri=Signal::derive(move || sync.uri()) />
            <LeaveOrDelete />
        </section>
    }
}

/// What moderators can change. Some settings only the owner can change; moderators see them.
#[component]
fn SharedSettings() -> impl IntoView {
    view! {
        <section>
            <h3>{moderation::NAME_AND_TOPIC}</h3>
            <GeneralSettings />
        </section>
        <section>
            <h3>{moderation::MODERATION}</h3>
            <ModerationSettings />
        </section>
        <section>
            <h3>{moderation::AUTO_DELETE}</h3>
            <AutoDeleteSettings />
        </section>
    }
}

/// The owner can export the chat, and lets others.
#[component]
fn ExportSection() -> impl IntoView {
    let sync = use_sync();
    let is_moderator = Memo::new(move |_| sync.current_member().is_moderator());
    let can_export = Memo::new(move |_| {
        sync.current_member().is_owner() || sync.chat().is_some_and(|chat| chat.export_allowed)
    });
    let content = move || {
        view! {
            <section>
                <h3>{moderation::EXPORT}</h3>
                {move || is_moderator.get().then(|| view! { <ExportSwitch /> })}
                {move || can_export.get().then(|| view! { <ExportChat /> })}
            </section>
        }
    };
    move || (is_moderator.get() || can_export.get()).then(content)
}

#[component]
fn ExportSwitch() -> impl IntoView {
    let (sync, request) = (use_sync(), use_chat_request());
    let set = move |on| {
        let change = UpdateChatSettings { export_allowed: Some(on), ..UpdateChatSettings::default() };
        update(sync, request, &change);
    };
    view! {
        <SettingSwitch
            label=moderation::EXPORT_ALLOWED
            hint=moderation::EXPORT_ALLOWED_HINT
            value=setting(sync, |chat| chat.export_allowed)
            locked=owner_only(sync)
            request
            on_change=set
        />
        <Outcome request />
    }
}

/// The current value of one setting.
fn setting<T: PartialEq + Send + Sync + Clone + Default + 'static>(
    sync: SyncStore,
    read: fn(Chat) -> T,
) -> Signal<T> {
    Memo::new(move |_| sync.chat().map(read).unwrap_or_default()).into()
}

/// Why a setting is locked for all but the owner.
fn owner_only(sync: SyncStore) -> Signal<Option<&'static str>> {
    let is_owner = move || sync.current_member().is_owner();
    Memo::new(move |_| (!is_owner()).then_some(moderation::OWNER_ONLY)).into()
}

fn update(sync: SyncStore, request: ChatRequest, change: &UpdateChatSettings) {
    request.send(api::update_settings(&sync.current_uri(), change), |_| ());
}

#[component]
fn ModerationSettings() -> impl IntoView {
    let (sync, request) = (use_sync(), use_chat_request());
    let set = move |change: UpdateChatSettings| update(sync, request, &change);
    let unchanged = UpdateChatSettings::default;
    view! {
        <SlowModeSelect request />
        <EditWindowSelect request />
        <SettingSwitch
            label=moderation::APPROVAL
            hint=moderation::APPROVAL_HINT
            value=setting(sync, |chat| chat.approval_required)
            locked=Signal::stored(None)
            request
            on_change=move |on| set(UpdateChatSettings { approval_required: Some(on), ..unchanged() })
        />
        <SettingSwitch
            label=moderation::GUESTS
            hint=moderation::GUESTS_HINT
            value=setting(sync, |chat| chat.guests_allowed)
            locked=owner_only(sync)
            request
            on_change=move |on| set(UpdateChatSettings { guests_allowed: Some(on), ..unchanged() })
        />
        <SettingSwitch
            label=moderation::CLOSED
            hint=moderation::CLOSED_HINT
            value=setting(sync, |chat| chat.closed)
            locked=owner_only(sync)
            request
            on_change=move |on| set(UpdateChatSettings { closed: Some(on), ..unchanged() })
        />
        <Outcome request />
    }
}

#[component]
fn SlowModeSelect(request: ChatRequest) -> impl IntoView {
    let sync = use_sync();
    let seconds = setting(sync, |chat| chat.slow_mode_seconds);
    let options = move || build_options(&SLOW_MODE_SECONDS, seconds.get(), moderation::slow_mode_interval);
    let set = move |value: String| {
        let slow_mode_seconds = value.parse().ok();
        update(sync, request, &UpdateChatSettings { slow_mode_seconds, ..UpdateChatSettings::default() });
    };
    view! {
        <Select
            id="slow-mode"
            label=moderation::SLOW_MODE
            hint=moderation::SLOW_MODE_HINT
            options=Signal::derive(options)
            selected=Signal::derive(move || seconds.get().to_string())
            on_change=set
        />
    }
}

#[component]
fn EditWindowSelect(request: ChatRequest) -> impl IntoView {
    let sync = use_sync();
    let current = setting(sync, |chat| chat.edit_window);
    let option = |window: EditWindow| SelectOption {
        value: window.name().to_owned(),
        label: moderation::edit_window(window).to_owned(),
    };
    let set = move |value: String| {
        let edit_window = EditWindow::ALL.into_iter().find(|window| window.name() == value);
        update(sync, request, &UpdateChatSettings { edit_window, ..UpdateChatSettings::default() });
    };
    view! {
        <Select
            id="edit-window"
            label=moderation::EDIT_WINDOW
            hint=moderation::EDIT_WINDOW_HINT
            options=Signal::derive(move || EditWindow::ALL.map(option).into())
            selected=Signal::derive(move || current.get().name().to_owned())
            locked=owner_only(sync)
            on_change=set
        />
    }
}

#[component]
fn AutoDeleteSettings() -> impl IntoView {
    let request = use_chat_request();
    view! {
        <RetentionSelect request />
        <ExpirySelect request />
        <Outcome request />
    }
}

#[component]
fn RetentionSelect(request: ChatRequest) -> impl IntoView {
    let sync = use_sync();
    let days = setting(sync, |chat| chat.retention_days.unwrap_or_default());
    let options = move || build_options(&RETENTION_DAYS, days.get(), moderation::retention_days);
    let set = move |value: String| {
        let retention_days = value.parse().ok();
        update(sync, request, &UpdateChatSettings { retention_days, ..UpdateChatSettings::default() });
    };
    view! {
        <Select
            id="retention"
            label=moderation::RETENTION
            options=Signal::derive(options)
            selected=Signal::derive(move || days.get().to_string())
            locked=owner_only(sync)
            on_change=set
        />
    }
}

#[component]
fn ExpirySelect(request: ChatRequest) -> impl IntoView {
    let sync = use_sync();
    let expires_at = setting(sync, |chat| chat.expires_at);
    let options = move || {
        let current = expires_at
            .get()
            .map(|at| SelectOption { value: CURRENT_EXPIRY.to_owned(), label: moderation::expires_at(at) });
        let offered = EXPIRY_SECONDS.into_iter().map(|seconds| SelectOption {
            value: seconds.to_string(),
            label: moderation::expires_in(seconds),
        });
        current.into_iter().chain(offered).collect::<Vec<_>>()
    };
    let selected = move || if expires_at.get().is_some() { CURRENT_EXPIRY } else { "0" }.to_owned();
    let set = move |value: String| {
        if let Ok(seconds) = value.parse() {
            let change = UpdateChatSettings { expires_in: Some(seconds), ..UpdateChatSettings::default() };
            update(sync, request, &change);
        }
    };
    view! {
        <Select
            id="expiry"
            label=moderation::EXPIRY
            options=Signal::derive(options)
            selected=Signal::derive(selected)
            locked=owner_only(sync)
            on_change=set
        />
    }
}

/// The offered values, and the current one if it is none of them.
fn build_options(offered: &[u32], current: u32, label: fn(u32) -> String) -> Vec<SelectOption> {
    let mut values = offered.to_vec();
    if !values.contains(&current) {
        values.push(current);
        values.sort_unstable();
    }
    values.into_iter().map(|value| SelectOption { value: value.to_string(), label: label(value) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn current_value_is_among_the_options() {
        let values = |current| {
            let options = build_options(&SLOW_MODE_SECONDS, current, moderation::slow_mode_interval);
            options.into_iter().map(|option| option.value).collect::<Vec<_>>()
        };
        assert_eq!(values(0), ["0", "5", "10", "30", "60", "300", "3600"]);
        assert_eq!(values(7)[..3], ["0", "5", "7"]);
    }
}
