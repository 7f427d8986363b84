//! Exports the user's data as a file.

use leptos::prelude::*;
use shared::paths;

use super::SettingsState;
use crate::{
    api::exports as calls,
    export::{ExportControls, ExportSource},
    strings::account,
};

#[component]
pub fn ExportSection(settings: SettingsState) -> impl IntoView {
    let SettingsState { session, reauth } = settings;
    let source = ExportSource {
        session,
        path: Signal::stored(paths::EXPORTS.to_owned()),
        create: StoredValue::new_local(Box::new(move || {
            Box::pin(async move { Ok(reauth.send(|| calls::create_export(paths::EXPORTS)).await?.is_some()) })
        })),
        title: account::DATA,
        text: account::EXPORT_TEXT,
        start: account::START_EXPORT,
    };
    view! {
        <section>
            <h2>{account::DATA}</h2>
            <ExportControls source />
        </section>
    }
}
