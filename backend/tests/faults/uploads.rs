//! The server is killed (SIGKILL) while files are uploaded.

use std::{collections::BTreeSet, fs, path::Path, time::Duration};

use futures_util::future::join_all;
use tokio::{task::JoinHandle, time::timeout};
use uuid::Uuid;

use crate::{
    fixture::Fixture,
    kills::random_pause,
    user::{TestChat, TestUser},
};

const USERS: usize = 4;
/// As many as a user may send at a time.
const UPLOADS_PER_USER: usize = 3;
const FILES_PER_UPLOAD: usize = 6;
const KILLS: usize = 6;
const DEADLINE: Duration = Duration::from_mins(3);

struct Uploaded {
    id: Uuid,
    bytes: Vec<u8>,
    retries: usize,
}

/// Some have more than one part when they are written.
fn random_file() -> Vec<u8> {
    vec![rand::random(); rand::random_range(1..7_000_000)]
}

/// Sends files one after the other, each again until it is stored.
fn start_upload(user: TestUser, chat: TestChat) -> JoinHandle<Vec<Uploaded>> {
    tokio::spawn(async move {
        let mut uploaded = Vec::new();
        for _ in 0..FILES_PER_UPLOAD {
            let (id, bytes, mut retries) = (Uuid::new_v4(), random_file(), 0);
            while user.try_upload(&chat, id, bytes.clone()).await.is_err() {
                retries += 1;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            uploaded.push(Uploaded { id, bytes, retries });
        }
        uploaded
    })
}

fn list(folder: &Path) -> BTreeSet<String> {
    let files = fs::read_dir(folder).unwrap();
    files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "long: cargo xtask test --faults"]
async fn killed_server_stores_files_whole_or_not() {
    let mut fixture = Fixture::start().await;
    let users = fixture.create_users(USERS, "uploader").await;
    let tea = users[0].create_chat().await;
    let mut uploads = Vec::new();
    for user in &users {
        user.join(&tea).await;
        uploads.extend([(); UPLOADS_PER_USER].map(|()| (user, start_upload(user.clone(), tea.clone()))));
    }
    for _ in 0..KILLS {
        random_pause().await;
        fixture.server.kill().await;
        fixture.server.restart().await;
    }
    let (mut files, mut retries) = (0, 0);
    for (user, upload) in uploads {
        let uploaded = timeout(DEADLINE, upload).await.expect("uploads end in time").unwrap();
        files += uploaded.len();
        retries += uploaded.iter().map(|upload| upload.retries).sum::<usize>();
        let downloads = join_all(uploaded.iter().map(|Uploaded { id, .. }| user.download(&tea, *id))).await;
        assert!(uploaded.iter().zip(downloads).all(|(Uploaded { bytes, .. }, found)| *bytes == found));
    }
    assert!(retries > 0, "no upload was hit");
    let left_over = clean_up(&mut fixture).await;
    println!(
        "killed {KILLS} times: {files} files of {USERS} users stored with {retries} retries, each whole and once; \
         {left_over} objects of interrupted uploads were deleted"
    );
}

/// Lets the server delete what interrupted uploads left; returns how many objects there were.
async fn clean_up(fixture: &mut Fixture) -> usize {
    let sql = fixture.sql().await;
    let folder = fixture.server.data_dir.join("files");
    let before = list(&folder).len();
    sql.execute("UPDATE unowned_objects SET delete_at = now()", &[]).await.unwrap();
    // It cleans up when it starts.
    fixture.server.kill().await;
    fixture.server.restart().await;
    let cleaning = async {
        let count = "SELECT count(*) FROM unowned_objects";
        while sql.query_one(count, &[]).await.unwrap().get::<_, i64>(0) > 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(DEADLINE, cleaning).await.expect("the objects are deleted in time");
    let rows = sql.query("SELECT replace(object_key::text, '-', '') FROM files", &[]).await.unwrap();
    let stored: BTreeSet<String> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(stored.len(), USERS * UPLOADS_PER_USER * FILES_PER_UPLOAD);
    assert_eq!(list(&folder), stored);
    assert_eq!(list(&fixture.server.data_dir.join("uploads")).len(), 0);
    before - stored.len()
}
