//! The former texts of an edited message.

use leptos::prelude::*;
use shared::{
    id::Seq,
    message::{MessageVersion, MessageVersionsResponse},
};

use super::body::fill_with_text;
use crate::{
    api::moderation as api,
    chat::{state::use_sync, use_request::use_chat_request},
    clock,
    components::form_request::Outcome,
    lazy_view::lazy_view,
    strings,
};

lazy_view! {
    tools,
    pub fn message_versions(seq: Seq) {
        view! { <MessageVersions seq /> }
    }
}

#[component]
fn MessageVersions(seq: Seq) -> impl IntoView {
    let (sync, request) = (use_sync(), use_chat_request());
    let former = RwSignal::new(Vec::<MessageVersion>::new());
    let load = api::list_message_versions(&sync.current_uri(), seq);
    request.send(load, move |MessageVersionsResponse { mut versions }| {
        // The last one is the present text.
        versions.pop();
        former.set(versions);
    });
    view! {
        <section class="message-versions" aria-label=strings::EARLIER_VERSIONS>
            <p class="hint" hidden=move || !request.is_blocked()>{strings::LOADING}</p>
            <Outcome request />
            <ul>{move || former.get().into_iter().map(version).collect_view()}</ul>
        </section>
    }
}

fn version(MessageVersion { created_at, message, mentions }: MessageVersion) -> impl IntoView {
    let (at, text) = (created_at.timestamp_millis(), (message, mentions));
    view! {
        <li>
            <time class="hint" datetime=clock::iso(at) prop:textContent=clock::date_and_time(at)></time>
            <div class="version-text" use:fill_with_text=text />
        </li>
    }
}
