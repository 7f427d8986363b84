//! Rate limits: excess requests are rejected with a retry time.

use std::time::Duration;

use backend::config::{Config, RateLimits};
use reqwest::Method;
use serde_json::json;
use shared::problem::ProblemCode;
use uuid::Uuid;

use crate::support::{ApiRequest, ApiResponse, PASSWORD, TestApp, smtp::SmtpServer};

async fn spawn_limited(change: impl FnOnce(&mut Config)) -> TestApp {
    TestApp::spawn_with(|config| {
        config.limits.rate_limits = RateLimits::On;
        change(config);
    })
    .await
}

/// Sends requests until one is limited, which must be the one after `most`.
async fn assert_limited_after(most: usize, mut ask: impl FnMut(usize) -> ApiRequest) -> ApiResponse {
    for count in 0..most {
        let response = ask(count).await;
        assert_ne!(response.status, 429, "number {count}: {response:?}");
    }
    let response = ask(most).await;
    let seconds: u64 = response.header("retry-after").parse().unwrap_or_else(|_| panic!("{response:?}"));
    let problem: shared::problem::Problem = response.json();
    assert_eq!((problem.code, problem.retry_after), (ProblemCode::TooManyRequests, Some(seconds)));
    assert!(seconds >= 1, "{response:?}");
    response
}

fn sign_in(app: &TestApp, name: &str) -> ApiRequest {
    app.http.post("/auth/jwt/create/").json(&json!({ "username": name, "password": PASSWORD }))
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_in_limits_per_account_and_per_ip() {
    let _serial = crate::serial().await;
    let app = spawn_limited(|_| ()).await;
    app.create_user("ada").await;
    let wrong = json!({ "username": "ada", "password": "wrong password" });
    assert_limited_after(5, |_| app.http.post("/auth/jwt/create/").json(&wrong)).await;
    sign_in(&app, "ADA").await.assert_problem(ProblemCode::TooManyRequests);
    // Seven attempts so far from this IP address.
    assert_limited_after(3, |count| sign_in(&app, &format!("unknown{count}"))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn known_browser_is_not_locked_out() {
    let _serial = crate::serial().await;
    let app = spawn_limited(|config| config.limits.limit_sign_ins = "1000/min".parse().unwrap()).await;
    app.create_user("ada").await;
    let jar = format!("chatire_browser={}", sign_in(&app, "ada").await.assert_status(200).browser_id());
    let wrong = |password: &str| {
        app.http.post("/auth/jwt/create/").json(&json!({ "username": "ada", "password": password }))
    };
    let waits =
        |response: ApiResponse| response.assert_problem(ProblemCode::TooManyRequests).retry_after.unwrap();
    assert_limited_after(5, |_| wrong("wrong")).await;
    let wait = waits(wrong("wrong").await);
    assert!((1..=12).contains(&wait), "{wait}");
    // The right password has to wait here too, but not in a browser in which the owner was signed in before.
    waits(sign_in(&app, "ada").await);
    sign_in(&app, "ada").header("cookie", &jar).await.assert_status(200);
    let other = format!("chatire_browser={}", Uuid::new_v4());
    waits(sign_in(&app, "ada").header("cookie", &other).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn successful_sign_in_resets_attempts() {
    let _serial = crate::serial().await;
    let app = spawn_limited(|config| config.limits.limit_sign_ins = "1000/min".parse().unwrap()).await;
    let ada = app.create_user("ada").await;
    for _ in 0..3 {
        for _ in 0..4 {
            let wrong = json!({ "username": "ada", "password": "wrong password" });
            app.http
                .post("/auth/jwt/create/")
                .json(&wrong)
                .await
                .assert_problem(ProblemCode::WrongCredentials);
        }
        sign_in(&app, "ada").await.assert_status(200);
        // Re-authentication has a counter of its own.
        for _ in 0..4 {
            let wrong = json!({ "current_password": "wrong password" });
            ada.post("/auth/reauthentication/").json(&wrong).await.assert_problem(ProblemCode::Invalid);
        }
        ada.post("/auth/reauthentication/")
            .json(&json!({ "current_password": PASSWORD }))
            .await
            .assert_status(204);
    }
    assert_limited_after(5, |_| {
        ada.post("/auth/reauthentication/").json(&json!({ "current_password": "wrong" }))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_devices_share_an_attempt_limit() {
    let _serial = crate::serial().await;
    let app = spawn_limited(|config| {
        config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
        config.limits.limit_login_attempts_unknown_devices = "20/h".parse().unwrap();
    })
    .await;
    app.create_user("ada").await;
    let wrong = json!({ "username": "ada", "password": "wrong password" });
    assert_limited_after(20, |count| {
        let from = format!("198.51.100.{count}");
        app.http.post("/auth/jwt/create/").json(&wrong).header("x-forwarded-for", &from)
    })
    .await;
    sign_in(&app, "brian")
        .header("x-forwarded-for", "198.51.100.99")
        .await
        .assert_problem(ProblemCode::WrongCredentials);
}

#[tokio::test(flavor = "multi_thread")]
async fn password_reset_requests_are_limited_per_ip() {
    let _serial = crate::serial().await;
    let smtp = SmtpServer::start().await;
    let app = smtp.spawn_app_with(|config| config.limits.rate_limits = RateLimits::On).await;
    assert_limited_after(5, |count| {
        let email = json!({ "email": format!("unknown{count}@example.org") });
        app.http.post("/auth/password_resets/").json(&email)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rate_limits_are_configurable() {
    let _serial = crate::serial().await;
    let app = spawn_limited(|config| {
        config.limits.limit_guests = "2/h".parse().unwrap();
        config.limits.limit_unknown_chats = "3/min".parse().unwrap();
        config.limits.limit_renames = "1/h".parse().unwrap();
        config.limits.limit_body = "100B".parse().unwrap();
    })
    .await;
    assert_limited_after(2, |_| app.http.post("/auth/guest/")).await;
    assert_limited_after(3, |count| app.http.get(&format!("/api/chats/{count:022}/"))).await;
    let ada = app.create_user("ada").await;
    assert_limited_after(1, |_| {
        ada.request(&Method::PATCH, "/auth/me/").json(&json!({ "display_name": "Ada" }))
    })
    .await;
    let large = ada.request(&Method::PATCH, "/auth/me/").json(&json!({ "email": "x".repeat(100) })).await;
    assert!(large.assert_problem(ProblemCode::TooLarge).detail.contains("100 bytes"));
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_up_limit_ignores_invalid_requests() {
    let _serial = crate::serial().await;
    let app = spawn_limited(|_| ()).await;
    let sign_up = |name: &str| {
        app.http.post("/auth/users/create/").json(&json!({ "username": name, "password": PASSWORD }))
    };
    for _ in 0..10 {
        sign_up("a b").await.assert_problem(ProblemCode::Invalid);
    }
    assert_limited_after(5, |count| sign_up(&format!("person{count}"))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guest_and_claim_limits_apply_per_ip() {
    let _serial = crate::serial().await;
    let app = spawn_limited(|_| ()).await;
    let mut guests = Vec::new();
    for _ in 0..30 {
        guests.push(app.create_guest("").await);
    }
    assert_limited_after(0, |_| app.http.post("/auth/guest/")).await;
    assert_limited_after(5, |count| {
        let body = json!({ "username": format!("person{count}"), "password": PASSWORD });
        guests[count].post("/auth/claim/").json(&body)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn post_limit_covers_rest_and_socket() {
    let _serial = crate::serial().await;
    let app = spawn_limited(|_| ()).await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_user("brian").await;
    brian.join(&tea).await;
    let mut listener = ada.open_socket().await;
    let (mut stored, mut rejected) = (0, None);
    // The limit refills by two a second meanwhile, so the count is not exact.
    for count in 0..200 {
        if count % 2 == 0 {
            listener.post_message(tea.id, Uuid::new_v4(), "tea?").await;
            match listener.recv_json().await {
                frame if frame["type"] == "posted" => stored += 1,
                frame => rejected = Some(frame["problem"].clone()),
            }
        } else {
            match ada.try_send_message(&tea, "tea?").await {
                response if response.status == 200 => stored += 1,
                response => rejected = Some(response.assert_status(429).value()),
            }
        }
        if rejected.is_some() {
            break;
        }
    }
    assert!(stored >= 20, "{stored}");
    let rejected = rejected.expect("the limit is reached");
    assert_eq!(rejected["code"], "too_many_requests");
    assert!(rejected["retry_after"].as_u64().unwrap() >= 1);
    brian.send_message(&tea, "others are not limited").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_chat_requests_are_limited() {
    let _serial = crate::serial().await;
    let app = spawn_limited(|_| ()).await;
    let (ada, tea) = app.ada_and_chat().await;
    let nowhere = |count: usize| format!("{count:022}");
    assert_limited_after(30, |count| match count % 3 {
        0 => ada.try_join(&nowhere(count)),
        1 => ada.get(&format!("/api/chats/{}/messages/", nowhere(count))),
        _ => app.http.get(&format!("/api/chats/{}/", nowhere(count))),
    })
    .await;
    ada.send_message(&tea, "known chats are not limited").await;
}

/// Counts requests before the limit, approximately: it refills meanwhile.
async fn count_until_limited(ask: impl Fn() -> ApiRequest) -> usize {
    for count in 0..200 {
        let response = ask().await;
        if response.status == 429 {
            assert!(response.assert_problem(ProblemCode::TooManyRequests).retry_after.is_some());
            return count;
        }
        response.assert_problem(ProblemCode::LinkClosed);
    }
    panic!("the limit is never reached");
}

#[tokio::test(flavor = "multi_thread")]
async fn join_limits_per_user_and_per_ip() {
    let _serial = crate::serial().await;
    let app = spawn_limited(|_| ()).await;
    let (ada, tea) = app.ada_and_chat().await;
    app.execute_sql("UPDATE chats SET link_open = false").await;
    let mut tried = 0;
    for name in ["brian", "eve", "lena", "last"] {
        let user = app.create_user(name).await;
        let of_person = count_until_limited(|| user.try_join(&tea)).await;
        assert!(if name == "last" { of_person < 20 } else { of_person >= 20 }, "{name}: {of_person}");
        tried += of_person;
    }
    assert!(tried >= 60, "{tried}");
    ada.join(&tea).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_chat_subscriptions_are_limited() {
    let _serial = crate::serial().await;
    let app = spawn_limited(|_| ()).await;
    let mut listener = app.create_user("ada").await.open_socket().await;
    let mut codes = Vec::new();
    for count in 0..60 {
        listener.subscribe(&format!("{count:022}"), None, None).await;
        codes.push(listener.recv_rejection().await.problem.code);
    }
    assert_eq!(codes[0], ProblemCode::ChatNotFound);
    assert!(codes.contains(&ProblemCode::TooManyRequests), "{codes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn forwarded_ip_counts_only_from_trusted_proxy() {
    let _serial = crate::serial().await;
    let open = spawn_limited(|_| ()).await;
    let from = |app: &TestApp, count: usize| {
        sign_in(app, &format!("unknown{count}")).header("x-forwarded-for", &format!("198.51.100.{count}"))
    };
    assert_limited_after(10, |count| from(&open, count)).await;

    let behind = spawn_limited(|config| config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()]).await;
    for count in 0..15 {
        from(&behind, count).await.assert_problem(ProblemCode::WrongCredentials);
    }
    // Addresses before the one that the proxy adds do not count.
    assert_limited_after(10, |count| {
        let hops = format!("198.51.100.{count}, 203.0.113.7");
        sign_in(&behind, &format!("other{count}")).header("x-forwarded-for", &hops)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn disabled_limits_reject_nothing() {
    let _serial = crate::serial().await;
    let app = TestApp::spawn().await;
    for count in 0..12 {
        sign_in(&app, &format!("nobody{}", count % 2)).await.assert_problem(ProblemCode::WrongCredentials);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rename_limit_is_five_a_minute() {
    let _serial = crate::serial().await;
    let app = spawn_limited(|_| ()).await;
    let (ada, tea) = app.ada_and_chat().await;
    let request = |count: usize| {
        let name = json!({ "display_name": format!("Countess {count}") });
        ada.request(&Method::PATCH, "/auth/me/").json(&name)
    };
    assert_limited_after(5, request).await;
    ada.send_message(&tea, "tea?").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chats_started_and_owned_are_limited() {
    let _serial = crate::serial().await;
    let app = spawn_limited(|config| config.limits.limit_owned_chats = 25).await;
    let (ada, brian) = (app.create_user("ada").await, app.create_user("brian").await);
    let start = |_| ada.post("/api/chats/");
    assert_limited_after(20, start).await;
    brian.create_chat().await;
    app.advance_clock(Duration::from_hours(1));
    for _ in 0..5 {
        ada.create_chat().await;
    }
    ada.post("/api/chats/").await.assert_problem(ProblemCode::ChatLimitReached);
    assert_eq!(app.query_count("SELECT count(*) FROM chats").await, 26);
    let first = &ada.list_chats().await[0].chat.uri;
    ada.request(&Method::DELETE, &format!("/api/chats/{first}/")).await.assert_status(204);
    ada.create_chat().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_chats_are_limited_per_user() {
    let _serial = crate::serial().await;
    // The requests take seconds: no limit may refill meanwhile.
    let app = spawn_limited(|config| config.limits.limit_chat_changes = "60/h".parse().unwrap()).await;
    let (ada, tea) = app.ada_and_chat().await;
    let coffee = ada.create_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let seq = ada.send_message(&tea, "tea?").await.stored.seq;
    let path = |chat: &str, rest: &str| format!("/api/chats/{chat}/{rest}");
    let response = assert_limited_after(60, |count| match count % 6 {
        0 => {
            let topic = json!({ "topic": count.to_string() });
            ada.request(&Method::PATCH, &path(&tea, "settings/")).json(&topic)
        }
        1 => ada.post(&path(&coffee, "links/")).json(&json!({ "role": "writer" })),
        2 => ada.edit_message(&tea, seq, &count.to_string()),
        3 => ada.react(&tea, seq, "👍"),
        4 => ada.post(&path(&coffee, "deletions/")).json(&json!({ "seqs": [count] })),
        _ => {
            let role = json!({ "role": if count % 4 == 1 { "reader" } else { "writer" } });
            ada.request(&Method::PUT, &path(&tea, &format!("members/{}/", brian.id))).json(&role)
        }
    })
    .await;
    let wait: u64 = response.header("retry-after").parse().unwrap();
    ada.send_message(&tea, "messages have a limit of their own").await;
    app.advance_clock(Duration::from_secs(wait));
    let topic = json!({ "topic": "later" });
    ada.request(&Method::PATCH, &path(&tea, "settings/")).json(&topic).await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn uri_rotations_are_limited_per_user() {
    let _serial = crate::serial().await;
    let app = spawn_limited(|_| ()).await;
    let (ada, tea) = app.ada_and_chat().await;
    assert_limited_after(10, |_| ada.post(&format!("/api/chats/{tea}/uri/"))).await;
    app.advance_clock(Duration::from_mins(6));
    ada.rotate_uri(&tea).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn exports_are_limited_per_user_and_chat() {
    let _serial = crate::serial().await;
    let app = spawn_limited(|config| config.limits.limit_chat_exports = "3/day".parse().unwrap()).await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    ada.update_settings(&tea, &json!({ "export_allowed": true })).await.assert_status(200);
    let path = format!("/api/chats/{tea}/exports/");
    assert_limited_after(3, |_| brian.post(&path)).await;
    // The members' limit is not the owner's.
    assert_limited_after(3, |_| ada.post(&path)).await;
    // Exports of all chats and of the account count together.
    ada.post("/auth/exports/").await.assert_status(202);
    let other = format!("/api/chats/{}/exports/", ada.create_chat().await);
    assert_limited_after(1, |_| ada.post(&other)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn searches_are_limited_per_user() {
    let _serial = crate::serial().await;
    let app = spawn_limited(|config| config.limits.limit_searches = "30/h".parse().unwrap()).await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    // One limit for both kinds, which invalid searches do not count against.
    ada.get("/api/search/?q=has:x").await.assert_problem(ProblemCode::Invalid);
    assert_limited_after(30, |count| {
        let path = if count % 2 == 0 {
            "/api/search/?q=tea".to_owned()
        } else {
            format!("/api/chats/{tea}/search/?q=tea")
        };
        ada.get(&path)
    })
    .await;
    brian.get("/api/search/?q=tea").await.assert_status(200);
    app.advance_clock(Duration::from_mins(2));
    ada.get("/api/search/?q=tea").await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn refreshes_are_limited_per_session() {
    let _serial = crate::serial().await;
    let app = spawn_limited(|config| {
        config.limits.limit_sign_ins = "1000/min".parse().unwrap();
        config.limits.limit_refreshes = "30/h".parse().unwrap();
    })
    .await;
    app.create_user("ada").await;
    let (mut secret, _) = app.sign_in("ada").await.assert_status(200).cookie("chatire_refresh");
    let other = app.sign_in("ada").await.assert_status(200).cookies();
    let refresh = |secret: &str| app.http.post("/auth/jwt/refresh/").json(&json!({ "refresh": secret }));
    for _ in 0..30 {
        secret = refresh(&secret).await.assert_status(200).value()["refresh"].as_str().unwrap().to_owned();
    }
    refresh(&secret).await.assert_problem(ProblemCode::TooManyRequests);
    app.refresh(&other).await.assert_status(200);
    app.advance_clock(Duration::from_mins(2));
    refresh(&secret).await.assert_status(200);
}
