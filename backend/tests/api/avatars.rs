//! Avatars.

use std::time::Duration;

use backend::config::{
    RateLimits,
    limits::{Bytes, Seconds},
};
use futures_util::future::select_all;
use reqwest::Method;
use shared::{
    problem::{FieldCode, ProblemCode},
    user::Account,
};

use crate::support::{ApiRequest, ApiResponse, RawHttp, TestApp, TestUser, png};

impl TestUser {
    fn upload_avatar(&self, kind: &str, file: Vec<u8>) -> ApiRequest {
        self.request(&Method::PUT, "/auth/me/avatar/").body(kind, file)
    }

    /// Uploads an avatar and returns its name.
    async fn set_avatar(&self) -> String {
        let name = self.upload_avatar("image/png", png(64)).await.assert_status(200).json::<Account>().avatar;
        assert_eq!(name.len(), 22);
        name
    }
}

impl TestUser {
    /// Begins an upload and sends only this part of the file.
    async fn begin_upload(&self, part: &[u8], length: usize) -> RawHttp {
        let mut connection = RawHttp::open(&self.http).await;
        let head = format!(
            "PUT /auth/me/avatar/ HTTP/1.1\r\nHost: localhost\r\nAuthorization: JWT {}\r\nConnection: close\r\n\
             Content-Type: image/png\r\nContent-Length: {length}\r\n\r\n",
            self.token
        );
        connection.write(head.as_bytes()).await.unwrap();
        connection.write(part).await.unwrap();
        connection
    }
}

impl TestApp {
    fn get_avatar(&self, name: &str) -> ApiRequest {
        self.http.get(&format!("/api/avatars/{name}/"))
    }
}

#[track_caller]
fn assert_file_error(response: ApiResponse, code: FieldCode) {
    let errors = response.assert_problem(ProblemCode::Invalid).errors;
    assert_eq!((errors[0].field.as_str(), errors[0].code), ("file", code));
}

#[tokio::test(flavor = "multi_thread")]
async fn avatar_is_reencoded_and_shown_to_members() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    brian.send_message(&tea, "how do I look?").await;
    let mut listener = ada.open_socket_in(&tea).await;
    let name = brian.set_avatar().await;
    assert_eq!(listener.recv_changes().await.members[0].user.avatar, name);
    assert_eq!(ada.history(&tea, "").await.messages[0].user.avatar, name);
    assert_eq!(brian.get("/auth/me/").await.json::<Account>().avatar, name);

    // An `<img>` sends no token.
    let picture = app.get_avatar(&name).open().await.unwrap();
    assert_eq!(picture.status(), 200);
    assert_eq!(picture.headers()["content-type"], "image/jpeg");
    assert_eq!(picture.headers()["cache-control"], "private, max-age=31536000, immutable");
    assert_eq!(picture.headers()["x-content-type-options"], "nosniff");
    let jpeg = picture.bytes().await.unwrap();
    let seen = image::load_from_memory(&jpeg).unwrap();
    assert_eq!((seen.width(), seen.height()), (256, 256));

    // A new avatar has a new name.
    let other = brian.set_avatar().await;
    assert_ne!(other, name);
    app.get_avatar(&name).await.assert_problem(ProblemCode::NotFound);
    listener.recv_changes().await;
    let none = brian.request(&Method::DELETE, "/auth/me/avatar/").await.assert_status(200);
    assert!(none.value().get("avatar").is_none(), "{none:?}");
    assert_eq!(listener.recv_changes().await.members[0].user.avatar, "");
    app.get_avatar(&other).await.assert_problem(ProblemCode::NotFound);
    assert_eq!(app.query_count("SELECT count(*) FROM avatars").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn avatar_upload_accepts_raw_body_and_form() {
    let app = TestApp::spawn().await;
    let guest = app.create_guest("").await;
    let mut form =
        b"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"me.gif\"\r\n\r\n".to_vec();
    form.extend(png(64));
    form.extend(b"\r\n--x--\r\n");
    guest.upload_avatar("multipart/form-data; boundary=x", form.clone()).await.assert_status(200);
    guest.upload_avatar("image/whatever", png(64)).await.assert_status(200);
    guest.remove_avatar(&app).await;
    form.truncate(200);
    guest.upload_avatar("multipart/form-data; boundary=x", form).await.assert_problem(ProblemCode::Malformed);
    assert_file_error(
        guest.upload_avatar("multipart/form-data; boundary=x", b"--x--\r\n".to_vec()).await,
        FieldCode::Required,
    );
    for kind in ["application/json", "text/html", "application/octet-stream"] {
        guest.upload_avatar(kind, png(64)).await.assert_problem(ProblemCode::UnsupportedMediaType);
    }
    assert_file_error(guest.upload_avatar("image/png", Vec::new()).await, FieldCode::Required);
    app.http
        .request(&Method::PUT, "/auth/me/avatar/")
        .body("image/png", png(64))
        .await
        .assert_problem(ProblemCode::NotAuthenticated);
}

impl TestUser {
    async fn remove_avatar(&self, app: &TestApp) {
        self.request(&Method::DELETE, "/auth/me/avatar/").await.assert_status(200);
        assert_eq!(app.query_count("SELECT count(*) FROM avatars").await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn avatar_upload_rejects_invalid_images() {
    let app = TestApp::spawn_with(|config| {
        config.limits.limit_image_bytes = "20KiB".parse().unwrap();
        config.limits.limit_megapixels = 1;
    })
    .await;
    let ada = app.create_user("ada").await;
    for bad in [&b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"[..], b"MZ", &png(64)[..50]] {
        assert_file_error(ada.upload_avatar("image/png", bad.to_vec()).await, FieldCode::NotAnImage);
    }
    assert_file_error(ada.upload_avatar("image/png", png(1_001)).await, FieldCode::TooManyPixels);
    ada.upload_avatar("image/png", vec![0; 21 * 1024]).await.assert_problem(ProblemCode::TooLarge);
    assert_eq!(app.query_count("SELECT count(*) FROM avatars").await, 0);
    for unknown in ["x", "../../etc/passwd", "%00", &"x".repeat(22)] {
        app.get_avatar(unknown).await.assert_problem(ProblemCode::NotFound);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn avatar_uploads_are_rate_limited() {
    let limited = |uploads: &'static str, bytes: &'static str| {
        TestApp::spawn_with(move |config| {
            config.limits.rate_limits = RateLimits::On;
            config.limits.limit_uploads = uploads.parse().unwrap();
            config.limits.limit_upload_bytes = bytes.parse().unwrap();
        })
    };
    for (uploads, bytes) in [("3/min", "200MiB"), ("100/min", "3KiB")] {
        let app = limited(uploads, bytes).await;
        let ada = app.create_user("ada").await;
        for _ in 0..3 {
            ada.set_avatar().await;
        }
        let rejected =
            ada.upload_avatar("image/png", png(64)).await.assert_problem(ProblemCode::TooManyRequests);
        assert!(rejected.retry_after.is_some());
        app.create_user("brian").await.set_avatar().await;
    }
    let app = limited("100/min", "1KiB").await;
    app.create_user("ada")
        .await
        .upload_avatar("image/png", vec![0; 2_000])
        .await
        .assert_problem(ProblemCode::TooLarge);
}

#[tokio::test(flavor = "multi_thread")]
async fn user_may_send_two_uploads_at_a_time() {
    let app = TestApp::spawn().await;
    let (ada, brian) = (app.create_user("ada").await, app.create_user("brian").await);
    let uploads = [(); 2].map(|()| app.state.images.begin_upload(ada.id).unwrap());
    let rejected = ada.upload_avatar("image/png", png(64)).await.assert_problem(ProblemCode::TooManyRequests);
    assert_eq!(rejected.retry_after, Some(3));
    brian.set_avatar().await;
    drop(uploads);
    ada.set_avatar().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_share_memory_for_three_largest() {
    const LENGTH: usize = 20 * 1_024;
    let app = TestApp::spawn_with(|config| {
        // On a busy machine, the incomplete uploads must not end before their turn.
        config.limits.limit_body_timeout = Seconds(Duration::from_mins(5));
        config.limits.limit_request_timeout = Seconds(Duration::from_mins(6));
        config.limits.limit_image_bytes = Bytes(LENGTH);
    })
    .await;
    let mut uploads = Vec::new();
    for user in app.create_users(2).await {
        for _ in 0..2 {
            uploads.push(user.begin_upload(&vec![0; LENGTH - 1_024], LENGTH).await);
        }
    }
    let responses = uploads.iter_mut().map(|upload| Box::pin(upload.read_to_end()));
    let (response, _, _others_still_wait) = select_all(responses).await;
    assert!(response.starts_with("HTTP/1.1 503 ") && response.contains("\"busy\""), "{response}");
    app.create_user("ada").await.set_avatar().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn avatar_is_deleted_with_account() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    let name = ada.set_avatar().await;
    ada.delete_account().await;
    app.get_avatar(&name).await.assert_problem(ProblemCode::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn upload_is_counted_before_it_is_read() {
    for (uploads, bytes) in [("1/h", "200MiB"), ("100/h", "3KiB")] {
        let app = TestApp::spawn_with(|config| {
            config.limits.rate_limits = RateLimits::On;
            config.limits.limit_uploads = uploads.parse().unwrap();
            config.limits.limit_upload_bytes = bytes.parse().unwrap();
        })
        .await;
        let ada = app.create_user("ada").await;
        let (mut one, mut other) = (ada.begin_upload(&[], 2_000).await, ada.begin_upload(&[], 2_000).await);
        let responses = [one.read_to_end(), other.read_to_end()].map(Box::pin);
        let (response, _, _accepted_waits) = select_all(responses).await;
        assert!(response.starts_with("HTTP/1.1 429 "), "{response}");
        let wait = response.split_once("\"retry_after\":").unwrap().1;
        let seconds: u64 = wait[..wait.find([',', '}']).unwrap()].parse().unwrap();
        assert!(seconds > 60, "not the limit of concurrent uploads: {response}");
    }
}
