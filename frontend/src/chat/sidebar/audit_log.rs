//! The audit log of the chat, newest entries first.

use leptos::prelude::*;
use shared::audit_log::{AuditEntry, AuditLogResponse};

use crate::{
    api::moderation as api,
    chat::{
        state::{sync::SyncStore, use_sync},
        use_request::use_chat_request,
    },
    clock,
    components::form_request::Outcome,
    strings::{self, moderation},
};

#[component]
pub fn AuditLog() -> impl IntoView {
    let (sync, request) = (use_sync(), use_chat_request());
    let (entries, has_earlier) = (RwSignal::new(Vec::<AuditEntry>::new()), RwSignal::new(true));
    let is_loaded = RwSignal::new(false);
    let load = move || {
        let before = entries.with_untracked(|entries| entries.last().map(|entry| entry.id));
        request.send(api::get_audit_log(&sync.current_uri(), before), move |page: AuditLogResponse| {
            has_earlier.set(page.earlier);
            entries.update(|entries| entries.extend(page.entries));
            is_loaded.set(true);
        });
    };
    load();
    let placeholder = move || if is_loaded.get() { moderation::NO_CHANGES_YET } else { strings::LOADING };
    view! {
        <p class="muted" hidden=move || !entries.read().is_empty()>{placeholder}</p>
        <ul class="audit-log">
            <For each=move || entries.get() key=|entry| entry.id let:entry>
                {render_entry(sync, &entry)}
            </For>
        </ul>
        <Outcome request />
        <button
            class="plain"
            hidden=move || !(is_loaded.get() && has_earlier.get())
            aria-disabled=move || request.aria_disabled()
            on:click=move |_| load()
        >
            {moderation::SHOW_EARLIER}
        </button>
    }
}

/// `None` for an entry of a newer server.
fn render_entry(sync: SyncStore, entry: &AuditEntry) -> Option<impl IntoView + use<>> {
    let (at, user_id) = (entry.created_at.timestamp_millis(), sync.user_id());
    let actor = entry.user.as_ref().map(|user| if user.id == user_id { strings::YOU } else { user.name() });
    let sentence = strings::events::audit_sentence(actor, user_id, |user| user.name.clone(), &entry.action)?;
    Some(view! {
        <li>
            <p>{sentence}</p>
            <time class="hint" datetime=clock::iso(at) title=clock::full(at)>{clock::date_and_time(at)}</time>
        </li>
    })
}
