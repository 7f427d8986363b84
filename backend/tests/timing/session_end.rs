//! Sessions and tokens end within a second.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use shared::{
    credentials::AccessToken,
    problem::ProblemCode,
    socket::{ClientFrame, close},
};
use tokio::time::timeout;
use uuid::Uuid;

use crate::support::{CLEARED_COOKIE, TestApp, TestUser, WsClient, open_websocket};

/// Sockets of an ended session must close this soon.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

async fn assert_closed_in_time(socket: &mut WsClient) {
    let code = timeout(CLOSE_TIMEOUT, socket.recv_close()).await;
    assert_eq!(code.expect("closed in time"), close::TOKEN_EXPIRED);
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_out_ends_only_its_session() {
    let _serial = crate::serial().await;
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let other = ada.with_token(&app.sign_in("ada").await.assert_status(200).json::<AccessToken>().token);
    let (mut socket, mut elsewhere) = (ada.open_socket_in(&tea).await, other.open_socket_in(&tea).await);
    let ticket = ada.create_ticket().await;
    ada.send_message(&tea, "goodbye").await;
    socket.recv_changes().await;
    elsewhere.recv_changes().await;
    ada.post("/auth/jwt/end/").await.assert_status(204);
    assert_closed_in_time(&mut socket).await;
    for request in
        [ada.get("/auth/me/"), ada.try_send_message(&tea, "still here?"), ada.post("/auth/jwt/end/")]
    {
        request.await.assert_problem(ProblemCode::SessionEnded);
    }
    let refresh = app.http.post("/auth/jwt/refresh/").json(&json!({ "token": ada.token }));
    refresh.await.assert_problem(ProblemCode::TokenRejected);
    let headers = ada.browser_headers(&ticket);
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert_eq!(open_websocket(&app.http, &headers).await.err().expect("the ticket is rejected").status, 401);
    other.send_message(&tea, "I am").await;
    assert_eq!(elsewhere.recv_changes().await.messages[0].message, "I am");
}

#[tokio::test(flavor = "multi_thread")]
async fn user_can_end_only_own_sessions() {
    let _serial = crate::serial().await;
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let other = ada.with_token(&app.sign_in("ada").await.assert_status(200).json::<AccessToken>().token);
    let mut socket = other.open_socket_in(&tea).await;
    let eve = app.create_user("eve").await;
    let id = other.list_sessions().await.into_iter().find(|session| session.current).unwrap().id;
    let end = |who: &TestUser, id: &str| who.request(&Method::DELETE, &format!("/auth/sessions/{id}/"));
    for unknown in [&Uuid::new_v4().to_string(), "1", "me", "%ff"] {
        end(&ada, unknown).await.assert_problem(ProblemCode::NotFound);
    }
    end(&eve, &id.to_string()).await.assert_problem(ProblemCode::NotFound);
    other.send_message(&tea, "still here").await;
    socket.recv_changes().await;
    end(&ada, &id.to_string()).await.assert_status(204);
    assert_closed_in_time(&mut socket).await;
    other.get("/auth/me/").await.assert_problem(ProblemCode::SessionEnded);
    end(&ada, &id.to_string()).await.assert_problem(ProblemCode::NotFound);
    ada.get("/auth/me/").await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_out_everywhere_ends_all_sessions() {
    let _serial = crate::serial().await;
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let signed_in = app.sign_in("ada").await.assert_status(200);
    let other = ada.with_token(&signed_in.json::<AccessToken>().token);
    let mut sockets = [ada.open_socket_in(&tea).await, other.open_socket_in(&tea).await];
    let response = ada.request(&Method::DELETE, "/auth/sessions/").await.assert_status(204);
    assert_eq!(response.cookie("chatire_refresh").0, "", "the cookie is cleared");
    for socket in &mut sockets {
        assert_closed_in_time(socket).await;
    }
    app.refresh(&signed_in.cookies()).await.assert_problem(ProblemCode::TokenRejected);
    for user in [&ada, &other] {
        user.get("/auth/me/").await.assert_problem(ProblemCode::SessionEnded);
    }
    app.sign_in("ada").await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn replayed_refresh_token_ends_session() {
    let _serial = crate::serial().await;
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let (thief, cookies) = app.sign_in_browser(&ada).await;
    let mut socket = thief.open_socket_in(&tea).await;
    let first = app.refresh(&cookies).await.assert_status(200);
    let (fresh, fresh_cookie) = (ada.with_token(&first.json::<AccessToken>().token), first.refresh_cookie());
    fresh.get("/auth/me/").await.assert_status(200);
    app.age_refresh_tokens("11 seconds").await;

    let again = app.refresh(&cookies).await;
    assert_eq!(again.header("set-cookie"), CLEARED_COOKIE);
    assert!(again.text.contains("was used before"), "{again:?}");
    again.assert_problem(ProblemCode::TokenRejected);
    assert_closed_in_time(&mut socket).await;
    app.refresh(&fresh_cookie).await.assert_problem(ProblemCode::TokenRejected);
    for token in [&thief, &fresh] {
        token.get("/auth/me/").await.assert_problem(ProblemCode::SessionEnded);
    }
    // Other sessions go on.
    ada.send_message(&tea, "still here").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stream_ends_when_token_expires() {
    let _serial = crate::serial().await;
    let app = TestApp::spawn().await;
    let (mut ada, tea) = app.ada_and_chat().await;
    ada.token = app.sign_token(&ada, 60, |_| ());
    let mut stream = ada.open_stream(&tea).await;
    app.advance_clock(Duration::from_mins(1));
    let last = stream.next().await.expect("a last event");
    assert_eq!((last.name.as_str(), last.data.contains("token expired")), ("goodbye", true));
    assert!(stream.next().await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn socket_closes_with_its_token_unless_renewed() {
    let _serial = crate::serial().await;
    let app = TestApp::spawn().await;
    let (mut ada, tea) = app.ada_and_chat().await;
    let fresh = ada.token.clone();
    ada.token = app.sign_token(&ada, 60, |_| ());
    let (mut idle, mut renewed) = (ada.open_socket().await, ada.open_socket().await);
    renewed.send_frame(&ClientFrame::Renew { token: fresh }).await;
    renewed.sync().await;
    app.advance_clock(Duration::from_mins(1));
    assert_eq!(idle.recv_close().await, close::TOKEN_EXPIRED);
    renewed.subscribe(&tea, None, None).await;
    assert_eq!(renewed.recv_changes().await.chat_id, tea.id);
}
