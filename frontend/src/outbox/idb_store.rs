//! Persists the outbox in the browser's `IndexedDB`. A browser may have no database or no space in it; then pending
//! messages live only as long as the page.

use std::cell::OnceCell;

use futures_channel::oneshot;
use futures_util::future::{Either, select};
use idb::{
    Database, DatabaseEvent, Factory, KeyRange, ObjectStore, ObjectStoreParams, Query, Request, Transaction,
    TransactionMode,
};
use js_sys::Array;
use leptos::task::spawn_local;
use shared::{
    id::{ChatId, UserId},
    problem::ProblemCode,
};
use uuid::Uuid;
use wasm_bindgen::JsValue;

use super::{PendingMessage, PendingState, join_ids, parse_ids};
use crate::api::json;

const STORE: &str = "outbox";
/// In a row: the place of the ids of files.
const FILES: u32 = 4;
/// In a row: the state of a message whose files are being uploaded, and of one whose files are. The version before files takes
/// both for an unknown failure, and does not send the text alone.
const UPLOADING: &str = "uploading";
const UPLOADED: &str = "uploaded";

thread_local! {
    static DATABASE: OnceCell<Database> = const { OnceCell::new() };
}

/// Whether there is a database to use from now on.
pub async fn open() -> bool {
    let database = open_database("chatire", STORE).await;
    database.is_some_and(|database| DATABASE.with(|it| it.set(database).is_ok()))
}

/// A database with one store; `None` if the browser has no database or cannot open it.
pub async fn open_database(name: &str, store: &'static str) -> Option<Database> {
    let mut opening = Factory::new().ok()?.open(name, Some(1)).ok()?;
    let (opened, success) = oneshot::channel();
    opening.on_upgrade_needed(move |event| {
        // Without the store every later use of the database fails, and is handled there.
        let _store = event.database().and_then(|it| it.create_object_store(store, ObjectStoreParams::new()));
    });
    let (failed, failure) = oneshot::channel::<()>();
    opening.on_success(move |_| {
        // The receiver is gone if the page is closing.
        let _sent = opened.send(());
    });
    opening.on_error(move |_| drop(failed));
    matches!(select(success, failure).await, Either::Left((Ok(()), _))).then_some(())?;
    opening.database().ok()
}

pub fn put(message: &PendingMessage, on_written: impl FnOnce() + 'static) {
    write(message, Some(value(message)), on_written);
}

/// A message that cannot be deleted is sent again by a later page, and stored once.
pub fn delete(message: &PendingMessage, on_written: impl FnOnce() + 'static) {
    write(message, None, on_written);
}

/// Waits until the writes of this page are done.
pub async fn settle() {
    if let Some((transaction, store)) = begin(TransactionMode::ReadOnly) {
        // A transaction without a request would not wait for them.
        let _counting = store.count(None);
        complete(transaction).await;
    }
}

/// Begins the transaction at once, so that writes keep their order.
fn write(message: &PendingMessage, value: Option<JsValue>, on_written: impl FnOnce() + 'static) {
    let Some((transaction, store)) = begin(TransactionMode::ReadWrite) else { return };
    let key = key(message);
    // If the request cannot be made, the transaction ends without a change.
    let is_requested = match value {
        Some(value) => store.put(&value, Some(&key)).is_ok(),
        None => store.delete(key).is_ok(),
    };
    spawn_local(async move {
        if complete(transaction).await && is_requested {
            on_written();
        }
    });
}

/// The persisted messages of this user, from all tabs; `None` if they cannot be read.
pub async fn list(user_id: UserId) -> Option<Vec<PendingMessage>> {
    let (transaction, store) = begin(TransactionMode::ReadOnly)?;
    let keys = store.get_all_keys(Some(key_range(user_id)?), None).ok()?;
    let values = store.get_all(Some(key_range(user_id)?), None).ok()?;
    complete(transaction).await.then_some(())?;
    let (keys, values) = (Array::from(&keys.result().ok()?), Array::from(&values.result().ok()?));
    let mut messages = Vec::new();
    for index in 0..keys.length() {
        messages.extend(decode(user_id, &keys.get(index), &values.get(index)));
    }
    Some(messages)
}

/// The ids of the files of all users' messages; `None` if they cannot be read.
pub async fn list_files() -> Option<Vec<Uuid>> {
    let (transaction, store) = begin(TransactionMode::ReadOnly)?;
    let values = store.get_all(None, None).ok()?;
    complete(transaction).await.then_some(())?;
    let ids = |value: JsValue| parse_ids(&Array::from(&value).get(FILES).as_string().unwrap_or_default());
    Some(Array::from(&values.result().ok()?).iter().flat_map(ids).collect())
}

fn begin(mode: TransactionMode) -> Option<(Transaction, ObjectStore)> {
    let transaction = DATABASE.with(|it| it.get()?.transaction(&[STORE], mode).ok())?;
    let store = transaction.object_store(STORE).ok()?;
    Some((transaction, store))
}

/// Waits for the end of the transaction; `false` if it was aborted.
pub async fn complete(mut transaction: Transaction) -> bool {
    let (completed, complete) = oneshot::channel();
    let (aborted, abort) = oneshot::channel::<()>();
    transaction.on_complete(move |_| {
        // The receiver is gone if the page is closing.
        let _sent = completed.send(());
    });
    transaction.on_abort(move |_| drop(aborted));
    matches!(select(complete, abort).await, Either::Left((Ok(()), _)))
}

/// All keys that begin with this user. In `IndexedDB` an array sorts after every string.
fn key_range(user_id: UserId) -> Option<Query> {
    let first = array([user_id.to_string().as_str()]);
    let last = first.concat(&Array::of1(&Array::new()));
    KeyRange::bound(&first, &last, None, None).ok().map(Query::from)
}

/// `[user_id, uri, queued_at, client_id]`, all as strings.
fn key(message: &PendingMessage) -> JsValue {
    let (user_id, queued_at) = (message.user_id.to_string(), message.queued_at.to_string());
    array([&user_id, &message.uri, &queued_at, &message.client_id.to_string()]).into()
}

/// `[text, failure, chat_id, reply_to, files]`, all as strings. A row of an earlier version ends before `chat_id`, `reply_to`
/// or `files`.
fn value(message: &PendingMessage) -> JsValue {
    let reply_to = message.reply_to.map(|seq| seq.to_string()).unwrap_or_default();
    let (state, chat_id, files) = (
        encode_state(message.state, !message.files.is_empty()),
        message.chat_id.to_string(),
        join_ids(&message.files),
    );
    array([&message.text, &state, &chat_id, &reply_to, &files]).into()
}

fn decode(user_id: UserId, key: &JsValue, value: &JsValue) -> Option<PendingMessage> {
    let (key, value) = (Array::from(key), Array::from(value));
    Some(PendingMessage {
        client_id: key.get(3).as_string()?.parse().ok()?,
        user_id,
        // 0 for a row without one.
        chat_id: ChatId::new(value.get(2).as_string().and_then(|id| id.parse().ok()).unwrap_or_default()),
        uri: key.get(1).as_string()?,
        text: value.get(0).as_string()?,
        reply_to: value.get(3).as_string().and_then(|seq| seq.parse().ok()),
        files: parse_ids(&value.get(FILES).as_string().unwrap_or_default()),
        queued_at: key.get(2).as_string()?.parse().ok()?,
        state: decode_state(&value.get(1).as_string()?),
        is_persisted: true,
        server_errors: 0,
        is_uploaded_again: false,
    })
}

/// The problem code of a failed message as JSON; empty for one that waits and has no files.
fn encode_state(state: PendingState, has_files: bool) -> String {
    match state {
        PendingState::Uploading => UPLOADING.to_owned(),
        PendingState::Failed(code) => serde_json::to_string(&code).unwrap_or_default(),
        _ if has_files => UPLOADED.to_owned(),
        _ => String::new(),
    }
}

/// Anything that is not a problem code, such as the HTTP status that was stored before, is an unknown failure: the
/// message stays and can be sent again.
fn decode_state(state: &str) -> PendingState {
    match state {
        "" | UPLOADED => PendingState::Waiting,
        UPLOADING => PendingState::Uploading,
        failure => PendingState::Failed(json::from_str(failure).unwrap_or(ProblemCode::Unknown)),
    }
}

fn array<const N: usize>(texts: [&str; N]) -> Array {
    texts.iter().map(|text| JsValue::from_str(text)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_is_kept_when_persisted() {
        for state in [
            PendingState::Waiting,
            PendingState::Uploading,
            PendingState::Failed(ProblemCode::ChatClosed),
            PendingState::Failed(ProblemCode::Unknown),
        ] {
            for has_files in [false, true] {
                assert_eq!(decode_state(&encode_state(state, has_files)), state);
            }
        }
    }

    #[test]
    fn message_with_files_never_looks_like_one_without() {
        for state in [PendingState::Uploading, PendingState::Waiting, PendingState::InFlight] {
            assert_ne!(encode_state(state, true), encode_state(PendingState::Waiting, false));
        }
    }

    #[test]
    fn failure_of_old_row_is_unknown() {
        for stored in ["403", "404", "500", "?", "\"a_code_of_a_newer_server\""] {
            assert_eq!(decode_state(stored), PendingState::Failed(ProblemCode::Unknown), "{stored}");
        }
    }
}
