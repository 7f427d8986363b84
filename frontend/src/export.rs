//! Starts an export, shows its progress, and downloads the file.

use futures_util::future::LocalBoxFuture;
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use shared::{
    data_export::{DataExport, ExportState},
    problem::ProblemCode,
};

use crate::{
    api::{self, RequestError, exports as calls},
    components::form_request::{FormRequest, Outcome},
    session::Session,
    strings::{errors, exports},
};

/// Milliseconds between two requests for the progress.
const POLL_INTERVAL: u32 = 1_000;

/// Requests an export; false if the user changed their mind.
type CreateExport = Box<dyn Fn() -> LocalBoxFuture<'static, Result<bool, RequestError>>>;

/// What is exported.
#[derive(Clone, Copy)]
pub struct ExportSource {
    pub session: Session,
    /// The path of its exports.
    pub path: Signal<String>,
    pub create: StoredValue<CreateExport, LocalStorage>,
    pub title: &'static str,
    pub text: &'static str,
    /// The label of the button that starts an export.
    pub start: &'static str,
}

/// The part of a section below its heading.
#[component]
pub fn ExportControls(source: ExportSource) -> impl IntoView {
    let (request, latest) = (FormRequest::default(), RwSignal::new(None::<DataExport>));
    request.start(poll_progress(source, latest));
    let state = Memo::new(move |_| latest.read().as_ref().map(|export| export.state));
    let is_running = move || matches!(state.get(), Some(ExportState::Waiting | ExportState::Running));
    let text = move || latest.read().as_ref().map_or(source.text.to_owned(), exports::export_state);
    let count =
        move |read: fn(&DataExport) -> u64| latest.read().as_ref().map(|export| read(export).to_string());
    view! {
        <p class="muted">{text}</p>
        // Screen readers hear no progress.
        <p class="visually-hidden" role="status">{move || state.get().and_then(exports::announcement)}</p>
        <progress
            hidden=move || !is_running()
            max=move || count(|export| export.total.max(1))
            value=move || count(|export| export.done)
            aria-label=source.title
        ></progress>
        <ExportActions source request latest state />
        <Outcome request />
    }
}

#[component]
fn ExportActions(
    source: ExportSource,
    request: FormRequest,
    latest: RwSignal<Option<DataExport>>,
    state: Memo<Option<ExportState>>,
) -> impl IntoView {
    let start = move |_| request.start(create_and_poll(source, latest));
    let download = move |_| {
        let Some(id) = latest.read_untracked().as_ref().map(|export| export.id) else { return };
        request.start(async move {
            let ticket = source.session.send(api::create_ticket()).await?.ticket;
            let url = calls::export_file_url(&source.path.get_untracked(), id, &ticket);
            // A download leaves the page open.
            let _started = window().location().assign(&url);
            Ok(())
        });
    };
    let is_ready = move || state.get() == Some(ExportState::Ready);
    let label =
        move || if state.get() == Some(ExportState::Failed) { errors::TRY_AGAIN } else { source.start };
    let aria_disabled = move || request.aria_disabled();
    view! {
        <div class="button-row">
            <button class="primary" hidden=move || !is_ready() aria-disabled=aria_disabled on:click=download>
                {exports::DOWNLOAD}
            </button>
            <button class="plain" aria-disabled=aria_disabled on:click=start>
                {label}
            </button>
        </div>
    }
}

async fn create_and_poll(
    source: ExportSource,
    latest: RwSignal<Option<DataExport>>,
) -> Result<(), RequestError> {
    let is_created = match source.create.with_value(|create| create()).await {
        // It was started in another tab.
        Err(error) if error.code() == Some(ProblemCode::Conflict) => true,
        result => result?,
    };
    if is_created { poll_progress(source, latest).await } else { Ok(()) }
}

/// Asks for the newest export until it is finished or the page is left.
async fn poll_progress(
    source: ExportSource,
    latest: RwSignal<Option<DataExport>>,
) -> Result<(), RequestError> {
    loop {
        let Some(path) = source.path.try_get_untracked() else { return Ok(()) };
        let export = match source.session.send(calls::list_exports(&path)).await {
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
