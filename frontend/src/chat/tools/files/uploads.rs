//! Uploads the files of pending messages, one after another. A message waits like any other once all of them are uploaded.

use std::cell::{Cell, RefCell};

use futures_channel::oneshot;
use futures_util::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use js_sys::encode_uri_component;
use leptos::{prelude::*, task::spawn_local};
use shared::{
    id::UserId,
    paths,
    problem::{Problem, ProblemCode},
};
use uuid::Uuid;

use super::{file_name::clean_file_name, file_store, local_file::LocalFile, progress, upload_request};
use crate::{
    clock::milliseconds,
    outbox::{
        DEFAULT_PAUSE, PAUSE_MAX, PendingMessage, PendingState, SERVER_ERRORS_MAX, idb_store,
        sender::OutboxSender, tab_lock,
    },
    request_error::{RequestError, problem_with_code},
};

/// How long to wait for the turn, in milliseconds: a suspended tab may keep it, and a file uploaded twice is stored once.
const TURN_TIMEOUT: u32 = 60_000;
/// The first delay after an upload that did not reach the server, in milliseconds; it doubles each time.
const RETRY_DELAY: u32 = 2_000;
/// How often it doubles.
const DOUBLINGS_MAX: u32 = 5;
/// What is shown while the server takes in a file that was sent.
const SENT_FRACTION: f64 = 0.99;

thread_local! {
    static IS_RUNNING: Cell<bool> = const { Cell::new(false) };
    /// Ends the delay after an upload that did not reach the server. A pause that the server asked for is kept.
    static WAKE: RefCell<Option<oneshot::Sender<()>>> = const { RefCell::new(None) };
}

/// How the upload of a file, or of all files of a message, ended.
enum UploadEnd {
    Uploaded,
    /// The message is gone, or its files are not wanted any more.
    Cancelled,
    Failed(Problem),
}

/// Begins, or tries again at once to reach the server.
pub fn start(sender: OutboxSender) {
    if IS_RUNNING.replace(true) {
        if let Some(wake) = WAKE.take() {
            // The delay may just have ended.
            let _sent = wake.send(());
        }
        return;
    }
    spawn_local(async move {
        while let Some(user_id) = sender.session().user_id_untracked()
            && sender.next_upload(user_id).is_some()
        {
            upload_all(sender, user_id).await;
        }
        IS_RUNNING.set(false);
    });
}

/// One tab of a browser uploads at a time. It takes over what others have left.
async fn upload_all(sender: OutboxSender, user_id: UserId) {
    let name = format!("uploads/{user_id}");
    let turn = Box::pin(tab_lock::acquire(&name));
    let lock = match select(turn, TimeoutFuture::new(TURN_TIMEOUT)).await {
        Either::Left((lock, _)) => lock,
        Either::Right(_) => None,
    };
    sender.reconcile(user_id).await;
    while let Some(message) = sender.next_upload(user_id)
        && sender.session().user_id_untracked() == Some(user_id)
    {
        let client_id = message.client_id;
        match upload_message(sender, &message).await {
            UploadEnd::Uploaded => {
                progress::forget(&message.files);
                sender.finish_upload(client_id);
            }
            UploadEnd::Cancelled => {}
            UploadEnd::Failed(problem) => sender.fail_upload(client_id, &problem),
        }
    }
    // The next tab finds in the database what was done.
    idb_store::settle().await;
    drop(lock);
}

async fn upload_message(sender: OutboxSender, message: &PendingMessage) -> UploadEnd {
    for id in &message.files {
        if progress::is_uploaded(*id) {
            continue;
        }
        let Some(file) = file_store::get_snapshot(*id).await else {
            return UploadEnd::Failed(problem_with_code(ProblemCode::FileNotFound));
        };
        let end = upload_until_cancelled(sender, message, *id, &file).await;
        if !matches!(end, UploadEnd::Uploaded) {
            progress::forget(&[*id]);
            return end;
        }
        progress::set(*id, 1.0);
    }
    UploadEnd::Uploaded
}

/// Ends at once when the message is cancelled, or its author signs out.
async fn upload_until_cancelled(
    sender: OutboxSender,
    message: &PendingMessage,
    id: Uuid,
    file: &LocalFile,
) -> UploadEnd {
    let (cancel, cancelled) = oneshot::channel::<()>();
    let (cancel, client_id, user_id) = (RefCell::new(Some(cancel)), message.client_id, message.user_id);
    let owner = Owner::new();
    owner.with(|| {
        Effect::new(move |_| {
            let outbox = sender.outbox();
            let is_wanted =
                outbox.read().find(client_id).is_some_and(|it| it.state == PendingState::Uploading);
            if !is_wanted || sender.session().user_id() != Some(user_id) {
                drop(cancel.take());
            }
        });
    });
    match select(Box::pin(upload_file(sender, message, id, file)), cancelled).await {
        Either::Left((end, _)) => end,
        Either::Right(_) => UploadEnd::Cancelled,
    }
}

/// Tries until the server has the file or refuses it.
async fn upload_file(
    sender: OutboxSender,
    message: &PendingMessage,
    id: Uuid,
    file: &LocalFile,
) -> UploadEnd {
    let path = paths::fill(paths::CHAT_FILE, &[&message.uri, &id.to_string()]);
    let name = String::from(encode_uri_component(&clean_file_name(&file.name())));
    let url = format!("{path}?name={name}");
    let (mut failures, mut server_errors) = (0, 0);
    loop {
        match send(sender, &url, id, file).await {
            Ok(()) => return UploadEnd::Uploaded,
            Err(RequestError::Rejected(problem)) => {
                server_errors += u8::from(problem.code == ProblemCode::Internal);
                let is_temporary = problem.code.is_transient() || problem.status == 401;
                if !is_temporary || server_errors >= SERVER_ERRORS_MAX {
                    return UploadEnd::Failed(problem);
                }
                let pause = problem.retry_after.map_or(DEFAULT_PAUSE, milliseconds).min(PAUSE_MAX);
                progress::set(id, 0.0);
                TimeoutFuture::new(u32::try_from(pause).unwrap_or_default()).await;
            }
            // The browser does not say that it was the file which could not be read.
            Err(RequestError::Unreachable) if !file.is_readable().await => {
                return UploadEnd::Failed(problem_with_code(ProblemCode::FileNotFound));
            }
            Err(RequestError::Unreachable) => {
                progress::set(id, 0.0);
                wait(RETRY_DELAY << failures.min(DOUBLINGS_MAX)).await;
                failures += 1;
            }
        }
    }
}

/// If the token is rejected, renews it and tries once more.
async fn send(sender: OutboxSender, url: &str, id: Uuid, file: &LocalFile) -> Result<(), RequestError> {
    let session = sender.session();
    let on_progress = move |fraction| progress::set(id, f64::min(fraction, SENT_FRACTION));
    match upload_request::put(url, session.token().as_deref(), file, on_progress).await {
        Err(error) if error.is_unauthorized() && session.renew_token().await => {
            upload_request::put(url, session.token().as_deref(), file, on_progress).await
        }
        response => response,
    }
}

/// Until the delay has passed, or the server was reached in another way.
async fn wait(delay: u32) {
    let (wake, woken) = oneshot::channel();
    WAKE.set(Some(wake));
    select(woken, TimeoutFuture::new(delay)).await;
}
