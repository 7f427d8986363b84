//! Sessions that end, with everything that goes on in them.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use shared::{
    credentials::Token,
    problem::ProblemCode,
    session::{Session, Sessions},
    socket::close,
};
use tokio::time::timeout;
use uuid::Uuid;

use crate::{
    app::{PASSWORD, Person, TestApp},
    listener::{BOUND, knock},
    sessions::with,
};

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_ends_one_session_at_once_and_no_other() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let other = with(&ada, &app.sign_in("ada").await.is(200).read::<Token>().token);
    let (mut socket, mut elsewhere) = (ada.listens_to(&tea).await, other.listens_to(&tea).await);
    let ticket = ada.ticket().await;
    ada.says(&tea, "goodbye").await;
    socket.hears_changes().await;
    elsewhere.hears_changes().await;
    ada.post("/auth/jwt/end/").await.is(204);
    let closed = tokio::time::timeout(std::time::Duration::from_secs(1), socket.is_closed_with()).await;
    assert_eq!(closed.expect("within a second"), close::TOKEN_ENDED);
    for call in [ada.get("/auth/me/"), ada.say(&tea, "still here?"), ada.post("/auth/jwt/end/")] {
        call.await.refused(ProblemCode::SessionEnded);
    }
    let refresh = app.web.post("/auth/jwt/refresh/").json(&json!({ "token": ada.token }));
    refresh.await.refused(ProblemCode::TokenRefused);
    let headers = ada.browser(&ticket);
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert_eq!(knock(&app.web, &headers).await.err().expect("the ticket is worthless").status, 401);
    other.says(&tea, "I am").await;
    assert_eq!(elsewhere.hears_changes().await.messages[0].message, "I am");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_socket_outlives_the_session_that_ends_while_it_opens() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let authorization = format!("JWT {}", ada.token);
    let headers = [("authorization", authorization.as_str())];
    ada.get("/auth/me/").await.is(200);
    let opening = join_all((0..10).map(|_| knock(&app.web, &headers)));
    let (opened, ended) = futures_util::future::join(opening, ada.post("/auth/jwt/end/").into_future()).await;
    ended.is(204);
    for socket in opened {
        match socket {
            Ok((mut listener, _)) => while listener.hears_text_or_close().await != Err(close::TOKEN_ENDED) {},
            Err(refused) => assert_eq!(refused.status, 401, "{refused:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_that_is_renewed_ends_with_the_session_that_it_has_now() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let other = with(&ada, &app.sign_in("ada").await.is(200).read::<Token>().token);
    let mut socket = ada.listens_to(&tea).await;
    socket.says(&shared::socket::ClientFrame::Renew { token: other.token.clone() }).await;
    socket.is_heard().await;
    ada.post("/auth/jwt/end/").await.is(204);
    other.says(&tea, "still here").await;
    socket.hears_changes().await;
    other.post("/auth/jwt/end/").await.is(204);
    assert_eq!(socket.is_closed_with().await, close::TOKEN_ENDED);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_password_ends_every_other_session() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let elsewhere = Person { token: app.token(ada.id).await, ..ada.clone() };
    elsewhere.get("/auth/me/").await.is(200);
    let change = json!({ "new_password": "green tea at dusk", "current_password": PASSWORD });
    ada.post("/auth/password/").json(&change).await.is(204);
    elsewhere.get("/auth/me/").await.refused(ProblemCode::SessionEnded);
    ada.get("/auth/me/").await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_signs_out_late_is_signed_out_by_the_cookie() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let signed_in = app.sign_in("ada").await.is(200);
    let (jar, token) = (signed_in.jar(), signed_in.read::<Token>().token);
    let ada = Person { token, ..app.person("eve").await };
    let end = || app.web.post("/auth/jwt/end/");
    end().await.refused(ProblemCode::NotAuthenticated);
    let ended = end().header("authorization", "JWT nonsense").header("cookie", &jar).await.is(204);
    assert_eq!(ended.cookie("chatire_refresh").0, "", "it is cleared");
    ada.get("/auth/me/").await.refused(ProblemCode::SessionEnded);
}

/// What one is signed in to, as its list says it.
async fn sessions_of(person: &Person) -> Vec<Session> {
    person.get("/auth/sessions/").await.is(200).read::<Sessions>().sessions
}

#[tokio::test(flavor = "multi_thread")]
async fn everyone_sees_what_they_are_signed_in_to() {
    let app = TestApp::start().await;
    let (ada, brian) = (app.person("ada").await, app.person("brian").await);
    let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
    let answer = app.sign_in("ada").header("user-agent", firefox).await.is(200);
    let here = with(&ada, &answer.read::<Token>().token);
    app.run("UPDATE sessions SET used_at = used_at - interval '1 hour' WHERE program = 'test'").await;
    let seen: Vec<_> = sessions_of(&here)
        .await
        .into_iter()
        .map(|Session { program, system, current, .. }| (program, system, current))
        .collect();
    let expected = [("Firefox", "Linux", true), ("test", "", false)];
    assert_eq!(seen, expected.map(|(program, system, current)| (program.into(), system.into(), current)));
    assert_eq!(sessions_of(&brian).await.len(), 1, "and of nobody else");
    ada.post("/auth/jwt/end/").await.is(204);
    assert_eq!(sessions_of(&here).await.len(), 1, "what has ended is not there");
    app.run("UPDATE sessions SET used_at = now() - interval '31 days' WHERE program = 'Firefox'").await;
    let again = with(&ada, &app.sign_in("ada").await.is(200).read::<Token>().token);
    assert_eq!(sessions_of(&again).await.len(), 1, "nor what has run out");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_ended_from_elsewhere_and_nobody_else_s_can_be() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let other = with(&ada, &app.sign_in("ada").await.is(200).read::<Token>().token);
    let mut socket = other.listens_to(&tea).await;
    let eve = app.person("eve").await;
    let id = sessions_of(&other).await.into_iter().find(|session| session.current).unwrap().id;
    let end = |who: &Person, id: &str| who.call(&Method::DELETE, &format!("/auth/sessions/{id}/"));
    for unknown in [&Uuid::new_v4().to_string(), "1", "me", "%ff"] {
        end(&ada, unknown).await.refused(ProblemCode::NotFound);
    }
    end(&eve, &id.to_string()).await.refused(ProblemCode::NotFound);
    other.says(&tea, "still here").await;
    socket.hears_changes().await;
    end(&ada, &id.to_string()).await.is(204);
    let closed = timeout(Duration::from_secs(1), socket.is_closed_with()).await;
    assert_eq!(closed.expect("within a second"), close::TOKEN_ENDED);
    other.get("/auth/me/").await.refused(ProblemCode::SessionEnded);
    end(&ada, &id.to_string()).await.refused(ProblemCode::NotFound);
    ada.get("/auth/me/").await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_everywhere_leaves_nothing_behind() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let signed_in = app.sign_in("ada").await.is(200);
    let other = with(&ada, &signed_in.read::<Token>().token);
    let mut sockets = [ada.listens_to(&tea).await, other.listens_to(&tea).await];
    let answer = ada.call(&Method::DELETE, "/auth/sessions/").await.is(204);
    assert_eq!(answer.cookie("chatire_refresh").0, "", "it is cleared");
    for socket in &mut sockets {
        let closed = timeout(Duration::from_secs(1), socket.is_closed_with()).await;
        assert_eq!(closed.expect("within a second"), close::TOKEN_ENDED);
    }
    app.refresh(&signed_in.jar()).await.refused(ProblemCode::TokenRefused);
    for person in [&ada, &other] {
        person.get("/auth/me/").await.refused(ProblemCode::SessionEnded);
    }
    app.sign_in("ada").await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_events_ends_with_its_session() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let mut stream = ada.get(&format!("/api/chats/{tea}/events/")).open().await.unwrap();
    assert_eq!(stream.status(), 200);
    ada.post("/auth/jwt/end/").await.is(204);
    let end = async { while stream.chunk().await.is_ok_and(|chunk| chunk.is_some()) {} };
    timeout(BOUND, end).await.expect("it ends");
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_that_ended_long_ago_are_swept_but_those_by_which_a_ban_holds() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let (brian, eve) = (app.guest_in(1).await, app.guest_in(2).await);
    brian.joins(&tea).await;
    eve.joins(&tea).await;
    ada.post("/auth/jwt/end/").await.is(204);
    app.run("UPDATE members SET standing = 'banned' WHERE user_id IN (SELECT max(id) FROM users)").await;
    app.run(
        "UPDATE sessions SET ended_at = now() - interval '31 days', used_at = now() - interval '31 days'",
    )
    .await;
    let lately = app.token(brian.id).await;
    backend::idle::sweep(&app.app).await.unwrap();
    let left = app.sql().await.query("SELECT user_id FROM sessions ORDER BY user_id", &[]).await.unwrap();
    let left: Vec<i64> = left.iter().map(|row| row.get(0)).collect();
    assert_eq!(left, [brian.id, eve.id]);
    with(&brian, &lately).get("/auth/me/").await.is(200);
}
