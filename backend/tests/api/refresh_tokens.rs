//! Refresh tokens: rotated at each use; a replay ends the session.

use std::future::IntoFuture;

use futures_util::future::join_all;
use serde_json::json;
use shared::{
    credentials::{AccessToken, TokenRefreshed},
    problem::ProblemCode,
};

use crate::support::{ApiRequest, ApiResponse, CLEARED_COOKIE, TestApp};

impl TestApp {
    fn redeem_refresh_token(&self, secret: &str) -> ApiRequest {
        self.http.post("/auth/jwt/refresh/").json(&json!({ "refresh": secret }))
    }
}

/// The next refresh token.
fn refresh_token_in(response: ApiResponse) -> String {
    response.assert_status(200).json::<TokenRefreshed>().refresh.expect("a refresh token was requested")
}

#[tokio::test(flavor = "multi_thread")]
async fn refresh_cookie_signs_in_and_is_rotated() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    let (_, cookies) = app.sign_in_browser(&ada).await;
    let answer = app.refresh(&cookies).await.assert_status(200);
    assert!(!cookies.contains(&answer.refresh_cookie()), "it was replaced");
    assert_eq!(
        answer.cookie("chatire_refresh").1,
        "HttpOnly; SameSite=Strict; Path=/auth/jwt/; Max-Age=2592000"
    );
    let tab = ada.with_token(&answer.json::<AccessToken>().token);
    assert_eq!(tab.get("/auth/me/").await.assert_status(200).value()["username"], "ada");
    assert_eq!(app.query_count("SELECT count(*) FROM sessions").await, 2, "no new session was created");
    let json = app.refresh(&answer.refresh_cookie()).json(&json!({})).await.assert_status(200);
    assert!(!json.json::<AccessToken>().token.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn refresh_token_in_body_works_without_cookies() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    let (secret, _) = app.sign_in("ada").await.assert_status(200).cookie("chatire_refresh");
    let answer = app.redeem_refresh_token(&secret).await.assert_status(200);
    assert!(answer.find_cookie("chatire_refresh").is_none());
    let TokenRefreshed { token, refresh } = answer.json();
    let refresh = refresh.unwrap();
    assert_ne!(refresh, secret);
    ada.with_token(&token).get("/auth/me/").await.assert_status(200);
    assert_ne!(refresh_token_in(app.redeem_refresh_token(&refresh).await), refresh);
    app.redeem_refresh_token(&"x".repeat(43)).await.assert_problem(ProblemCode::TokenRejected);
    // A token in the body takes precedence over a cookie.
    let both =
        app.refresh("chatire_refresh=wrong").json(&json!({ "token": ada.token })).await.assert_status(200);
    ada.with_token(&both.json::<AccessToken>().token).get("/auth/me/").await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_refresh_cookie_is_rejected_and_cleared() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    let (ada, cookies) = app.sign_in_browser(&ada).await;
    let end = ada.post("/auth/jwt/end/").await.assert_status(204);
    assert_eq!(end.header("set-cookie"), CLEARED_COOKIE);
    for cookies in [&cookies, "chatire_refresh=nonsense"] {
        let answer = app.refresh(cookies).await;
        assert_eq!(answer.header("set-cookie"), CLEARED_COOKIE, "{cookies}");
        answer.assert_problem(ProblemCode::TokenRejected);
    }
    let none = app.http.post("/auth/jwt/refresh/").await;
    assert_eq!(none.value()["token"], json!(["This field is required."]), "as in the original");
}

#[tokio::test(flavor = "multi_thread")]
async fn replay_of_an_older_refresh_token_ends_session() {
    let app = TestApp::spawn().await;
    app.create_user("ada").await;
    let (first, _) = app.sign_in("ada").await.assert_status(200).cookie("chatire_refresh");
    let third = refresh_token_in(
        app.redeem_refresh_token(&refresh_token_in(app.redeem_refresh_token(&first).await)).await,
    );
    app.age_refresh_tokens("11 seconds").await;
    app.redeem_refresh_token(&first).await.assert_problem(ProblemCode::TokenRejected);
    app.redeem_refresh_token(&third).await.assert_problem(ProblemCode::TokenRejected);
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_tabs_may_refresh() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    let (_, cookies) = app.sign_in_browser(&ada).await;
    let responses = join_all((0..8).map(|_| app.refresh(&cookies).into_future())).await;
    let secrets: Vec<_> = responses.iter().map(|answer| answer.cookie("chatire_refresh").0).collect();
    assert!(secrets.iter().all(|secret| *secret == secrets[0]), "{secrets:?}");
    for answer in responses {
        ada.with_token(&answer.assert_status(200).json::<AccessToken>().token)
            .get("/auth/me/")
            .await
            .assert_status(200);
    }
    // A slow tab uses the first token after others have rotated it twice.
    let third = refresh_token_in(
        app.redeem_refresh_token(&refresh_token_in(app.redeem_refresh_token(&secrets[0]).await)).await,
    );
    let slow = app.refresh(&cookies).await.assert_status(200);
    assert_eq!(slow.cookie("chatire_refresh").0, third);
    assert!(!refresh_token_in(app.redeem_refresh_token(&third).await).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_refresh_response_can_be_repeated() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    let signed_in = app.sign_in("ada").await.assert_status(200);
    let first = signed_in.cookie("chatire_refresh").0;
    let lost = refresh_token_in(app.redeem_refresh_token(&first).await);
    // Use of an older access token does not confirm the response.
    let before = ada.with_token(&signed_in.json::<AccessToken>().token);
    let an_hour_ago = chrono::Utc::now().timestamp() - 3_600;
    let before =
        ada.with_token(&app.sign_token(&before, 60, |claims| claims["orig_iat"] = json!(an_hour_ago)));
    before.get("/auth/me/").await.assert_status(200);
    app.age_refresh_tokens("30 minutes").await;
    let answer = app.redeem_refresh_token(&first).await.assert_status(200);
    let TokenRefreshed { token, refresh } = answer.json();
    assert_eq!(refresh, Some(lost));
    ada.with_token(&token).get("/auth/me/").await.assert_status(200);
    app.age_refresh_tokens("11 seconds").await;
    app.redeem_refresh_token(&first).await.assert_problem(ProblemCode::TokenRejected);
    ada.with_token(&token).get("/auth/me/").await.assert_problem(ProblemCode::SessionEnded);
}

#[tokio::test(flavor = "multi_thread")]
async fn stored_refresh_hashes_cannot_refresh() {
    let app = TestApp::spawn().await;
    app.create_user("ada").await;
    let (first, _) = app.sign_in("ada").await.assert_status(200).cookie("chatire_refresh");
    let second = refresh_token_in(app.redeem_refresh_token(&first).await);
    let rows = app
        .sql()
        .await
        .query(
            "SELECT refresh_hash FROM sessions UNION ALL SELECT refresh_hash FROM spent_refresh_tokens \
             UNION ALL SELECT salt FROM spent_refresh_tokens",
            &[],
        )
        .await
        .unwrap();
    assert_eq!(rows.len(), 4);
    for row in rows {
        let stored: Vec<u8> = row.get(0);
        assert!(![first.as_bytes(), second.as_bytes()].contains(&stored.as_slice()));
        let shown = String::from_utf8_lossy(&stored).into_owned();
        app.redeem_refresh_token(&shown.replace('\0', "x")).await.assert_problem(ProblemCode::TokenRejected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn spent_refresh_tokens_are_removed_after_a_day() {
    let app = TestApp::spawn().await;
    app.create_user("ada").await;
    let (first, _) = app.sign_in("ada").await.assert_status(200).cookie("chatire_refresh");
    let second = refresh_token_in(app.redeem_refresh_token(&first).await);
    let lost = refresh_token_in(app.redeem_refresh_token(&second).await);
    let spent = "SELECT count(*) FROM spent_refresh_tokens";
    for (age, left) in [("23 hours", 2), ("2 hours", 1)] {
        app.age_refresh_tokens(age).await;
        backend::jobs::guest_cleanup::delete_expired(&app.state.db).await.unwrap();
        assert_eq!(app.query_count(spent).await, left, "{age}");
    }
    // The last one stays: its response may have been lost.
    assert_eq!(refresh_token_in(app.redeem_refresh_token(&second).await), lost);
}
