//! The files of drafts and of pending messages. They are in memory, and in a database of the browser, so that they survive a
//! reload; without one, or if it is full, they live as long as the page.
//!
//! The database is apart from that of the outbox: an upgrade of that one would wait until all tabs of the former version are
//! closed.

use std::{
    cell::{OnceCell, RefCell},
    future::Future,
    pin::Pin,
};

use futures_util::{FutureExt, future::Shared};
use idb::{Database, ObjectStore, Query, Transaction, TransactionMode};
use js_sys::Array;
use leptos::task::spawn_local;
use uuid::Uuid;
use wasm_bindgen::JsValue;

use super::local_file::LocalFile;
use crate::{
    drafts::FILES_SUFFIX,
    outbox::{idb_store, parse_ids},
    storage::{self, DRAFT_PREFIX},
};

const STORE: &str = "files";

type Opening = Shared<Pin<Box<dyn Future<Output = ()>>>>;

thread_local! {
    static OPENING: Opening = (Box::pin(open()) as Pin<Box<dyn Future<Output = ()>>>).shared();
    static DATABASE: OnceCell<Database> = const { OnceCell::new() };
    static KNOWN: RefCell<Vec<KnownFile>> = const { RefCell::new(Vec::new()) };
}

/// A file in memory.
#[derive(Clone)]
struct KnownFile {
    id: Uuid,
    file: LocalFile,
    is_persisted: bool,
}

async fn open() {
    if let Some(mut database) = idb_store::open_database("chatire-files", STORE).await {
        // A later version may upgrade it; then files live as long as this page.
        database.on_version_change(|_| {
            DATABASE.with(|it| it.get().map(Database::close));
        });
        // It is opened once.
        let _set = DATABASE.with(|it| it.set(database));
    }
}

async fn begin(mode: TransactionMode) -> Option<(Transaction, ObjectStore)> {
    OPENING.with(Clone::clone).await;
    let transaction = DATABASE.with(|it| it.get()?.transaction(&[STORE], mode).ok())?;
    let store = transaction.object_store(STORE).ok()?;
    Some((transaction, store))
}

fn key(id: Uuid) -> JsValue {
    id.to_string().into()
}

/// Keeps the file, and returns its id.
pub fn add(file: LocalFile) -> Uuid {
    let id = Uuid::new_v4();
    KNOWN.with_borrow_mut(|known| known.push(KnownFile { id, file: file.clone(), is_persisted: false }));
    spawn_local(async move {
        if put(id, &file).await.is_some() {
            set_persisted(id);
        }
    });
    id
}

/// Another id for the same file, with which it is uploaded anew; the same if it is not in memory.
pub fn renew(id: Uuid) -> Uuid {
    find(id).map_or(id, |known| add(known.file))
}

async fn put(id: Uuid, file: &LocalFile) -> Option<()> {
    let (transaction, store) = begin(TransactionMode::ReadWrite).await?;
    let request = store.put(&file.0, Some(&key(id)));
    (idb_store::complete(transaction).await && request.is_ok()).then_some(())
}

fn set_persisted(id: Uuid) {
    KNOWN.with_borrow_mut(|known| {
        for file in known.iter_mut().filter(|file| file.id == id) {
            file.is_persisted = true;
        }
    });
}

fn find(id: Uuid) -> Option<KnownFile> {
    KNOWN.with_borrow(|known| known.iter().find(|file| file.id == id).cloned())
}

/// `None` if it is gone.
pub async fn get(id: Uuid) -> Option<LocalFile> {
    match find(id) {
        Some(known) => Some(known.file),
        None => get_stored(id).await,
    }
}

/// As it was when it was chosen, unless there is no database.
pub async fn get_snapshot(id: Uuid) -> Option<LocalFile> {
    match find(id) {
        Some(known) if !known.is_persisted => Some(known.file),
        known => get_stored(id).await.or(known.map(|known| known.file)),
    }
}

async fn get_stored(id: Uuid) -> Option<LocalFile> {
    let (transaction, store) = begin(TransactionMode::ReadOnly).await?;
    let request = store.get(Query::Key(key(id))).ok()?;
    idb_store::complete(transaction).await.then_some(())?;
    let file = LocalFile(idb::Request::result(&request).ok().filter(JsValue::is_object)?);
    if find(id).is_none() {
        KNOWN.with_borrow_mut(|known| known.push(KnownFile { id, file: file.clone(), is_persisted: true }));
    }
    Some(file)
}

/// Whether closing the page would lose one of these files.
pub fn has_unpersisted(ids: &[Uuid]) -> bool {
    KNOWN.with_borrow(|known| known.iter().any(|file| !file.is_persisted && ids.contains(&file.id)))
}

/// Removes the files that are in no draft and in no pending message of any user. `pending` are those of the messages in
/// memory.
pub async fn remove_unused(pending: Vec<Uuid>) -> Option<()> {
    let mut used = pending;
    // Others are attached meanwhile.
    let known: Vec<Uuid> = KNOWN.with_borrow(|known| known.iter().map(|file| file.id).collect());
    used.extend(list_in_drafts());
    let (transaction, store) = begin(TransactionMode::ReadOnly).await?;
    let request = store.get_all_keys(None, None).ok()?;
    idb_store::complete(transaction).await.then_some(())?;
    let keys = Array::from(&idb::Request::result(&request).ok()?);
    used.extend(idb_store::list_files().await?);
    // A draft may have been written meanwhile.
    used.extend(list_in_drafts());
    let is_unused = |key: &JsValue| {
        let id = key.as_string().and_then(|key| key.parse().ok());
        id.is_none_or(|id| !used.contains(&id))
    };
    let (transaction, store) = begin(TransactionMode::ReadWrite).await?;
    for key in keys.iter().filter(is_unused) {
        // It is removed by a later page otherwise.
        let _deleted = store.delete(key);
    }
    idb_store::complete(transaction).await;
    KNOWN.with_borrow_mut(|all| all.retain(|file| used.contains(&file.id) || !known.contains(&file.id)));
    Some(())
}

fn list_in_drafts() -> Vec<Uuid> {
    let Some(storage) = storage::browser() else { return Vec::new() };
    let keys =
        (0..storage.length().unwrap_or_default()).filter_map(|index| storage.key(index).ok().flatten());
    let drafts = keys.filter(|key| key.starts_with(DRAFT_PREFIX) && key.ends_with(FILES_SUFFIX));
    drafts.flat_map(|key| parse_ids(&storage::read(storage::browser(), &key).unwrap_or_default())).collect()
}
