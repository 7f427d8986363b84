//! Sessions: start, cookies and expiry.

use serde_json::json;
use shared::{credentials::AccessToken, problem::ProblemCode};
use uuid::Uuid;

use crate::support::{ApiResponse, TestApp};

const STRANGE: &str = "https://evil.example";

impl TestApp {
    async fn age_sessions(&self, interval: &str) {
        let moved = format!("UPDATE sessions SET used_at = now() - interval '{interval}'");
        self.sql().await.execute(&moved, &[]).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_in_sets_http_only_same_site_cookies() {
    let app = TestApp::spawn().await;
    app.create_user("ada").await;
    let response = app.sign_in("ada").await.assert_status(200);
    let (secret, refresh) = response.cookie("chatire_refresh");
    assert_eq!(
        (secret.len(), secret.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))),
        (43, true)
    );
    assert_eq!(refresh, "HttpOnly; SameSite=Strict; Path=/auth/jwt/; Max-Age=2592000");
    let (browser, rest) = response.cookie("chatire_browser");
    assert!(browser.parse::<Uuid>().is_ok(), "{browser}");
    assert_eq!(rest, "HttpOnly; SameSite=Strict; Path=/; Max-Age=34560000");
    assert!(!response.text.contains(&secret), "{response:?}");
    let guest = app.http.post("/auth/guest/").await.assert_status(201);
    assert_eq!(
        guest.cookie("chatire_refresh").1,
        "HttpOnly; SameSite=Strict; Path=/auth/jwt/; Max-Age=34560000"
    );
    let stored = "SELECT count(*) FROM sessions WHERE encode(refresh_hash, 'escape') = '";
    assert_eq!(app.query_count(&format!("{stored}{secret}'")).await, 0, "only its hash is stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn cookies_are_secure_over_tls() {
    let secure = |response: ApiResponse| {
        ["chatire_refresh", "chatire_browser"].map(|name| response.cookie(name).1.contains("; Secure; "))
    };
    let over_tls = |app: &TestApp| app.http.post("/auth/guest/").header("x-forwarded-proto", "https");
    let open = TestApp::spawn().await;
    assert_eq!(secure(over_tls(&open).await), [false; 2], "the header of an untrusted client does not count");
    let behind =
        TestApp::spawn_with(|config| config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()]).await;
    assert_eq!(secure(over_tls(&behind).await), [true; 2]);
    assert_eq!(secure(behind.http.post("/auth/guest/").await), [false; 2]);
    let public =
        TestApp::spawn_with(|config| config.public_url = Some("https://chat.example.org".to_owned())).await;
    assert_eq!(secure(public.http.post("/auth/guest/").await), [true; 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn token_without_own_session_is_rejected() {
    let app = TestApp::spawn().await;
    let (ada, brian) = (app.create_user("ada").await, app.create_user("brian").await);
    let brians = app.state.auth.jwt_keys.verify(&brian.token).unwrap().sid;
    ada.with_token(&app.sign_token(&ada, 60, |_| ())).get("/auth/me/").await.assert_status(200);
    for sid in [Uuid::new_v4(), brians] {
        let token = app.sign_token(&ada, 60, |claims| claims["sid"] = json!(sid));
        ada.with_token(&token).get("/auth/me/").await.assert_problem(ProblemCode::SessionEnded);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cross_origin_pages_cannot_use_session() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    let signed_in = app.sign_in("ada").await.assert_status(200);
    let strange = app.refresh(&signed_in.cookies()).header("origin", STRANGE).await;
    strange.assert_problem(ProblemCode::CrossOriginForbidden);
    ada.post("/auth/jwt/end/")
        .header("origin", STRANGE)
        .await
        .assert_problem(ProblemCode::CrossOriginForbidden);
    ada.get("/auth/me/").await.assert_status(200);
    let own = format!("http://{}", app.http.address);
    app.refresh(&signed_in.cookies()).header("origin", &own).await.assert_status(200);
    // Otherwise a form of another site could sign a visitor in to its own account.
    let lured = app.sign_in("ada").header("origin", STRANGE).await.assert_status(200);
    assert!(lured.headers.get("set-cookie").is_none(), "{lured:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn unused_session_expires() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    let (account, guest) =
        (app.sign_in("ada").await.assert_status(200), app.http.post("/auth/guest/").await.assert_status(201));
    app.age_sessions("31 days").await;
    app.refresh(&account.cookies()).await.assert_problem(ProblemCode::TokenRejected);
    ada.with_token(&account.json::<AccessToken>().token)
        .get("/auth/me/")
        .await
        .assert_problem(ProblemCode::SessionEnded);
    app.age_sessions("399 days").await;
    app.refresh(&guest.cookies()).await.assert_status(200);
    app.age_sessions("399 days").await;
    app.refresh(&guest.cookies()).await.assert_status(200);
    app.age_sessions("401 days").await;
    app.refresh(&guest.cookies()).await.assert_problem(ProblemCode::TokenRejected);
}

#[tokio::test(flavor = "multi_thread")]
async fn session_use_is_recorded_every_five_minutes() {
    let app = TestApp::spawn().await;
    let guest = app.http.post("/auth/guest/").await.assert_status(201);
    let token = json!({ "token": guest.value()["token"] });
    let idle = "SELECT extract(epoch FROM now() - used_at)::bigint / 60 FROM sessions";
    for (minutes, noted) in [(4, false), (6, true)] {
        app.age_sessions(&format!("{minutes} minutes")).await;
        app.http.post("/auth/jwt/refresh/").json(&token).await.assert_status(200);
        assert_eq!(app.query_count(idle).await < 1, noted, "{minutes} minutes");
    }
    app.age_sessions("1 minute").await;
    app.refresh(&guest.cookies()).await.assert_status(200);
    assert_eq!(app.query_count(idle).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn browser_cookie_is_kept_across_users() {
    let app = TestApp::spawn().await;
    app.create_user("ada").await;
    let guest = app.http.post("/auth/guest/").await.assert_status(201);
    let jar = format!("chatire_browser={}", guest.browser_id());
    let ada = app.sign_in("ada").header("cookie", &jar).await.assert_status(200);
    assert_eq!(ada.browser_id(), guest.browser_id());
    let elsewhere =
        app.http.post("/auth/guest/").header("cookie", "chatire_browser=x").await.assert_status(201);
    assert_ne!(elsewhere.browser_id(), guest.browser_id());
    let here = format!("SELECT count(*) FROM sessions WHERE browser_id = '{}'", guest.browser_id());
    assert_eq!(app.query_count(&here).await, 2);
}
