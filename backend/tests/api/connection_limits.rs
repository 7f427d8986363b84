//! Limits on concurrent connections.

use backend::config::RateLimits;
use tokio::time::timeout;

use crate::support::{HandshakeError, RawHttp, TEST_TIMEOUT, TestApp, TestUser, WsClient, open_websocket};

async fn spawn_limited(proxies: &[&str]) -> TestApp {
    TestApp::spawn_with(|config| {
        config.limits.rate_limits = RateLimits::On;
        config.trusted_proxies = proxies.iter().map(|proxy| proxy.parse().unwrap()).collect();
    })
    .await
}

/// Opens a socket through a trusted proxy that reports this client address.
async fn socket_from(user: &TestUser, address: &str) -> Result<WsClient, Box<HandshakeError>> {
    let authorization = format!("JWT {}", user.token);
    let headers = [("authorization", authorization.as_str()), ("x-forwarded-for", address)];
    open_websocket(&user.http, &headers).await.map(|(listener, _)| listener)
}

/// Retries until a connection is free: a closed one is released a moment later.
async fn assert_admitted(user: &TestUser, address: &str) -> WsClient {
    let connecting = async {
        loop {
            match socket_from(user, address).await {
                Ok(listener) => return listener,
                Err(rejected) => assert_eq!(rejected.status, 429),
            }
        }
    };
    timeout(TEST_TIMEOUT, connecting).await.expect("a connection is released")
}

fn assert_too_many(rejected: &HandshakeError) {
    assert_eq!(rejected.status, 429);
    assert!(rejected.text.contains("too_many_requests"), "{}", rejected.text);
    let seconds = rejected.response.headers()["retry-after"].to_str().unwrap().parse::<u64>();
    assert!(seconds.unwrap() >= 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn user_may_open_ten_sockets() {
    let app = spawn_limited(&["127.0.0.1/32"]).await;
    let (ada, brian) = (app.create_user("ada").await, app.create_user("brian").await);
    let mut sockets = Vec::new();
    for number in 0..10 {
        sockets.push(socket_from(&ada, &format!("198.51.100.{number}")).await.unwrap());
    }
    assert_too_many(&socket_from(&ada, "203.0.113.7").await.err().expect("one too many"));
    socket_from(&brian, "198.51.100.0").await.expect("other users are not limited");
    sockets.pop().unwrap().close().await;
    assert_admitted(&ada, "203.0.113.7").await;
    // A broken connection is released too.
    drop(sockets.pop());
    assert_admitted(&ada, "203.0.113.7").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ip_may_open_two_hundred_sockets() {
    let app = spawn_limited(&["127.0.0.1/32"]).await;
    let mut sockets = Vec::new();
    for number in 0..20 {
        let user = app.create_user(&format!("person{number}")).await;
        for _ in 0..10 {
            sockets.push(socket_from(&user, "198.51.100.1").await.unwrap());
        }
    }
    let ada = app.create_user("ada").await;
    assert_too_many(&socket_from(&ada, "198.51.100.1").await.err().expect("one too many"));
    socket_from(&ada, "198.51.100.2").await.expect("other addresses are not limited");
    sockets.pop().unwrap().close().await;
    assert_admitted(&ada, "198.51.100.1").await;
}

/// Opens a connection and asks for something; `None` if the server closes it.
async fn open_http(app: &TestApp) -> Option<RawHttp> {
    let mut connection = RawHttp::open(&app.http).await;
    let _sent: std::io::Result<()> =
        connection.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    connection.stream.readable().await.unwrap();
    let mut first = [0];
    match connection.stream.peek(&mut first).await {
        Ok(1..) => Some(connection),
        Ok(0) | Err(_) => None,
    }
}

/// Retries until a connection is free.
async fn open_http_soon(app: &TestApp) -> RawHttp {
    let connecting = async {
        loop {
            if let Some(connection) = open_http(app).await {
                return connection;
            }
        }
    };
    timeout(TEST_TIMEOUT, connecting).await.expect("a connection is released")
}

#[tokio::test(flavor = "multi_thread")]
async fn http_connections_are_limited_per_ip() {
    let limited = |proxies: &'static str| {
        TestApp::spawn_with(move |config| {
            config.limits.rate_limits = RateLimits::On;
            config.limits.limit_connections_per_ip = 3;
            config.trusted_proxies = proxies.split_whitespace().map(|proxy| proxy.parse().unwrap()).collect();
        })
    };
    let app = limited("").await;
    let ada = app.create_user("ada").await;
    let mut sockets = Vec::new();
    for _ in 0..5 {
        sockets.push(socket_from(&ada, "").await.expect("a socket is no longer an HTTP connection"));
    }
    let mut open = Vec::new();
    for _ in 0..3 {
        open.push(open_http_soon(&app).await);
    }
    assert!(open_http(&app).await.is_none());
    open.pop();
    open_http_soon(&app).await;
    // A trusted proxy has the connections of many clients.
    let app = limited("127.0.0.1/32").await;
    for _ in 0..5 {
        open.push(open_http(&app).await.expect("not limited"));
    }
}
