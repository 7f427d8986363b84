//! Who may upload and download files, and until when.

use std::time::Duration;

use serde_json::json;
use shared::{
    file::FileToken,
    member::{MembershipStatus, Role},
    problem::ProblemCode,
};
use uuid::Uuid;

use crate::support::{ApiRequest, Download, TestApp, TestChat, file_path};

impl TestApp {
    /// Requests a file by its URL, as an `<img>` does.
    fn get_by_token(&self, chat: &TestChat, id: Uuid, token: &str) -> ApiRequest {
        self.http.get(&file_path(chat, id, &format!("?token={token}")))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn file_is_private_until_posted() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let (brian, carol) = (app.create_member("brian", &tea).await, app.create_user("carol").await);
    let coffee = ada.create_chat().await;
    brian.join(&coffee).await;
    let file = ada.upload(&tea, "a.txt", "tea").await;
    brian.get_file(&tea, file.id, "").await.assert_problem(ProblemCode::NotFound);
    ada.get_file(&coffee, file.id, "").await.assert_problem(ProblemCode::NotFound);
    let seq = ada.post_file(&tea, file.id).await;
    assert_eq!(brian.download(&tea, file.id, "").await.text(), "tea");
    brian.get_file(&coffee, file.id, "").await.assert_problem(ProblemCode::NotFound);
    carol.get_file(&tea, file.id, "").await.assert_problem(ProblemCode::ChatNotFound);
    carol.try_upload(&tea, Uuid::new_v4(), "a.txt", "tea").await.assert_problem(ProblemCode::ChatNotFound);
    ada.get_file(&tea, Uuid::new_v4(), "").await.assert_problem(ProblemCode::NotFound);
    ada.get_file("unknown", file.id, "").await.assert_problem(ProblemCode::ChatNotFound);
    // Not even its author gets it once the message is deleted.
    ada.delete_message(&tea, seq).await.assert_status(204);
    for user in [&ada, &brian] {
        user.get_file(&tea, file.id, "").await.assert_problem(ProblemCode::NotFound);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn expired_message_hides_its_file() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let file = ada.upload(&tea, "a.txt", "tea").await;
    let seq = ada.post_file(&tea, file.id).await;
    assert_eq!(ada.download(&tea, file.id, "").await.text(), "tea");
    // Its row is deleted later.
    app.execute_sql(&format!("UPDATE chats SET first_retained_seq = {seq} + 1")).await;
    ada.get_file(&tea, file.id, "").await.assert_problem(ProblemCode::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_download_and_do_not_upload() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    ada.set_role(&tea, &brian, Role::Reader).await.assert_status(200);
    let file = ada.upload(&tea, "a.txt", "tea").await;
    ada.post_file(&tea, file.id).await;
    assert_eq!(brian.download(&tea, file.id, "").await.text(), "tea");
    let refused = brian.try_upload(&tea, Uuid::new_v4(), "a.txt", "tea").await;
    refused.assert_problem(ProblemCode::Forbidden);
    ada.update_settings(&tea, &json!({ "closed": true })).await.assert_status(200);
    let refused = ada.try_upload(&tea, Uuid::new_v4(), "a.txt", "tea").await;
    refused.assert_problem(ProblemCode::ChatClosed);
}

#[tokio::test(flavor = "multi_thread")]
async fn guest_uploads_and_downloads_files() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let guest = app.create_guest("").await;
    guest.join(&tea).await;
    let file = guest.upload(&tea, "a.txt", "tea").await;
    guest.post_file(&tea, file.id).await;
    assert_eq!(ada.download(&tea, file.id, "").await.text(), "tea");
}

#[tokio::test(flavor = "multi_thread")]
async fn removed_member_loses_old_urls_at_once() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let file = ada.upload(&tea, "a.txt", "tea").await;
    ada.post_file(&tea, file.id).await;
    let token = brian.file_token(&tea).await;
    let download = Download::receive(app.get_by_token(&tea, file.id, &token)).await;
    assert_eq!((download.status, download.text()), (200, "tea"));
    ada.set_status(&tea, &brian, MembershipStatus::Removed).await.assert_status(200);
    app.get_by_token(&tea, file.id, &token).await.assert_problem(ProblemCode::ChatNotFound);
    brian.get_file(&tea, file.id, "").await.assert_problem(ProblemCode::ChatNotFound);
    brian.post(&format!("/api/chats/{tea}/file_tokens/")).await.assert_problem(ProblemCode::ChatNotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn token_ends_with_its_session_and_time() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let file = ada.upload(&tea, "a.txt", "tea").await;
    let path = format!("/api/chats/{tea}/file_tokens/");
    let FileToken { token, expires_at } = ada.post(&path).await.assert_status(200).json();
    let left = expires_at.timestamp() - app.state.clock.timestamp();
    assert!((30 * 60..=60 * 60).contains(&left), "{left}");
    // The same for the same session, so that browsers find what they have loaded.
    assert_eq!(ada.file_token(&tea).await, token);
    let other_session = ada.with_token(&app.create_session_token(ada.id).await);
    let other = other_session.file_token(&tea).await;
    assert_ne!(other, token);
    let download = Download::receive(app.get_by_token(&tea, file.id, &token)).await;
    let kept = download.header("cache-control");
    let seconds = kept.strip_prefix("private, max-age=").and_then(|rest| rest.strip_suffix(", immutable"));
    let seconds: i64 = seconds.unwrap_or_else(|| panic!("{kept}")).parse().unwrap();
    assert!(seconds <= left, "{seconds} > {left}");
    ada.post("/auth/jwt/end/").await.assert_status(204);
    app.get_by_token(&tea, file.id, &token).await.assert_problem(ProblemCode::SessionEnded);
    assert_eq!(Download::receive(app.get_by_token(&tea, file.id, &other)).await.status, 200);
    app.advance_clock(Duration::from_hours(1));
    app.get_by_token(&tea, file.id, &other).await.assert_problem(ProblemCode::TokenExpired);
}

#[tokio::test(flavor = "multi_thread")]
async fn token_is_for_files_of_one_chat() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let coffee = ada.create_chat().await;
    let file = ada.upload(&tea, "a.txt", "tea").await;
    let wrong = ada.file_token(&coffee).await;
    for token in [wrong.as_str(), &ada.token, "tea", ""] {
        app.get_by_token(&tea, file.id, token).await.assert_problem(ProblemCode::InvalidToken);
    }
    app.http.get(&file_path(&tea, file.id, "")).await.assert_problem(ProblemCode::NotAuthenticated);
    // It grants nothing else.
    let token = ada.file_token(&tea).await;
    let messages = app.http.get(&format!("/api/chats/{tea}/messages/?token={token}"));
    messages.await.assert_problem(ProblemCode::NotAuthenticated);
    ada.with_token(&token).get("/auth/me/").await.assert_problem(ProblemCode::InvalidToken);
}

#[tokio::test(flavor = "multi_thread")]
async fn member_removed_during_upload_stores_nothing() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let mut upload = brian.begin_file_upload(&tea, "Content-Length: 6").await;
    upload.write(b"tea").await.unwrap();
    app.wait_for_uploads(1).await;
    ada.set_status(&tea, &brian, MembershipStatus::Banned).await.assert_status(200);
    upload.write(b"tea").await.unwrap();
    let response = upload.read_to_end().await;
    assert!(response.starts_with("HTTP/1.1 404 "), "{response}");
    assert_eq!(app.query_count("SELECT count(*) FROM files").await, 0);
}
