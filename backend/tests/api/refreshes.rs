//! What gets a session's further tokens is replaced each time that it is used, and worthless to a thief.

use std::{future::IntoFuture, time::Duration};

use futures_util::future::join_all;
use serde_json::json;
use shared::{
    credentials::{Refreshed, Token},
    problem::ProblemCode,
    socket::close,
};
use tokio::time::timeout;

use crate::{
    app::{Answer, Call, Person, TestApp},
    sessions::with,
};

const CLEARED: &str = "chatire_refresh=; HttpOnly; SameSite=Strict; Path=/auth/jwt/; Max-Age=0";

impl TestApp {
    /// Somebody with a browser: who they are by the first token, and the cookies.
    async fn browser_of(&self, person: &Person) -> (Person, String) {
        let answer = self.sign_in(&person.name).await.is(200);
        (with(person, &answer.read::<Token>().token), answer.jar())
    }

    fn show(&self, secret: &str) -> Call {
        self.web.post("/auth/jwt/refresh/").json(&json!({ "refresh": secret }))
    }

    /// Everything about refreshes happened so long ago.
    async fn time_passes(&self, interval: &str) {
        for (table, column) in [("sessions", "refreshed_at"), ("spent_refreshes", "spent_at")] {
            self.run(&format!("UPDATE {table} SET {column} = {column} - interval '{interval}'")).await;
        }
    }
}

/// What the browser that got this answer shows next.
fn jar_after(answer: &Answer) -> String {
    format!("chatire_refresh={}", answer.cookie("chatire_refresh").0)
}

/// What gets the next token.
fn next(answer: Answer) -> String {
    answer.is(200).read::<Refreshed>().refresh.expect("it was asked for")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_tab_is_signed_in_by_the_cookie_which_is_another_one_then() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let (_, jar) = app.browser_of(&ada).await;
    let answer = app.refresh(&jar).await.is(200);
    assert!(!jar.contains(&jar_after(&answer)), "it is used up");
    assert_eq!(
        answer.cookie("chatire_refresh").1,
        "HttpOnly; SameSite=Strict; Path=/auth/jwt/; Max-Age=2592000"
    );
    let tab = with(&ada, &answer.read::<Token>().token);
    assert_eq!(tab.get("/auth/me/").await.is(200).value()["username"], "ada");
    assert_eq!(app.count("SELECT count(*) FROM sessions").await, 2, "no further session began");
    let json = app.refresh(&jar_after(&answer)).json(&json!({})).await.is(200);
    assert!(!json.read::<Token>().token.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_without_cookies_refreshes_by_the_body() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let (secret, _) = app.sign_in("ada").await.is(200).cookie("chatire_refresh");
    let answer = app.show(&secret).await.is(200);
    assert!(answer.cookie_if_any("chatire_refresh").is_none());
    let Refreshed { token, refresh } = answer.read();
    let refresh = refresh.unwrap();
    assert_ne!(refresh, secret);
    with(&ada, &token).get("/auth/me/").await.is(200);
    assert_ne!(next(app.show(&refresh).await), refresh);
    app.show(&"x".repeat(43)).await.refused(ProblemCode::TokenRefused);
    // A token in the body comes before any cookie.
    let both = app.refresh("chatire_refresh=wrong").json(&json!({ "token": ada.token })).await.is(200);
    with(&ada, &both.read::<Token>().token).get("/auth/me/").await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_that_is_no_good_is_refused_and_cleared() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let (ada, jar) = app.browser_of(&ada).await;
    let end = ada.post("/auth/jwt/end/").await.is(204);
    assert_eq!(end.header("set-cookie"), CLEARED);
    for jar in [&jar, "chatire_refresh=nonsense"] {
        let answer = app.refresh(jar).await;
        assert_eq!(answer.header("set-cookie"), CLEARED, "{jar}");
        answer.refused(ProblemCode::TokenRefused);
    }
    let none = app.web.post("/auth/jwt/refresh/").await;
    assert_eq!(none.value()["token"], json!(["This field is required."]), "as in the original");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_used_a_second_time_ends_the_session_with_all_that_it_has() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let (thief, jar) = app.browser_of(&ada).await;
    let mut socket = thief.listens_to(&tea).await;
    let first = app.refresh(&jar).await.is(200);
    let (fresh, fresh_jar) = (with(&ada, &first.read::<Token>().token), jar_after(&first));
    fresh.get("/auth/me/").await.is(200);
    app.time_passes("11 seconds").await;

    let again = app.refresh(&jar).await;
    assert_eq!(again.header("set-cookie"), CLEARED);
    assert!(again.text.contains("was used before"), "{again:?}");
    again.refused(ProblemCode::TokenRefused);
    let closed = timeout(Duration::from_secs(1), socket.is_closed_with()).await;
    assert_eq!(closed.expect("within a second"), close::TOKEN_ENDED);
    app.refresh(&fresh_jar).await.refused(ProblemCode::TokenRefused);
    for token in [&thief, &fresh] {
        token.get("/auth/me/").await.refused(ProblemCode::SessionEnded);
    }
    // What else they are signed in to goes on.
    ada.says(&tea, "still here").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_used_twice_ago_ends_the_session_as_well() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let (first, _) = app.sign_in("ada").await.is(200).cookie("chatire_refresh");
    let third = next(app.show(&next(app.show(&first).await)).await);
    app.time_passes("11 seconds").await;
    app.show(&first).await.refused(ProblemCode::TokenRefused);
    app.show(&third).await.refused(ProblemCode::TokenRefused);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_tabs_of_a_browser_may_refresh_at_once() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let (_, jar) = app.browser_of(&ada).await;
    let answers = join_all((0..8).map(|_| app.refresh(&jar).into_future())).await;
    let secrets: Vec<_> = answers.iter().map(|answer| answer.cookie("chatire_refresh").0).collect();
    assert!(secrets.iter().all(|secret| *secret == secrets[0]), "{secrets:?}");
    for answer in answers {
        with(&ada, &answer.is(200).read::<Token>().token).get("/auth/me/").await.is(200);
    }
    // A tab that was slow comes when others have gone on twice.
    let third = next(app.show(&next(app.show(&secrets[0]).await)).await);
    let slow = app.refresh(&jar).await.is(200);
    assert_eq!(slow.cookie("chatire_refresh").0, third);
    assert!(!next(app.show(&third).await).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_lost_can_be_had_again_until_something_shows_that_it_was_not() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let signed_in = app.sign_in("ada").await.is(200);
    let first = signed_in.cookie("chatire_refresh").0;
    let lost = next(app.show(&first).await);
    // The tokens that the session had before show nothing.
    let before = with(&ada, &signed_in.read::<Token>().token);
    let an_hour_ago = chrono::Utc::now().timestamp() - 3_600;
    let before = with(&ada, &app.token_of(&before, 60, |claims| claims["orig_iat"] = json!(an_hour_ago)));
    before.get("/auth/me/").await.is(200);
    app.time_passes("30 minutes").await;
    let answer = app.show(&first).await.is(200);
    let Refreshed { token, refresh } = answer.read();
    assert_eq!(refresh, Some(lost));
    with(&ada, &token).get("/auth/me/").await.is(200);
    app.time_passes("11 seconds").await;
    app.show(&first).await.refused(ProblemCode::TokenRefused);
    with(&ada, &token).get("/auth/me/").await.refused(ProblemCode::SessionEnded);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_reads_the_database_can_refresh_nothing() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let (first, _) = app.sign_in("ada").await.is(200).cookie("chatire_refresh");
    let second = next(app.show(&first).await);
    let rows = app
        .sql()
        .await
        .query(
            "SELECT refresh_hash FROM sessions UNION ALL SELECT refresh_hash FROM spent_refreshes \
             UNION ALL SELECT salt FROM spent_refreshes",
            &[],
        )
        .await
        .unwrap();
    assert_eq!(rows.len(), 4);
    for row in rows {
        let stored: Vec<u8> = row.get(0);
        assert!(![first.as_bytes(), second.as_bytes()].contains(&stored.as_slice()));
        let shown = String::from_utf8_lossy(&stored).into_owned();
        app.show(&shown.replace('\0', "x")).await.refused(ProblemCode::TokenRefused);
    }
}
