//! The storage of files: quotas, failures and the deletion of what is not used, in a folder and in a bucket.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Stdio,
};

use backend::config::limits::Bytes;
use image::ImageFormat;
use shared::{file::MessageFile, problem::ProblemCode};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};
use uuid::Uuid;

use crate::{
    files::photo,
    support::{Download, TEST_TIMEOUT, TestApp, TestChat, TestUser},
};

impl TestApp {
    fn files_folder(&self) -> PathBuf {
        self.data_dir.path().join("files")
    }
}

/// The names of the objects in a folder, without what the S3 server keeps beside them.
fn list_objects(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    names.filter(|name| !name.starts_with('.')).collect()
}

/// More than one part of an upload to a bucket.
fn long_file() -> Vec<u8> {
    (0..12_000_000_u32).map(|index| index.to_le_bytes()[0] ^ index.to_le_bytes()[2]).collect()
}

/// What every storage must do, which keeps its objects in this folder.
async fn check_storage(app: &TestApp, folder: &Path) {
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let image = ada.upload(&tea, "tea.jpg", photo(1_000, 800, ImageFormat::Jpeg)).await;
    let text = ada.upload(&tea, "a.txt", "tea").await;
    let bytes = long_file();
    let long = ada.upload(&tea, "long.bin", bytes.clone()).await;
    assert_eq!(list_objects(folder).len(), 4, "{:?}", list_objects(folder));
    let mut messages = Vec::new();
    for file in [&image, &text, &long] {
        messages.push(ada.post_file(&tea, file.id).await);
    }
    assert_eq!(brian.download(&tea, text.id, "").await.text(), "tea");
    assert_eq!(brian.download(&tea, image.id, "?size=preview").await.image().width(), 720);
    let whole = brian.download(&tea, long.id, "").await;
    assert!(whole.bytes == bytes, "{}", whole.bytes.len());
    let range = brian.get_file(&tea, long.id, "").header("range", "bytes=6000000-6000999");
    let part = Download::receive(range).await;
    assert!((part.status, part.bytes.as_slice()) == (206, &bytes[6_000_000..6_001_000]));
    app.clean_up_files().await;
    assert_eq!(list_objects(folder).len(), 4);
    for seq in [messages[0], messages[2]] {
        ada.delete_message(&tea, seq).await.assert_status(204);
    }
    app.clean_up_files().await;
    assert_eq!(list_objects(folder).len(), 1);
    assert_eq!(brian.download(&tea, text.id, "").await.text(), "tea");
    ada.delete_chat(&tea).await.assert_status(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn folder_keeps_files_until_deleted() {
    let app = TestApp::spawn().await;
    check_storage(&app, &app.files_folder()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unposted_files_are_deleted_after_a_day() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let (old, new) = (ada.upload(&tea, "a.txt", "tea").await, ada.upload(&tea, "b.txt", "tea").await);
    let posted = ada.upload(&tea, "c.txt", "tea").await;
    ada.post_file(&tea, posted.id).await;
    let age = "UPDATE files SET created_at = created_at - interval '25 hours' WHERE id IN";
    app.execute_sql(&format!("{age} ('{}', '{}')", old.id, posted.id)).await;
    // Two servers at once.
    let other = app.spawn_again().await;
    tokio::join!(app.clean_up_files(), other.clean_up_files());
    assert_eq!(list_objects(&app.files_folder()).len(), 2);
    ada.get_file(&tea, old.id, "").await.assert_problem(ProblemCode::NotFound);
    for kept in [new, posted] {
        assert_eq!(ada.download(&tea, kept.id, "").await.text(), "tea");
    }
    assert_eq!(app.query_count("SELECT count(*) FROM unowned_objects").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_beyond_quota_are_refused() {
    let limited = |user: usize, chat: usize, all: usize| {
        TestApp::spawn_with(move |config| {
            config.limits.limit_user_files = Bytes(user);
            config.limits.limit_chat_files = Bytes(chat);
            config.limits.limit_all_files = Bytes(all);
        })
    };
    for (user, chat, all, detail) in [
        (10, 1_000, 1_000, "Your files take all of your 10B. Delete messages with files first."),
        (1_000, 10, 1_000, "This chat's files take all of its 10B. Delete messages with files first."),
        (1_000, 1_000, 10, "The server has no space left for files."),
    ] {
        let app = limited(user, chat, all).await;
        let (ada, tea) = app.ada_and_chat().await;
        let first = ada.try_upload(&tea, Uuid::new_v4(), "a.txt", "0123456");
        let file: MessageFile = first.await.assert_status(201).json();
        let refused = ada.try_upload(&tea, Uuid::new_v4(), "a.txt", "0123456").await;
        let problem = refused.assert_problem(ProblemCode::StorageLimitReached);
        assert_eq!(problem.detail, detail);
        assert_eq!(list_objects(&app.files_folder()).len(), 1);
        // A repeated request is answered, and what is deleted no longer counts.
        ada.try_upload(&tea, file.id, "a.txt", "0123456").await.assert_status(200);
        let seq = ada.post_file(&tea, file.id).await;
        ada.delete_message(&tea, seq).await.assert_status(204);
        app.clean_up_files().await;
        if all > 10 {
            ada.upload(&tea, "a.txt", "0123456").await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nearly_full_disk_refuses_files_only() {
    let app = TestApp::spawn_with(|config| config.limits.limit_free_disk = Bytes(usize::MAX / 2)).await;
    let (ada, tea) = app.ada_and_chat().await;
    check_unavailable(&ada, &tea).await;
    assert_eq!(app.query_count("SELECT count(*) FROM unowned_objects").await, 0);
}

/// Files cannot be stored, and texts can.
async fn check_unavailable(user: &TestUser, chat: &TestChat) {
    for bytes in [b"tea".to_vec(), photo(30, 30, ImageFormat::Png)] {
        let refused = user.try_upload(chat, Uuid::new_v4(), "a.txt", bytes).await;
        let problem = refused.assert_problem(ProblemCode::StorageUnavailable);
        assert_eq!(problem.retry_after, Some(30));
    }
    user.send_message(chat, "only text").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_folder_stores_nothing_by_halves() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let kept = ada.upload(&tea, "a.txt", "tea").await;
    let (folder, elsewhere) = (app.files_folder(), app.data_dir.path().join("elsewhere"));
    fs::rename(&folder, &elsewhere).unwrap();
    // Otherwise it is created again.
    fs::write(&folder, "").unwrap();
    check_unavailable(&ada, &tea).await;
    ada.get_file(&tea, kept.id, "").await.assert_problem(ProblemCode::StorageUnavailable);
    assert_eq!(app.query_count("SELECT count(*) FROM files").await, 1);
    fs::remove_file(&folder).unwrap();
    fs::rename(&elsewhere, &folder).unwrap();
    assert_eq!(ada.download(&tea, kept.id, "").await.text(), "tea");
    ada.upload(&tea, "a.txt", "tea").await;
    // What failed is forgotten once it could be deleted; a run may have tried before.
    app.execute_sql("UPDATE unowned_objects SET delete_at = now()").await;
    app.clean_up_files().await;
    assert_eq!(app.query_count("SELECT count(*) FROM unowned_objects").await, 0);
    assert_eq!(list_objects(&folder).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn interrupted_upload_leaves_nothing() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut upload = ada.begin_file_upload(&tea, "Content-Length: 6").await;
    upload.write(b"tea").await.unwrap();
    app.wait_for_uploads(1).await;
    upload.shut_down_write().await;
    upload.read_to_end().await;
    assert_eq!(fs::read_dir(app.data_dir.path().join("uploads")).unwrap().count(), 0);
    assert_eq!(list_objects(&app.files_folder()).len(), 0);
    assert_eq!(app.query_count("SELECT count(*) FROM files").await, 0);
}

/// An S3 server on this machine.
struct S3Server {
    root: TempDir,
    port: u16,
    process: Child,
}

const BUCKET: &str = "chatire-files";
const ACCESS_KEY: &str = "chatire";
const SECRET_KEY: &str = "a secret of the tests";

impl S3Server {
    async fn start() -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join(BUCKET)).unwrap();
        let unused = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = unused.local_addr().unwrap().port();
        drop(unused);
        let process = spawn_s3_server(root.path(), port).await;
        Self { root, port, process }
    }

    fn folder(&self) -> PathBuf {
        self.root.path().join(BUCKET)
    }

    async fn spawn_app(&self) -> TestApp {
        self.spawn_app_with(SECRET_KEY).await
    }

    async fn spawn_app_with(&self, secret_key: &str) -> TestApp {
        let endpoint = format!("http://127.0.0.1:{}", self.port);
        TestApp::spawn_with(|config| {
            config.storage.s3_bucket = Some(BUCKET.to_owned());
            config.storage.s3_endpoint = Some(endpoint);
            "us-east-1".clone_into(&mut config.storage.s3_region);
            config.storage.s3_access_key_id = Some(ACCESS_KEY.to_owned());
            config.storage.s3_secret_access_key = Some(secret_key.to_owned());
        })
        .await
    }
}

/// Starts the program that `cargo xtask test` installs, and waits until it listens.
async fn spawn_s3_server(root: &Path, port: u16) -> Child {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools/bin");
    let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap());
    let mut command = Command::new("s3s-fs");
    command.env("PATH", path).env("RUST_LOG", "info").stdout(Stdio::piped()).kill_on_drop(true);
    command.args(["--host", "127.0.0.1", "--port", &port.to_string()]);
    command.args(["--access-key", ACCESS_KEY, "--secret-key", SECRET_KEY]).arg(root);
    let mut process = command.spawn().expect("s3s-fs is installed: cargo xtask test does that");
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let listening = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            if line.contains("server is running at") {
                return;
            }
        }
        panic!("the S3 server does not start");
    };
    timeout(TEST_TIMEOUT, listening).await.expect("the S3 server starts in time");
    // It writes more, and must not wait for a reader.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    process
}

#[tokio::test(flavor = "multi_thread")]
async fn bucket_keeps_files_until_deleted() {
    let server = S3Server::start().await;
    let app = server.spawn_app().await;
    check_storage(&app, &server.folder()).await;
    assert!(!app.files_folder().exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn failing_bucket_refuses_files_only() {
    let server = S3Server::start().await;
    let app = server.spawn_app().await;
    let (ada, tea) = app.ada_and_chat().await;
    let kept = ada.upload(&tea, "a.txt", "tea").await;
    let elsewhere = server.root.path().join("elsewhere");
    fs::rename(server.folder(), &elsewhere).unwrap();
    // The server would create it again.
    fs::write(server.folder(), "").unwrap();
    check_unavailable(&ada, &tea).await;
    ada.get_file(&tea, kept.id, "").await.assert_problem(ProblemCode::StorageUnavailable);
    fs::remove_file(server.folder()).unwrap();
    fs::rename(&elsewhere, server.folder()).unwrap();
    assert_eq!(ada.download(&tea, kept.id, "").await.text(), "tea");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_secret_of_bucket_refuses_files_only() {
    let server = S3Server::start().await;
    let app = server.spawn_app_with("another secret").await;
    let (ada, tea) = app.ada_and_chat().await;
    check_unavailable(&ada, &tea).await;
    assert_eq!(list_objects(&server.folder()).len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn unreachable_bucket_keeps_deletions_for_later() {
    let mut server = S3Server::start().await;
    let app = server.spawn_app().await;
    let (ada, tea) = app.ada_and_chat().await;
    let file = ada.upload(&tea, "a.txt", "tea").await;
    let seq = ada.post_file(&tea, file.id).await;
    server.process.kill().await.unwrap();
    check_unavailable(&ada, &tea).await;
    ada.get_file(&tea, file.id, "").await.assert_problem(ProblemCode::StorageUnavailable);
    ada.delete_message(&tea, seq).await.assert_status(204);
    app.clean_up_files().await;
    assert_eq!(list_objects(&server.folder()).len(), 1);
    server.process = spawn_s3_server(server.root.path(), server.port).await;
    app.execute_sql("UPDATE unowned_objects SET delete_at = now()").await;
    app.clean_up_files().await;
    assert_eq!(list_objects(&server.folder()).len(), 0);
    assert_eq!(app.query_count("SELECT count(*) FROM unowned_objects").await, 0);
}
