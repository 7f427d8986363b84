//! Sessions that end, with everything that goes on in them.

use futures_util::future::join_all;
use serde_json::json;
use shared::{problem::ProblemCode, socket::close, user::Token};

use crate::{
    app::{PASSWORD, Person, TestApp},
    listener::knock,
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
