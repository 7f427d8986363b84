//! Who may open a socket.

use serde_json::Value;
use shared::{
    problem::{Problem, ProblemCode},
    socket::{PROTOCOL, ServerFrame, Ticket},
};

use crate::{
    app::{FRIEND, Person, TestApp, Web},
    listener::{Listener, Refused, knock},
};

/// Opens a socket as a browser would from a page of `origin`.
async fn knock_from(web: &Web, origin: &str, ticket: &str) -> Result<Listener, Box<Refused>> {
    let protocols = format!("{PROTOCOL}, {ticket}");
    let headers = [("origin", origin), ("sec-websocket-protocol", protocols.as_str())];
    knock(web, &headers).await.map(|(listener, _)| listener)
}

async fn is_let_in(web: &Web, origin: &str, person: &Person) {
    let mut listener = knock_from(web, origin, &person.ticket().await).await.unwrap();
    assert!(matches!(listener.hears().await, ServerFrame::Welcome { .. }));
}

#[track_caller]
fn code<T>(knocked: Result<T, Box<Refused>>) -> ProblemCode {
    let refused = knocked.err().expect("nobody is let in");
    let problem: Problem = serde_json::from_str(&refused.text).expect("a problem document");
    assert_eq!(problem.status, refused.status);
    problem.code
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_opens_one_socket_and_the_server_answers_only_its_protocol() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let ticket: Ticket = ada.post("/auth/tickets/").await.is(200).read();
    assert_eq!(ticket.expires_in, 30);
    let headers = ada.browser(&ticket.ticket);
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    let (mut listener, response) = knock(&app.web, &headers).await.unwrap();
    assert_eq!(response.headers()["sec-websocket-protocol"], PROTOCOL);
    assert_eq!(response.headers().get_all("sec-websocket-protocol").iter().count(), 1);
    listener.hears().await;
    listener.subscribes(&tea, None, None).await;
    assert_eq!(listener.hears_changes().await.uri, tea, "it is ada's socket");
    assert_eq!(code(knock(&app.web, &headers).await), ProblemCode::NotAuthenticated, "a second time");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_the_tickets_of_one_person_the_newest_twenty_are_good() {
    let app = TestApp::start().await;
    let (ada, brian) = (app.person("ada").await, app.person("brian").await);
    let origin = format!("http://{}", app.web.address);
    let of_brian = brian.ticket().await;
    let first = ada.ticket().await;
    let second = ada.ticket().await;
    for _ in 0..19 {
        ada.ticket().await;
    }
    assert_eq!(code(knock_from(&app.web, &origin, &first).await), ProblemCode::NotAuthenticated);
    knock_from(&app.web, &origin, &second).await.unwrap();
    knock_from(&app.web, &origin, &of_brian).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_frame_is_the_welcome() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let authorization = format!("Bearer {}", ada.token);
    let (mut listener, response) = knock(&app.web, &[("authorization", &authorization)]).await.unwrap();
    assert_eq!(response.status(), 101);
    assert!(response.headers().get("sec-websocket-protocol").is_none(), "none was offered");
    let welcome: Value = listener.hears_value().await;
    assert_eq!((&welcome["type"], &welcome["heartbeat"]), (&"welcome".into(), &30.into()));
    assert!(welcome["session"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ticket_of_a_deleted_account_opens_nothing() {
    let app = TestApp::start().await;
    let brian = app.person("brian").await;
    let origin = format!("http://{}", app.web.address);
    is_let_in(&app.web, &origin, &brian).await;
    let ticket = brian.ticket().await;
    brian.leaves_for_good().await;
    assert_eq!(code(knock_from(&app.web, &origin, &ticket).await), ProblemCode::SessionEnded);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_is_not_ours_opens_nothing() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let origin = format!("http://{}", app.web.address);
    for ticket in ["garbage", &ada.token.replace('.', ""), "x"] {
        assert_eq!(
            code(knock_from(&app.web, &origin, ticket).await),
            ProblemCode::NotAuthenticated,
            "{ticket}"
        );
    }
    let other = TestApp::start().await;
    let stranger = other.person("ada").await;
    let foreign = stranger.ticket().await;
    assert_eq!(code(knock_from(&app.web, &origin, &foreign).await), ProblemCode::NotAuthenticated);
    is_let_in(&app.web, &origin, &ada).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_origin_may_not_open_a_socket() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let (own, tls) = (format!("http://{}", app.web.address), format!("https://{}", app.web.address));
    // Whether a proxy before us speaks TLS, we cannot know.
    for origin in [own.as_str(), &tls, FRIEND] {
        is_let_in(&app.web, origin, &ada).await;
    }
    let authorization = format!("JWT {}", ada.token);
    for origin in ["https://evil.example", "null", "http://localhost:8081", "http://localhost", ""] {
        let knocked = knock_from(&app.web, origin, &ada.ticket().await).await;
        assert_eq!(code(knocked), ProblemCode::ForeignOrigin, "{origin}");
        let knocked = knock(&app.web, &[("origin", origin), ("authorization", &authorization)]).await;
        assert_eq!(code(knocked), ProblemCode::ForeignOrigin, "{origin}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_public_url_only_its_pages_are_ours() {
    let app = TestApp::with(|config| config.public_url = Some("https://chat.example.org".into())).await;
    let ada = app.person("ada").await;
    is_let_in(&app.web, "https://chat.example.org", &ada).await;
    for origin in
        [&format!("http://{}", app.web.address), "http://chat.example.org", "https://chat.example.org.evil"]
    {
        let knocked = knock_from(&app.web, origin, &ada.ticket().await).await;
        assert_eq!(code(knocked), ProblemCode::ForeignOrigin, "{origin}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_origin_only_the_header_opens_a_socket() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    ada.listens().await;
    let protocols = format!("{PROTOCOL}, {}", ada.ticket().await);
    let knocked = knock(&app.web, &[("sec-websocket-protocol", &protocols)]).await;
    assert_eq!(code(knocked), ProblemCode::NotAuthenticated);
    assert_eq!(code(knock(&app.web, &[]).await), ProblemCode::NotAuthenticated);
    let old = format!("JWT {}", app.token_of(&ada, -10, |_| ()));
    for (authorization, why) in [("JWT garbage", ProblemCode::BadToken), (&old, ProblemCode::TokenExpired)] {
        let refused = knock(&app.web, &[("authorization", authorization)]).await.err().unwrap();
        assert_eq!(refused.response.headers()["www-authenticate"], r#"JWT realm="api""#);
        assert_eq!(code(Err::<(), _>(refused)), why);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_no_handshake_is_refused() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    ada.get("/api/socket/").await.refused(ProblemCode::Malformed);
    app.web.get("/api/socket/").await.refused(ProblemCode::NotAuthenticated);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_end_is_not_given_to_whoever_asks_for_another_protocol() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let asks = |path: &str| ada.get(path).header("connection", "upgrade").header("upgrade", "websocket");
    asks(&format!("/api/chats/{tea}/events/")).await.refused(ProblemCode::Malformed);
    asks(&format!("/api/chats/{tea}/messages/")).await.is(200);
}
