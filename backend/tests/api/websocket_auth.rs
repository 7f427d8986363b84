//! Authentication and origin checks of the WebSocket handshake.

use std::time::Duration;

use serde_json::Value;
use shared::{
    problem::{Problem, ProblemCode},
    socket::{PROTOCOL, ServerFrame, Ticket},
};

use crate::support::{
    ALLOWED_ORIGIN, HandshakeError, HttpClient, RawHttp, TestApp, TestUser, WsClient, open_websocket,
};

/// Opens a socket as a browser does from a page of `origin`.
async fn open_websocket_from(
    http: &HttpClient,
    origin: &str,
    ticket: &str,
) -> Result<WsClient, Box<HandshakeError>> {
    let protocols = format!("{PROTOCOL}, {ticket}");
    let headers = [("origin", origin), ("sec-websocket-protocol", protocols.as_str())];
    open_websocket(http, &headers).await.map(|(listener, _)| listener)
}

async fn assert_admitted(http: &HttpClient, origin: &str, user: &TestUser) {
    let mut listener = open_websocket_from(http, origin, &user.create_ticket().await).await.unwrap();
    assert!(matches!(listener.recv_event().await, ServerFrame::Welcome { .. }));
}

#[track_caller]
fn rejection_code<T>(result: Result<T, Box<HandshakeError>>) -> ProblemCode {
    let rejected = result.err().expect("the handshake is rejected");
    let problem: Problem = serde_json::from_str(&rejected.text).expect("a problem document");
    assert_eq!(problem.status, rejected.status);
    problem.code
}

#[tokio::test(flavor = "multi_thread")]
async fn ticket_opens_one_socket() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let ticket: Ticket = ada.post("/auth/tickets/").await.assert_status(200).json();
    assert_eq!(ticket.expires_in, 30);
    let headers = ada.browser_headers(&ticket.ticket);
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    let (mut listener, response) = open_websocket(&app.http, &headers).await.unwrap();
    assert_eq!(response.headers()["sec-websocket-protocol"], PROTOCOL);
    assert_eq!(response.headers().get_all("sec-websocket-protocol").iter().count(), 1);
    listener.recv_event().await;
    listener.subscribe(&tea, None, None).await;
    assert_eq!(listener.recv_changes().await.chat_id, tea.id, "it is Ada's socket");
    assert_eq!(
        rejection_code(open_websocket(&app.http, &headers).await),
        ProblemCode::NotAuthenticated,
        "a second time"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn expired_ticket_is_rejected() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    let origin = format!("http://{}", app.http.address);
    let (early, late) = (ada.create_ticket().await, ada.create_ticket().await);
    app.advance_clock(Duration::from_secs(20));
    open_websocket_from(&app.http, &origin, &early).await.unwrap();
    app.advance_clock(Duration::from_secs(10));
    assert_eq!(
        rejection_code(open_websocket_from(&app.http, &origin, &late).await),
        ProblemCode::NotAuthenticated
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn newest_twenty_tickets_are_valid() {
    let app = TestApp::spawn().await;
    let (ada, brian) = (app.create_user("ada").await, app.create_user("brian").await);
    let origin = format!("http://{}", app.http.address);
    let brians = brian.create_ticket().await;
    let first = ada.create_ticket().await;
    let second = ada.create_ticket().await;
    for _ in 0..19 {
        ada.create_ticket().await;
    }
    assert_eq!(
        rejection_code(open_websocket_from(&app.http, &origin, &first).await),
        ProblemCode::NotAuthenticated
    );
    open_websocket_from(&app.http, &origin, &second).await.unwrap();
    open_websocket_from(&app.http, &origin, &brians).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn first_frame_is_welcome() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    let authorization = format!("Bearer {}", ada.token);
    let (mut listener, response) =
        open_websocket(&app.http, &[("authorization", &authorization)]).await.unwrap();
    assert_eq!(response.status(), 101);
    assert!(response.headers().get("sec-websocket-protocol").is_none(), "none was offered");
    let welcome: Value = listener.recv_json().await;
    assert_eq!((&welcome["type"], &welcome["heartbeat"]), (&"welcome".into(), &30.into()));
    assert!(welcome["session"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_account_ticket_is_rejected() {
    let app = TestApp::spawn().await;
    let brian = app.create_user("brian").await;
    let origin = format!("http://{}", app.http.address);
    assert_admitted(&app.http, &origin, &brian).await;
    let ticket = brian.create_ticket().await;
    brian.delete_account().await;
    assert_eq!(
        rejection_code(open_websocket_from(&app.http, &origin, &ticket).await),
        ProblemCode::SessionEnded
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_ticket_is_rejected() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    let origin = format!("http://{}", app.http.address);
    for ticket in ["garbage", &ada.token.replace('.', ""), "x"] {
        assert_eq!(
            rejection_code(open_websocket_from(&app.http, &origin, ticket).await),
            ProblemCode::NotAuthenticated,
            "{ticket}"
        );
    }
    let other = TestApp::spawn().await;
    let stranger = other.create_user("ada").await;
    let foreign = stranger.create_ticket().await;
    assert_eq!(
        rejection_code(open_websocket_from(&app.http, &origin, &foreign).await),
        ProblemCode::NotAuthenticated
    );
    assert_admitted(&app.http, &origin, &ada).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cross_origin_handshake_is_rejected() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    let (own, tls) = (format!("http://{}", app.http.address), format!("https://{}", app.http.address));
    // The server does not know whether a proxy before it speaks TLS.
    for origin in [own.as_str(), &tls, ALLOWED_ORIGIN] {
        assert_admitted(&app.http, origin, &ada).await;
    }
    let authorization = format!("JWT {}", ada.token);
    for origin in ["https://evil.example", "null", "http://localhost:8081", "http://localhost", ""] {
        let result = open_websocket_from(&app.http, origin, &ada.create_ticket().await).await;
        assert_eq!(rejection_code(result), ProblemCode::CrossOriginForbidden, "{origin}");
        let result =
            open_websocket(&app.http, &[("origin", origin), ("authorization", &authorization)]).await;
        assert_eq!(rejection_code(result), ProblemCode::CrossOriginForbidden, "{origin}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn public_url_is_the_only_own_origin() {
    let app = TestApp::spawn_with(|config| config.public_url = Some("https://chat.example.org".into())).await;
    let ada = app.create_user("ada").await;
    assert_admitted(&app.http, "https://chat.example.org", &ada).await;
    for origin in
        [&format!("http://{}", app.http.address), "http://chat.example.org", "https://chat.example.org.evil"]
    {
        let result = open_websocket_from(&app.http, origin, &ada.create_ticket().await).await;
        assert_eq!(rejection_code(result), ProblemCode::CrossOriginForbidden, "{origin}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn handshake_without_origin_requires_header() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    ada.open_socket().await;
    let protocols = format!("{PROTOCOL}, {}", ada.create_ticket().await);
    let result = open_websocket(&app.http, &[("sec-websocket-protocol", &protocols)]).await;
    assert_eq!(rejection_code(result), ProblemCode::NotAuthenticated);
    assert_eq!(rejection_code(open_websocket(&app.http, &[]).await), ProblemCode::NotAuthenticated);
    let old = format!("JWT {}", app.sign_token(&ada, -10, |_| ()));
    for (authorization, why) in
        [("JWT garbage", ProblemCode::InvalidToken), (&old, ProblemCode::TokenExpired)]
    {
        let rejected = open_websocket(&app.http, &[("authorization", authorization)]).await.err().unwrap();
        assert_eq!(rejected.response.headers()["www-authenticate"], r#"JWT realm="api""#);
        assert_eq!(rejection_code(Err::<(), _>(rejected)), why);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_request_to_socket_is_rejected() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    for request in [ada.get("/api/socket/"), app.http.get("/api/socket/")] {
        let answer = request.await;
        assert_eq!((answer.header("upgrade"), answer.header("connection")), ("websocket", "upgrade"));
        answer.assert_problem(ProblemCode::UpgradeRequired);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn old_http_or_body_in_handshake_is_rejected() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    let handshake = |version: &str, more: &str| {
        format!(
            "GET /api/socket/ HTTP/{version}\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Authorization: JWT {}\r\n{more}",
            ada.token
        )
    };
    for (version, more) in [
        ("1.0", "\r\n"),
        ("1.1", "Content-Length: 5\r\n\r\nhello"),
        ("1.1", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
    ] {
        let mut connection = RawHttp::open(&app.http).await;
        connection.write(handshake(version, more).as_bytes()).await.unwrap();
        // After a chunked request the connection stays open.
        connection.shut_down_write().await;
        let response = connection.read_to_end().await;
        assert!(response.split_once(' ').unwrap().1.starts_with("400 "), "{version} {more}: {response}");
        assert!(response.contains("\"malformed\""), "{version} {more}: {response}");
    }
    let mut connection = RawHttp::open(&app.http).await;
    connection.write(handshake("1.1", "Content-Length: 0\r\n\r\n").as_bytes()).await.unwrap();
    assert!(connection.read_head().await.starts_with("HTTP/1.1 101 "));
}

#[tokio::test(flavor = "multi_thread")]
async fn event_stream_rejects_upgrade_request() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let asks = |path: &str| ada.get(path).header("connection", "upgrade").header("upgrade", "websocket");
    asks(&format!("/api/chats/{tea}/events/")).await.assert_problem(ProblemCode::Malformed);
    asks(&format!("/api/chats/{tea}/messages/")).await.assert_status(200);
}
