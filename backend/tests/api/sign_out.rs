//! How sessions end, with their sockets and streams.

use futures_util::future::join_all;
use serde_json::json;
use shared::{
    credentials::AccessToken, id::UserId, problem::ProblemCode, session::SessionInfo, socket::close,
};
use tokio::time::timeout;

use crate::support::{PASSWORD, TEST_TIMEOUT, TestApp, TestUser, open_websocket};

#[tokio::test(flavor = "multi_thread")]
async fn socket_opened_during_sign_out_is_closed() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    let authorization = format!("JWT {}", ada.token);
    let headers = [("authorization", authorization.as_str())];
    ada.get("/auth/me/").await.assert_status(200);
    let opening = join_all((0..10).map(|_| open_websocket(&app.http, &headers)));
    let (opened, ended) = futures_util::future::join(opening, ada.post("/auth/jwt/end/").into_future()).await;
    ended.assert_status(204);
    for socket in opened {
        match socket {
            Ok((mut listener, _)) => {
                while listener.recv_text_or_close().await != Err(close::TOKEN_EXPIRED) {}
            }
            Err(rejected) => assert_eq!(rejected.status, 401, "{rejected:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn renewed_socket_ends_with_its_new_session() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let other = ada.with_token(&app.sign_in("ada").await.assert_status(200).json::<AccessToken>().token);
    let mut socket = ada.open_socket_in(&tea).await;
    socket.send_frame(&shared::socket::ClientFrame::Renew { token: other.token.clone() }).await;
    socket.sync().await;
    ada.post("/auth/jwt/end/").await.assert_status(204);
    other.send_message(&tea, "still here").await;
    socket.recv_changes().await;
    other.post("/auth/jwt/end/").await.assert_status(204);
    assert_eq!(socket.recv_close().await, close::TOKEN_EXPIRED);
}

#[tokio::test(flavor = "multi_thread")]
async fn password_change_ends_other_sessions() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    let elsewhere = TestUser { token: app.create_session_token(ada.id).await, ..ada.clone() };
    elsewhere.get("/auth/me/").await.assert_status(200);
    let change = json!({ "new_password": "green tea at dusk", "current_password": PASSWORD });
    ada.post("/auth/password/").json(&change).await.assert_status(204);
    elsewhere.get("/auth/me/").await.assert_problem(ProblemCode::SessionEnded);
    ada.get("/auth/me/").await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_out_with_invalid_token_uses_cookie() {
    let app = TestApp::spawn().await;
    app.create_user("ada").await;
    let signed_in = app.sign_in("ada").await.assert_status(200);
    let (jar, token) = (signed_in.cookies(), signed_in.json::<AccessToken>().token);
    let ada = TestUser { token, ..app.create_user("eve").await };
    let end = || app.http.post("/auth/jwt/end/");
    end().await.assert_problem(ProblemCode::NotAuthenticated);
    let ended = end().header("authorization", "JWT nonsense").header("cookie", &jar).await.assert_status(204);
    assert_eq!(ended.cookie("chatire_refresh").0, "", "the cookie is cleared");
    ada.get("/auth/me/").await.assert_problem(ProblemCode::SessionEnded);
}

#[tokio::test(flavor = "multi_thread")]
async fn session_list_shows_own_active_sessions() {
    let app = TestApp::spawn().await;
    let (ada, brian) = (app.create_user("ada").await, app.create_user("brian").await);
    let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
    let response = app.sign_in("ada").header("user-agent", firefox).await.assert_status(200);
    let here = ada.with_token(&response.json::<AccessToken>().token);
    app.execute_sql("UPDATE sessions SET used_at = used_at - interval '1 hour' WHERE user_agent = 'test'")
        .await;
    let seen: Vec<_> = here
        .list_sessions()
        .await
        .into_iter()
        .map(|SessionInfo { user_agent, os, current, .. }| (user_agent, os, current))
        .collect();
    let expected = [("Firefox", "Linux", true), ("test", "", false)];
    assert_eq!(seen, expected.map(|(program, system, current)| (program.into(), system.into(), current)));
    assert_eq!(brian.list_sessions().await.len(), 1, "no sessions of others");
    ada.post("/auth/jwt/end/").await.assert_status(204);
    assert_eq!(here.list_sessions().await.len(), 1, "ended sessions are not listed");
    app.execute_sql("UPDATE sessions SET used_at = now() - interval '31 days' WHERE user_agent = 'Firefox'")
        .await;
    let again = ada.with_token(&app.sign_in("ada").await.assert_status(200).json::<AccessToken>().token);
    assert_eq!(again.list_sessions().await.len(), 1, "nor expired ones");
}

#[tokio::test(flavor = "multi_thread")]
async fn raw_event_stream_ends_with_session() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut stream = ada.get(&format!("/api/chats/{tea}/events/")).open().await.unwrap();
    assert_eq!(stream.status(), 200);
    ada.post("/auth/jwt/end/").await.assert_status(204);
    let end = async { while stream.chunk().await.is_ok_and(|chunk| chunk.is_some()) {} };
    timeout(TEST_TIMEOUT, end).await.expect("the stream ends");
}

#[tokio::test(flavor = "multi_thread")]
async fn old_sessions_are_deleted_unless_a_ban_needs_them() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let (brian, eve) = (app.create_guest_in_browser(1).await, app.create_guest_in_browser(2).await);
    brian.join(&tea).await;
    eve.join(&tea).await;
    ada.post("/auth/jwt/end/").await.assert_status(204);
    app.execute_sql("UPDATE members SET status = 'banned' WHERE user_id IN (SELECT max(id) FROM users)")
        .await;
    app.execute_sql(
        "UPDATE sessions SET ended_at = now() - interval '31 days', used_at = now() - interval '31 days'",
    )
    .await;
    let lately = app.create_session_token(brian.id).await;
    backend::jobs::guest_cleanup::delete_expired(&app.state.db).await.unwrap();
    let left = app.sql().await.query("SELECT user_id FROM sessions ORDER BY user_id", &[]).await.unwrap();
    let left: Vec<_> = left.iter().map(|row| UserId::new(row.get(0))).collect();
    assert_eq!(left, [brian.id, eve.id]);
    brian.with_token(&lately).get("/auth/me/").await.assert_status(200);
}
