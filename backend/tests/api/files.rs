//! Uploading and downloading files: content, types, names, ranges and limits.

use std::io::Cursor;

use backend::config::{RateLimits, limits::Bytes};
use futures_util::future::join_all;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use reqwest::Method;
use shared::{
    file::MessageFile,
    problem::{FieldCode, ProblemCode},
};
use uuid::Uuid;

use crate::support::{ApiResponse, Download, TestApp, TestChat, TestUser, file_path, png};

pub fn photo(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let image = RgbImage::from_fn(width, height, |x, y| {
        Rgb([x, y, x + y].map(|value| u8::try_from(value % 256).unwrap()))
    });
    let mut file = Cursor::new(Vec::new());
    DynamicImage::from(image).write_to(&mut file, format).unwrap();
    file.into_inner()
}

#[track_caller]
fn assert_field_error(response: ApiResponse, field: &str, code: FieldCode) {
    let errors = response.assert_problem(ProblemCode::Invalid).errors;
    assert_eq!((errors[0].field.as_str(), errors[0].code), (field, code));
}

#[tokio::test(flavor = "multi_thread")]
async fn file_is_downloaded_with_its_name_and_type() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let file = ada.upload(&tea, "plän \"1\".pdf", b"%PDF-1.7 hello").await;
    assert_eq!((file.size, file.media_type.as_str(), file.image), (14, "application/pdf", None));
    assert_eq!(file.name, "plän \"1\".pdf");
    let download = ada.download(&tea, file.id, "").await;
    assert_eq!((download.status, download.text()), (200, "%PDF-1.7 hello"));
    for (name, value) in [
        (
            "content-disposition",
            "attachment; filename=\"pl_n _1_.pdf\"; filename*=UTF-8''pl%C3%A4n%20%221%22.pdf",
        ),
        ("content-type", "application/pdf"),
        ("content-length", "14"),
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'; sandbox"),
        ("x-content-type-options", "nosniff"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cache-control", "private, no-cache"),
        ("accept-ranges", "bytes"),
    ] {
        assert_eq!(download.header(name), value, "{name}");
    }
    assert!(download.header("vary").starts_with("Authorization"), "{:?}", download.headers);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_media_are_shown_inline() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let broken = [&photo(20, 20, ImageFormat::Png)[..40], b"<script>alert(1)</script>"].concat();
    for (bytes, media_type, disposition) in [
        (photo(20, 20, ImageFormat::Png), "image/png", "inline"),
        (photo(20, 20, ImageFormat::Gif), "image/gif", "inline"),
        (b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41".to_vec(), "video/mp4", "inline"),
        (b"ID3\x03\0\0\0\0\0\0".to_vec(), "audio/mpeg", "inline"),
        (b"<!DOCTYPE html><script>alert(1)</script>".to_vec(), "text/html", "attachment"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(), "application/octet-stream", "attachment"),
        (broken, "application/octet-stream", "attachment"),
        (b"hello".to_vec(), "application/octet-stream", "attachment"),
    ] {
        let file = ada.upload(&tea, "photo.png", bytes).await;
        let download = ada.download(&tea, file.id, "?download=false").await;
        assert_eq!((file.media_type.as_str(), download.header("content-type")), (media_type, media_type));
        let found = download.header("content-disposition");
        assert!(found.starts_with(&format!("{disposition}; ")), "{media_type}: {found}");
        let saved = ada.download(&tea, file.id, "?download=true").await;
        assert!(saved.header("content-disposition").starts_with("attachment; "), "{media_type}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn photo_is_reencoded_in_two_sizes() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let file = ada.upload(&tea, "tea.jpg", photo(3_000, 1_500, ImageFormat::Jpeg)).await;
    let size = file.image.unwrap();
    assert_eq!((size.width, size.height, file.media_type.as_str()), (2_560, 1_280, "image/jpeg"));
    let full = ada.download(&tea, file.id, "?size=full").await;
    assert_eq!((full.image().width(), full.bytes.len() as u64), (2_560, file.size));
    let preview = ada.download(&tea, file.id, "?size=preview").await;
    assert_eq!((preview.image().width(), preview.image().height()), (720, 360));
    assert_ne!(preview.header("etag"), full.header("etag"));
    // A small image has only one rendition.
    let small = ada.upload(&tea, "small.png", png(64)).await;
    let [full, preview] =
        [ada.download(&tea, small.id, "").await, ada.download(&tea, small.id, "?size=preview").await];
    assert_eq!((&full.bytes, full.header("content-type")), (&preview.bytes, "image/png"));
    ada.get_file(&tea, small.id, "?size=tiny").await.assert_problem(ProblemCode::Invalid);
}

#[tokio::test(flavor = "multi_thread")]
async fn repeated_upload_has_no_effect() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let (brian, coffee) = (app.create_member("brian", &tea).await, ada.create_chat().await);
    let id = Uuid::new_v4();
    let first: MessageFile = ada.try_upload(&tea, id, "a.txt", "tea").await.assert_status(201).json();
    let again: MessageFile = ada.try_upload(&tea, id, "b.txt", "tea").await.assert_status(200).json();
    assert_eq!(first, again);
    for other in [
        ada.try_upload(&tea, id, "a.txt", "coffee"),
        ada.try_upload(&coffee, id, "a.txt", "tea"),
        brian.try_upload(&tea, id, "a.txt", "tea"),
    ] {
        other.await.assert_problem(ProblemCode::ClientIdConflict);
    }
    assert_eq!(ada.download(&tea, id, "").await.text(), "tea");
    // Two at once.
    let id = Uuid::new_v4();
    let both = join_all([(); 2].map(|()| ada.try_upload(&tea, id, "a.txt", "tea").into_future())).await;
    let mut statuses: Vec<_> = both.iter().map(|response| response.status).collect();
    statuses.sort_unstable();
    assert!([[200, 201], [201, 201]].contains(&[statuses[0], statuses[1]]), "{both:?}");
    assert_eq!(app.query_count("SELECT count(*) FROM files").await, 2);
    app.clean_up_files().await;
    assert_eq!(app.query_count("SELECT count(*) FROM unowned_objects").await, 0);
    assert_eq!(std::fs::read_dir(app.data_dir.path().join("files")).unwrap().count(), 2);
}

async fn get_with(user: &TestUser, chat: &TestChat, id: Uuid, headers: &[(&str, &str)]) -> Download {
    let request = user.get_file(chat, id, "");
    let request = headers.iter().fold(request, |request, (name, value)| request.header(name, value));
    Download::receive(request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn ranges_return_parts() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let file = ada.upload(&tea, "a.txt", "0123456789").await;
    let tag = ada.download(&tea, file.id, "").await.header("etag").to_owned();
    let get = async |headers: &[(&str, &str)]| get_with(&ada, &tea, file.id, headers).await;
    for (range, expected, content_range) in [
        ("bytes=0-3", "0123", "bytes 0-3/10"),
        ("bytes=7-", "789", "bytes 7-9/10"),
        ("bytes=-2", "89", "bytes 8-9/10"),
        ("bytes=5-100", "56789", "bytes 5-9/10"),
    ] {
        for headers in [&[("range", range)][..], &[("range", range), ("if-range", &tag)]] {
            let part = get(headers).await;
            assert_eq!((part.status, part.text()), (206, expected), "{headers:?}");
            assert_eq!(part.header("content-range"), content_range);
            assert_eq!(part.header("content-length"), expected.len().to_string());
        }
    }
    // Other content, several ranges, other units and nonsense.
    for headers in [
        &[("range", "bytes=0-3"), ("if-range", "\"other\"")][..],
        &[("range", "bytes=0-1,3-4")],
        &[("range", "lines=0-1")],
        &[("range", "bytes=x")],
    ] {
        let whole = get(headers).await;
        assert_eq!((whole.status, whole.text()), (200, "0123456789"), "{headers:?}");
    }
    let beyond = get(&[("range", "bytes=10-")]).await;
    assert_eq!((beyond.status, beyond.header("content-range")), (416, "bytes */10"));
}

#[tokio::test(flavor = "multi_thread")]
async fn head_and_known_content_have_no_body() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let file = ada.upload(&tea, "a.txt", "0123456789").await;
    let get = async |headers: &[(&str, &str)]| get_with(&ada, &tea, file.id, headers).await;
    let head = Download::receive(ada.request(&Method::HEAD, &file_path(&tea, file.id, ""))).await;
    assert_eq!((head.status, head.header("content-length"), head.bytes.len()), (200, "10", 0));
    let tag = head.header("etag");
    for known in [tag, "*", &format!("\"other\", W/{tag}")] {
        let unchanged = get(&[("if-none-match", known), ("range", "bytes=0-3")]).await;
        assert_eq!((unchanged.status, unchanged.header("etag")), (304, tag), "{known}");
    }
    assert_eq!(get(&[("if-none-match", "\"other\"")]).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_uploads_name_the_reason() {
    let app = TestApp::spawn_with(|config| {
        config.limits.limit_file_bytes = Bytes(100 * 1_024);
        config.limits.limit_megapixels = 1;
    })
    .await;
    let (ada, tea) = app.ada_and_chat().await;
    let upload = |name: &str, bytes: Vec<u8>| ada.try_upload(&tea, Uuid::new_v4(), name, bytes);
    for (name, code) in [
        ("", FieldCode::Blank),
        ("a/b", FieldCode::InvalidName),
        ("a\\b", FieldCode::InvalidName),
        ("a\nb", FieldCode::InvalidName),
        ("a\0b", FieldCode::NullCharacter),
    ] {
        assert_field_error(upload(name, b"tea".to_vec()).await, "name", code);
    }
    let long = upload(&"x".repeat(256), b"tea".to_vec()).await.assert_problem(ProblemCode::Invalid);
    assert_eq!(long.detail, "name: Ensure this field has no more than 255 characters.");
    upload(&"é".repeat(255), b"tea".to_vec()).await.assert_status(201);
    assert_field_error(
        ada.request(&Method::PUT, &file_path(&tea, Uuid::new_v4(), "")).body("a/b", "tea").await,
        "name",
        FieldCode::Required,
    );
    assert_field_error(upload("a.txt", Vec::new()).await, "file", FieldCode::Required);
    upload("a.txt", vec![0; 100 * 1_024 + 1]).await.assert_problem(ProblemCode::TooLarge);
    upload("a.txt", vec![0; 100 * 1_024]).await.assert_status(201);
    assert_field_error(upload("a.png", png(1_001)).await, "file", FieldCode::TooManyPixels);
    let path = format!("/api/chats/{tea}/files/7/?name=a");
    ada.request(&Method::PUT, &path).body("a/b", "tea").await.assert_problem(ProblemCode::NotFound);
    let packed = upload("a.txt", b"tea".to_vec()).header("content-encoding", "gzip");
    packed.await.assert_problem(ProblemCode::UnsupportedMediaType);
    assert_eq!(app.query_count("SELECT count(*) FROM files").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn chunked_upload_is_limited_as_it_arrives() {
    let app = TestApp::spawn_with(|config| config.limits.limit_file_bytes = Bytes(1_024)).await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut upload = ada.begin_file_upload(&tea, "Transfer-Encoding: chunked").await;
    upload.write(format!("400\r\n{}\r\n", "x".repeat(1_024)).as_bytes()).await.unwrap();
    upload.write(b"1\r\nx\r\n").await.unwrap();
    let response = upload.read_to_end().await;
    assert!(response.starts_with("HTTP/1.1 413 ") && response.contains("\"too_large\""), "{response}");
}

#[tokio::test(flavor = "multi_thread")]
async fn file_uploads_are_rate_limited() {
    for (uploads, bytes) in [("3/min", "200MiB"), ("100/min", "3KiB")] {
        let app = TestApp::spawn_with(|config| {
            config.limits.rate_limits = RateLimits::On;
            config.limits.limit_files = uploads.parse().unwrap();
            config.limits.limit_upload_bytes = bytes.parse().unwrap();
        })
        .await;
        let (ada, tea) = app.ada_and_chat().await;
        let brian = app.create_member("brian", &tea).await;
        for _ in 0..3 {
            ada.upload(&tea, "a.txt", "tea").await;
        }
        let rejected = ada.try_upload(&tea, Uuid::new_v4(), "a.txt", "tea").await;
        assert!(rejected.assert_problem(ProblemCode::TooManyRequests).retry_after.is_some());
        brian.upload(&tea, "a.txt", "tea").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_uploads_do_not_block_others() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut slow = Vec::new();
    for name in ["brian", "carol", "dora", "emil"] {
        let user = app.create_member(name, &tea).await;
        for _ in 0..3 {
            slow.push(user.begin_file_upload(&tea, "Content-Length: 20000000").await);
        }
    }
    app.wait_for_uploads(slow.len()).await;
    ada.upload(&tea, "a.jpg", photo(100, 100, ImageFormat::Jpeg)).await;
    ada.send_message(&tea, "still here").await;
    drop(slow);
}

#[tokio::test(flavor = "multi_thread")]
async fn user_may_send_three_files_at_a_time() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let uploads = [(); 3].map(|()| app.state.file_storage.begin_upload(ada.id).unwrap());
    let rejected = ada.try_upload(&tea, Uuid::new_v4(), "a.txt", "tea").await;
    assert_eq!(rejected.assert_problem(ProblemCode::TooManyRequests).retry_after, Some(3));
    brian.upload(&tea, "a.txt", "tea").await;
    drop(uploads);
    ada.upload(&tea, "a.txt", "tea").await;
}
