//! Exports the chat as a file.

use leptos::prelude::*;
use shared::paths;

use crate::{
    api::exports as calls,
    chat::state::use_sync,
    export::{ExportControls, ExportSource},
    strings::moderation,
};

#[component]
pub fn ExportChat() -> impl IntoView {
    let sync = use_sync();
    let session = sync.session();
    let path = Signal::derive(move || paths::fill(paths::CHAT_EXPORTS, &[&sync.uri()]));
    let source = ExportSource {
        session,
        path,
        create: StoredValue::new_local(Box::new(move || {
            Box::pin(async move {
                session.send(calls::create_export(&path.get_untracked())).await?;
                Ok(true)
            })
        })),
        title: moderation::EXPORT,
        text: moderation::EXPORT_TEXT,
        start: moderation::START_EXPORT,
    };
    view! { <ExportControls source /> }
}
