//! Requests that would take much memory, or keep it.

use std::{io::Cursor, time::Duration};

use image::{DynamicImage, ImageFormat};
use reqwest::{Client, header};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpSocket, TcpStream},
    time::{sleep, timeout},
};

use crate::{fixture::Fixture, user::TestUser};

const MIB: u64 = 1_024;
const CONNECTIONS: usize = 20;
const UPLOADERS: usize = 8;
const UPLOAD_BYTES: usize = 10 * 1_024 * 1_024;

/// Runs `work`; returns its result and by how many KiB the server grew meanwhile.
async fn measure_growth<T>(fixture: &Fixture, work: impl Future<Output = T>) -> (T, u64) {
    let before = fixture.server.memory_kib();
    let mut most = before;
    let measuring = async {
        loop {
            most = most.max(fixture.server.memory_kib());
            sleep(Duration::from_millis(5)).await;
        }
    };
    let result = tokio::select! {
        result = work => result,
        () = measuring => unreachable!("it never ends"),
    };
    (result, most.max(fixture.server.memory_kib()) - before)
}

/// Sends requests until the server reads no more of them, and never reads a response.
async fn send_without_reading(fixture: &Fixture, first: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let mut connection = socket.connect(fixture.address()).await.unwrap();
    connection.write_all(first.as_bytes()).await.unwrap();
    let requests = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n".repeat(4_000);
    while let Ok(written) = timeout(Duration::from_secs(2), connection.write_all(requests.as_bytes())).await {
        written.unwrap();
    }
    connection
}

#[tokio::test(flavor = "multi_thread")]
async fn unread_pipelined_requests_bound_memory() {
    let fixture = Fixture::start().await;
    let ada = fixture.create_user("ada").await;
    let tea = ada.create_chat().await;
    let large = "GET /api/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n".repeat(8);
    // A request that never ends.
    let endless = format!(
        "GET /api/chats/{}/events/ HTTP/1.1\r\nHost: x\r\nAuthorization: JWT {}\r\n\r\n",
        tea.uri, ada.token
    );
    for first in [large, endless] {
        let sending = (0..CONNECTIONS).map(|_| send_without_reading(&fixture, &first));
        let (connections, grown_kib) =
            measure_growth(&fixture, futures_util::future::join_all(sending)).await;
        println!("{CONNECTIONS} connections that do not read: {grown_kib} KiB more memory");
        assert_eq!(connections.len(), CONNECTIONS);
        assert!(grown_kib < 40 * MIB, "{grown_kib} KiB");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn thin_image_takes_little_memory() {
    let fixture = Fixture::start().await;
    let ada = fixture.create_user("ada").await;
    let mut png = Cursor::new(Vec::new());
    DynamicImage::new_rgb8(1, 1_000).write_to(&mut png, ImageFormat::Png).unwrap();
    let upload = Client::builder().no_proxy().build().unwrap();
    let upload = upload.put(format!("http://{}/auth/me/avatar/", fixture.address()));
    let upload = upload.header(header::AUTHORIZATION, format!("JWT {}", ada.token));
    let upload = upload.header(header::CONTENT_TYPE, "image/png").body(png.into_inner()).send();
    let (response, grown_kib) = measure_growth(&fixture, upload).await;
    assert_eq!(response.unwrap().status(), 200);
    assert!(grown_kib < 30 * MIB, "{grown_kib} KiB");
}

/// Sends a part of a file that is larger.
async fn upload_part(user: &TestUser) -> TcpStream {
    let mut connection = TcpStream::connect(user.address).await.unwrap();
    let head = format!(
        "PUT /auth/me/avatar/ HTTP/1.1\r\nHost: x\r\nAuthorization: JWT {}\r\nContent-Type: image/png\r\n\
         Content-Length: {}\r\n\r\n",
        user.token,
        UPLOAD_BYTES + 1
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    // The server rejects what it has no memory for.
    let _sent: std::io::Result<()> = connection.write_all(&vec![0; UPLOAD_BYTES]).await;
    connection
}

#[tokio::test(flavor = "multi_thread")]
async fn unfinished_uploads_bound_and_return_memory() {
    let fixture = Fixture::start().await;
    let users = fixture.create_users(UPLOADERS, "uploader").await;
    let before = fixture.server.memory_kib();
    let uploading = users.iter().flat_map(|user| [upload_part(user), upload_part(user)]);
    let (uploads, grown_kib) = measure_growth(&fixture, futures_util::future::join_all(uploading)).await;
    println!("{} unfinished uploads: {grown_kib} KiB more memory", uploads.len());
    assert!((50 * MIB..150 * MIB).contains(&grown_kib), "{grown_kib} KiB");
    drop(uploads);
    let returning = async {
        while fixture.server.memory_kib() > before + 20 * MIB {
            sleep(Duration::from_millis(100)).await;
        }
    };
    let returned = timeout(Duration::from_secs(20), returning).await;
    assert!(returned.is_ok(), "{} KiB, {before} KiB before", fixture.server.memory_kib());
}
