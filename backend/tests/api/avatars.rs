//! Pictures of people.

use backend::config::RateLimits;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use reqwest::Method;
use shared::{
    problem::{FieldCode, ProblemCode},
    user::Account,
};

use crate::app::{Answer, Call, Person, TestApp};

/// A picture of one colour.
pub fn png(side: u32) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    let picture = DynamicImage::ImageRgb8(RgbImage::from_pixel(side, side, Rgb([200, 30, 30])));
    picture.write_to(&mut file, ImageFormat::Png).unwrap();
    file.into_inner()
}

impl Person {
    fn upload(&self, kind: &str, file: Vec<u8>) -> Call {
        self.call(&Method::PUT, "/auth/me/avatar/").body(kind, file)
    }

    /// The name of their picture from then on.
    async fn shows_themself(&self) -> String {
        let name = self.upload("image/png", png(64)).await.is(200).read::<Account>().avatar;
        assert_eq!(name.len(), 22);
        name
    }
}

impl TestApp {
    fn avatar(&self, name: &str) -> Call {
        self.web.get(&format!("/api/avatars/{name}/"))
    }
}

#[track_caller]
fn is_wrong(answer: Answer, code: FieldCode) {
    let errors = answer.refused(ProblemCode::Invalid).errors;
    assert_eq!((errors[0].field.as_str(), errors[0].code), ("file", code));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_made_anew_and_seen_by_everyone() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let brian = app.joiner("brian", &tea).await;
    brian.says(&tea, "how do I look?").await;
    let mut listener = ada.listens_to(&tea).await;
    let name = brian.shows_themself().await;
    assert_eq!(listener.hears_changes().await.members[0].user.avatar, name);
    assert_eq!(ada.history(&tea, "").await.messages[0].user.avatar, name);
    assert_eq!(brian.get("/auth/me/").await.read::<Account>().avatar, name);

    // An `<img>` sends no token.
    let picture = app.avatar(&name).open().await.unwrap();
    assert_eq!(picture.status(), 200);
    assert_eq!(picture.headers()["content-type"], "image/jpeg");
    assert_eq!(picture.headers()["cache-control"], "private, max-age=31536000, immutable");
    assert_eq!(picture.headers()["x-content-type-options"], "nosniff");
    let jpeg = picture.bytes().await.unwrap();
    let seen = image::load_from_memory(&jpeg).unwrap();
    assert_eq!((seen.width(), seen.height()), (256, 256));

    // Another one has another name.
    let other = brian.shows_themself().await;
    assert_ne!(other, name);
    app.avatar(&name).await.refused(ProblemCode::NotFound);
    listener.hears_changes().await;
    let none = brian.call(&Method::DELETE, "/auth/me/avatar/").await.is(200);
    assert!(none.value().get("avatar").is_none(), "{none:?}");
    assert_eq!(listener.hears_changes().await.members[0].user.avatar, "");
    app.avatar(&other).await.refused(ProblemCode::NotFound);
    assert_eq!(app.count("SELECT count(*) FROM avatars").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_comes_by_itself_or_in_a_form_and_from_guests_too() {
    let app = TestApp::start().await;
    let guest = app.guest("").await;
    let mut form =
        b"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"me.gif\"\r\n\r\n".to_vec();
    form.extend(png(64));
    form.extend(b"\r\n--x--\r\n");
    guest.upload("multipart/form-data; boundary=x", form.clone()).await.is(200);
    guest.upload("image/whatever", png(64)).await.is(200);
    guest.leave_no_picture(&app).await;
    form.truncate(200);
    guest.upload("multipart/form-data; boundary=x", form).await.refused(ProblemCode::Malformed);
    is_wrong(
        guest.upload("multipart/form-data; boundary=x", b"--x--\r\n".to_vec()).await,
        FieldCode::Required,
    );
    for kind in ["application/json", "text/html", "application/octet-stream"] {
        guest.upload(kind, png(64)).await.refused(ProblemCode::UnsupportedMediaType);
    }
    is_wrong(guest.upload("image/png", Vec::new()).await, FieldCode::Required);
    app.web
        .call(&Method::PUT, "/auth/me/avatar/")
        .body("image/png", png(64))
        .await
        .refused(ProblemCode::NotAuthenticated);
}

impl Person {
    async fn leave_no_picture(&self, app: &TestApp) {
        self.call(&Method::DELETE, "/auth/me/avatar/").await.is(200);
        assert_eq!(app.count("SELECT count(*) FROM avatars").await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_picture_or_too_much_of_one_is_refused() {
    let app = TestApp::with(|config| {
        config.limits.limit_image = "20KiB".parse().unwrap();
        config.limits.limit_megapixels = 1;
    })
    .await;
    let ada = app.person("ada").await;
    for bad in [&b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"[..], b"MZ", &png(64)[..50]] {
        is_wrong(ada.upload("image/png", bad.to_vec()).await, FieldCode::NotAnImage);
    }
    is_wrong(ada.upload("image/png", png(1_001)).await, FieldCode::TooManyPixels);
    ada.upload("image/png", vec![0; 21 * 1024]).await.refused(ProblemCode::TooLarge);
    assert_eq!(app.count("SELECT count(*) FROM avatars").await, 0);
    for unknown in ["x", "../../etc/passwd", "%00", &"x".repeat(22)] {
        app.avatar(unknown).await.refused(ProblemCode::NotFound);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_uploads_without_end() {
    let limited = |uploads: &'static str, bytes: &'static str| {
        TestApp::with(move |config| {
            config.limits.rate_limits = RateLimits::On;
            config.limits.limit_uploads = uploads.parse().unwrap();
            config.limits.limit_upload_bytes = bytes.parse().unwrap();
        })
    };
    for (uploads, bytes) in [("3/min", "200MiB"), ("100/min", "3KiB")] {
        let app = limited(uploads, bytes).await;
        let ada = app.person("ada").await;
        for _ in 0..3 {
            ada.shows_themself().await;
        }
        let refused = ada.upload("image/png", png(64)).await.refused(ProblemCode::TooManyRequests);
        assert!(refused.retry_after.is_some());
        app.person("brian").await.shows_themself().await;
    }
    let app = limited("100/min", "1KiB").await;
    app.person("ada").await.upload("image/png", vec![0; 2_000]).await.refused(ProblemCode::TooLarge);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_goes_with_its_account() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let name = ada.shows_themself().await;
    ada.leaves_for_good().await;
    app.avatar(&name).await.refused(ProblemCode::NotFound);
}
