//! Where the outbox outlasts the page: a store of the browser's database. A browser may have none, or no room in it;
//! then the page alone knows what is unsent.

use std::cell::OnceCell;

use futures_channel::oneshot;
use futures_util::future::{Either, select};
use idb::{
    Database, DatabaseEvent, Factory, KeyRange, ObjectStore, ObjectStoreParams, Query, Request, Transaction,
    TransactionMode,
};
use js_sys::Array;
use leptos::task::spawn_local;
use shared::problem::ProblemCode;
use wasm_bindgen::JsValue;

use super::{State, Unsent};

const STORE: &str = "outbox";

thread_local! {
    static DATABASE: OnceCell<Database> = const { OnceCell::new() };
}

/// Whether there is one to use from now on.
pub async fn open() -> bool {
    let database = find().await;
    database.is_some_and(|database| DATABASE.with(|it| it.set(database).is_ok()))
}

async fn find() -> Option<Database> {
    let mut opening = Factory::new().ok()?.open("chatire", Some(1)).ok()?;
    let (opened, success) = oneshot::channel();
    opening.on_upgrade_needed(|event| {
        // Without its store, every use of the database fails, which is known there.
        let _store = event.database().and_then(|it| it.create_object_store(STORE, ObjectStoreParams::new()));
    });
    opening.on_success(move |_| {
        // Nobody waits any more if the page is going.
        let _heard = opened.send(());
    });
    success.await.ok()?;
    opening.database().ok()
}

pub fn keep(unsent: &Unsent, kept: impl FnOnce() + 'static) {
    write(unsent, Some(value(unsent)), kept);
}

/// What cannot be taken down is sent again one day, and stored once.
pub fn take_down(unsent: &Unsent) {
    write(unsent, None, || ());
}

/// Begins at once, so that one write never overtakes another.
fn write(unsent: &Unsent, value: Option<JsValue>, done: impl FnOnce() + 'static) {
    let Some((transaction, store)) = begin(TransactionMode::ReadWrite) else { return };
    let key = key(unsent);
    // What cannot even be asked for has the transaction end without a change.
    let asked = match value {
        Some(value) => store.put(&value, Some(&key)).is_ok(),
        None => store.delete(key).is_ok(),
    };
    spawn_local(async move {
        if end(transaction).await && asked {
            done();
        }
    });
}

/// What this account has not sent, from whichever tab.
pub async fn of(account: i64) -> Vec<Unsent> {
    read(account).await.unwrap_or_default()
}

async fn read(account: i64) -> Option<Vec<Unsent>> {
    let (transaction, store) = begin(TransactionMode::ReadOnly)?;
    let keys = store.get_all_keys(Some(all_of(account)?), None).ok()?;
    let values = store.get_all(Some(all_of(account)?), None).ok()?;
    end(transaction).await.then_some(())?;
    let (keys, values) = (Array::from(&keys.result().ok()?), Array::from(&values.result().ok()?));
    let mut all = Vec::new();
    for place in 0..keys.length() {
        all.extend(unsent(account, &keys.get(place), &values.get(place)));
    }
    Some(all)
}

fn begin(mode: TransactionMode) -> Option<(Transaction, ObjectStore)> {
    let transaction = DATABASE.with(|it| it.get()?.transaction(&[STORE], mode).ok())?;
    let store = transaction.object_store(STORE).ok()?;
    Some((transaction, store))
}

/// Whether it succeeded.
async fn end(mut transaction: Transaction) -> bool {
    let (completed, complete) = oneshot::channel();
    let (aborted, abort) = oneshot::channel::<()>();
    transaction.on_complete(move |_| {
        // Nobody waits any more if the page is going.
        let _heard = completed.send(());
    });
    transaction.on_abort(move |_| drop(aborted));
    matches!(select(complete, abort).await, Either::Left((Ok(()), _)))
}

/// The keys that begin with this account: a list comes after every text.
fn all_of(account: i64) -> Option<Query> {
    let first = list([account.to_string().as_str()]);
    let last = first.concat(&Array::of1(&Array::new()));
    KeyRange::bound(&first, &last, None, None).ok().map(Query::from)
}

fn key(unsent: &Unsent) -> JsValue {
    let (account, at) = (unsent.account.to_string(), unsent.at.to_string());
    list([&account, &unsent.uri, &at, &unsent.client_id.to_string()]).into()
}

/// The text, and the status with which it was refused if it was.
fn value(unsent: &Unsent) -> JsValue {
    let refused = match unsent.state {
        State::Failed(code) => code.status().to_string(),
        _ => String::new(),
    };
    list([&unsent.text, &refused]).into()
}

fn unsent(account: i64, key: &JsValue, value: &JsValue) -> Option<Unsent> {
    let (key, value) = (Array::from(key), Array::from(value));
    let refused = value.get(1).as_string()?;
    Some(Unsent {
        client_id: key.get(3).as_string()?.parse().ok()?,
        account,
        uri: key.get(1).as_string()?,
        text: value.get(0).as_string()?,
        at: key.get(2).as_string()?.parse().ok()?,
        state: if refused.is_empty() { State::Waiting } else { State::Failed(why(&refused)) },
        kept: true,
        faults: 0,
    })
}

/// As much of the reason as words are made of.
fn why(status: &str) -> ProblemCode {
    match status {
        "403" => ProblemCode::Forbidden,
        "404" => ProblemCode::ChatNotFound,
        "413" => ProblemCode::TooLarge,
        _ => ProblemCode::Unknown,
    }
}

fn list<const N: usize>(texts: [&str; N]) -> Array {
    texts.iter().map(|text| JsValue::from_str(text)).collect()
}
