//! Exports the user's data as a file.

use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use shared::data_export::{DataExport, ExportState};

use super::SettingsState;
use crate::{
    api::{self, RequestError, account as calls},
    components::form_request::{FormRequest, Outcome},
    session::Session,
    strings::account,
};

/// Milliseconds between two requests for the progress.
const POLL_INTERVAL: u32 = 1_000;

#[component]
pub fn ExportSection(settings: SettingsState) -> impl IntoView {
    let (request, latest) = (FormRequest::default(), RwSignal::new(None::<DataExport>));
    request.start(poll_progress(settings.session, latest));
    let state = Memo::new(move |_| latest.read().as_ref().map(|export| export.state));
    let is_ready = move || state.get() == Some(ExportState::Ready);
    let is_running = move || matches!(state.get(), Some(ExportState::Waiting | ExportState::Running));
    let text = move || latest.read().as_ref().map_or(account::EXPORT_TEXT.to_owned(), account::export_state);
    let count =
        move |read: fn(&DataExport) -> u64| latest.read().as_ref().map(|export| read(export).to_string());
    view! {
        <section>
            <h2>{account::DATA}</h2>
            <p class="muted">{text}</p>
            <p class="visually-hidden" role="status">{move || is_ready().then_some(account::EXPORT_READY)}</p>
            <progress
                hidden=move || !is_running()
                max=move || count(|export| export.total.max(1))
                value=move || count(|export| export.done)
                aria-label=account::DATA
            ></progress>
            <ExportActions settings request latest state />
            <Outcome request />
        </section>
    }
}

#[component]
fn ExportActions(
    settings: SettingsState,
    request: FormRequest,
    latest: RwSignal<Option<DataExport>>,
    state: Memo<Option<ExportState>>,
) -> impl IntoView {
    let SettingsState { session, reauth } = settings;
    let start = move |_| {
        request.start(async move {
            if reauth.send(calls::create_export).await?.is_some() {
                poll_progress(session, latest).await?;
            }
            Ok(())
        });
    };
    let download = move |_| {
        let Some(id) = latest.read_untracked().as_ref().map(|export| export.id) else { return };
        request.start(async move {
            let ticket = session.send(api::create_ticket()).await?.ticket;
            // A download leaves the page open.
            let _started = window().location().assign(&calls::export_file_url(id, &ticket));
            Ok(())
        });
    };
    let is_ready = move || state.get() == Some(ExportState::Ready);
    let is_running = move || matches!(state.get(), Some(ExportState::Waiting | ExportState::Running));
    let aria_disabled = move || request.aria_disabled();
    view! {
        <div class="button-row">
            <button class="primary" hidden=move || !is_ready() aria-disabled=aria_disabled on:click=download>
                {account::DOWNLOAD_EXPORT}
            </button>
            <button class="plain" hidden=is_running aria-disabled=aria_disabled on:click=start>
                {account::START_EXPORT}
            </button>
        </div>
    }
}

/// Asks for the newest export until it is finished or the page is left.
async fn poll_progress(session: Session, latest: RwSignal<Option<DataExport>>) -> Result<(), RequestError> {
    loop {
        let export = match session.send(calls::list_exports()).await {
            // The export continues on the server.
            Err(RequestError::Unreachable) if latest.try_get_untracked().flatten().is_some() => {
                TimeoutFuture::new(POLL_INTERVAL).await;
                continue;
            }
            response => response?.exports.into_iter().next(),
        };
        let is_finished =
            !matches!(&export, Some(DataExport { state: ExportState::Waiting | ExportState::Running, .. }));
        if latest.try_set(export).is_some() || is_finished {
            return Ok(());
        }
        TimeoutFuture::new(POLL_INTERVAL).await;
    }
}
