//! Sessions: how they begin, go on in a browser, and end.

use serde_json::json;
use shared::{credentials::Token, problem::ProblemCode};
use uuid::Uuid;

use crate::app::{Answer, Call, PASSWORD, Person, TestApp};

const STRANGE: &str = "https://evil.example";

impl Answer {
    /// The value that a cookie is given, and what else is said of it.
    #[track_caller]
    pub fn cookie(&self, name: &str) -> (String, String) {
        self.cookie_if_any(name).unwrap_or_else(|| panic!("{name} is not set: {self:?}"))
    }

    pub fn cookie_if_any(&self, name: &str) -> Option<(String, String)> {
        let mut set = self.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap());
        let (value, rest) = set.find_map(|set| set.strip_prefix(&format!("{name}=")))?.split_once("; ")?;
        Some((value.to_owned(), rest.to_owned()))
    }

    /// What a browser that got this answer sends to the calls about tokens.
    #[track_caller]
    pub fn jar(&self) -> String {
        format!("chatire_refresh={}; chatire_browser={}", self.cookie("chatire_refresh").0, self.browser())
    }

    #[track_caller]
    pub fn browser(&self) -> String {
        self.cookie("chatire_browser").0
    }
}

impl TestApp {
    pub fn sign_in(&self, name: &str) -> Call {
        self.web.post("/auth/jwt/create/").json(&json!({ "username": name, "password": PASSWORD }))
    }

    /// What a page does that has just been opened.
    pub fn refresh(&self, jar: &str) -> Call {
        self.web.post("/auth/jwt/refresh/").header("cookie", jar)
    }

    async fn used(&self, interval: &str) {
        let moved = format!("UPDATE sessions SET used_at = now() - interval '{interval}'");
        self.sql().await.execute(&moved, &[]).await.unwrap();
    }
}

/// The same person by another token.
pub fn with(person: &Person, token: &str) -> Person {
    Person { token: token.to_owned(), ..person.clone() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_leaves_two_cookies_that_no_script_and_no_other_site_can_use() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let answer = app.sign_in("ada").await.is(200);
    let (secret, refresh) = answer.cookie("chatire_refresh");
    assert_eq!(
        (secret.len(), secret.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))),
        (43, true)
    );
    assert_eq!(refresh, "HttpOnly; SameSite=Strict; Path=/auth/jwt/; Max-Age=2592000");
    let (browser, rest) = answer.cookie("chatire_browser");
    assert!(browser.parse::<Uuid>().is_ok(), "{browser}");
    assert_eq!(rest, "HttpOnly; SameSite=Strict; Path=/; Max-Age=34560000");
    assert!(!answer.text.contains(&secret), "{answer:?}");
    let guest = app.web.post("/auth/guest/").await.is(201);
    assert_eq!(
        guest.cookie("chatire_refresh").1,
        "HttpOnly; SameSite=Strict; Path=/auth/jwt/; Max-Age=34560000"
    );
    let stored = "SELECT count(*) FROM sessions WHERE encode(refresh_hash, 'escape') = '";
    assert_eq!(app.count(&format!("{stored}{secret}'")).await, 0, "only its hash is stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn cookies_are_secure_where_the_browser_is_served_over_tls() {
    let secure = |answer: Answer| {
        ["chatire_refresh", "chatire_browser"].map(|name| answer.cookie(name).1.contains("; Secure; "))
    };
    let over_tls = |app: &TestApp| app.web.post("/auth/guest/").header("x-forwarded-proto", "https");
    let open = TestApp::start().await;
    assert_eq!(secure(over_tls(&open).await), [false; 2], "anybody can say so");
    let behind = TestApp::with(|config| config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()]).await;
    assert_eq!(secure(over_tls(&behind).await), [true; 2]);
    assert_eq!(secure(behind.web.post("/auth/guest/").await), [false; 2]);
    let public =
        TestApp::with(|config| config.public_url = Some("https://chat.example.org".to_owned())).await;
    assert_eq!(secure(public.web.post("/auth/guest/").await), [true; 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_without_a_session_of_its_own_is_refused() {
    let app = TestApp::start().await;
    let (ada, brian) = (app.person("ada").await, app.person("brian").await);
    let brians = app.app.keys.check(&brian.token).unwrap().sid;
    with(&ada, &app.token_of(&ada, 60, |_| ())).get("/auth/me/").await.is(200);
    for sid in [Uuid::new_v4(), brians] {
        let token = app.token_of(&ada, 60, |claims| claims["sid"] = json!(sid));
        with(&ada, &token).get("/auth/me/").await.refused(ProblemCode::SessionEnded);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_other_sites_neither_refresh_nor_sign_out_nor_leave_a_cookie() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let signed_in = app.sign_in("ada").await.is(200);
    let strange = app.refresh(&signed_in.jar()).header("origin", STRANGE).await;
    strange.refused(ProblemCode::ForeignOrigin);
    ada.post("/auth/jwt/end/").header("origin", STRANGE).await.refused(ProblemCode::ForeignOrigin);
    ada.get("/auth/me/").await.is(200);
    let own = format!("http://{}", app.web.address);
    app.refresh(&signed_in.jar()).header("origin", &own).await.is(200);
    // Or a form of another site could have somebody write under its own account.
    let lured = app.sign_in("ada").header("origin", STRANGE).await.is(200);
    assert!(lured.headers.get("set-cookie").is_none(), "{lured:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_nobody_uses_ends_after_thirty_days_and_a_guests_after_four_hundred() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let (account, guest) = (app.sign_in("ada").await.is(200), app.web.post("/auth/guest/").await.is(201));
    app.used("31 days").await;
    app.refresh(&account.jar()).await.refused(ProblemCode::TokenRefused);
    with(&ada, &account.read::<Token>().token).get("/auth/me/").await.refused(ProblemCode::SessionEnded);
    app.used("399 days").await;
    app.refresh(&guest.jar()).await.is(200);
    app.used("399 days").await;
    app.refresh(&guest.jar()).await.is(200);
    app.used("401 days").await;
    app.refresh(&guest.jar()).await.refused(ProblemCode::TokenRefused);
}

#[tokio::test(flavor = "multi_thread")]
async fn using_a_session_is_noted_every_few_minutes() {
    let app = TestApp::start().await;
    let guest = app.web.post("/auth/guest/").await.is(201);
    let token = json!({ "token": guest.value()["token"] });
    let idle = "SELECT extract(epoch FROM now() - used_at)::bigint / 60 FROM sessions";
    for (minutes, noted) in [(4, false), (6, true)] {
        app.used(&format!("{minutes} minutes")).await;
        app.web.post("/auth/jwt/refresh/").json(&token).await.is(200);
        assert_eq!(app.count(idle).await < 1, noted, "{minutes} minutes");
    }
    app.used("1 minute").await;
    app.refresh(&guest.jar()).await.is(200);
    assert_eq!(app.count(idle).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_is_known_again_whoever_uses_it() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let guest = app.web.post("/auth/guest/").await.is(201);
    let jar = format!("chatire_browser={}", guest.browser());
    let ada = app.sign_in("ada").header("cookie", &jar).await.is(200);
    assert_eq!(ada.browser(), guest.browser());
    let elsewhere = app.web.post("/auth/guest/").header("cookie", "chatire_browser=x").await.is(201);
    assert_ne!(elsewhere.browser(), guest.browser());
    let here = format!("SELECT count(*) FROM sessions WHERE browser = '{}'", guest.browser());
    assert_eq!(app.count(&here).await, 2);
}
