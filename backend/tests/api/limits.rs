//! Too much of a thing is refused with the time after which to go on.

use backend::config::{Config, RateLimits};
use reqwest::Method;
use serde_json::json;
use shared::problem::ProblemCode;
use uuid::Uuid;

use crate::{
    app::{Answer, Call, PASSWORD, TestApp},
    post_office::PostOffice,
};

async fn limited(change: impl FnOnce(&mut Config)) -> TestApp {
    TestApp::with(|config| {
        config.limits.rate_limits = RateLimits::On;
        change(config);
    })
    .await
}

/// Asks until it is too much, which must be after exactly `most` times.
async fn too_many_after(most: usize, mut ask: impl FnMut(usize) -> Call) -> Answer {
    for count in 0..most {
        let answer = ask(count).await;
        assert_ne!(answer.status, 429, "number {count}: {answer:?}");
    }
    let answer = ask(most).await;
    let seconds: u64 = answer.header("retry-after").parse().unwrap_or_else(|_| panic!("{answer:?}"));
    let problem: shared::problem::Problem = answer.read();
    assert_eq!((problem.code, problem.retry_after), (ProblemCode::TooManyRequests, Some(seconds)));
    assert!(seconds >= 1, "{answer:?}");
    answer
}

fn sign_in(app: &TestApp, name: &str) -> Call {
    app.web.post("/auth/jwt/create/").json(&json!({ "username": name, "password": PASSWORD }))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_tried_five_times_and_an_address_ten() {
    let app = limited(|_| ()).await;
    app.person("ada").await;
    let wrong = json!({ "username": "ada", "password": "wrong password" });
    too_many_after(5, |_| app.web.post("/auth/jwt/create/").json(&wrong)).await;
    sign_in(&app, "ADA").await.refused(ProblemCode::TooManyRequests);
    // Seven so far from this address.
    too_many_after(3, |count| sign_in(&app, &format!("nobody{count}"))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_wrong_waits_ever_longer_and_the_owner_in_their_own_browser_does_not() {
    let app = limited(|config| config.limits.limit_sign_ins = "1000/min".parse().unwrap()).await;
    app.person("ada").await;
    let jar = format!("chatire_browser={}", sign_in(&app, "ada").await.is(200).browser());
    let wrong = |password: &str| {
        app.web.post("/auth/jwt/create/").json(&json!({ "username": "ada", "password": password }))
    };
    let waits = |answer: Answer| answer.refused(ProblemCode::TooManyRequests).retry_after.unwrap();
    too_many_after(5, |_| wrong("wrong")).await;
    let wait = waits(wrong("wrong").await);
    assert!((1..=12).contains(&wait), "{wait}");
    // The right one has to wait as well here, but not where its owner was before.
    waits(sign_in(&app, "ada").await);
    sign_in(&app, "ada").header("cookie", &jar).await.is(200);
    let other = format!("chatire_browser={}", Uuid::new_v4());
    waits(sign_in(&app, "ada").header("cookie", &other).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_right_begins_anew() {
    let app = limited(|config| config.limits.limit_sign_ins = "1000/min".parse().unwrap()).await;
    let ada = app.person("ada").await;
    for _ in 0..3 {
        for _ in 0..4 {
            let wrong = json!({ "username": "ada", "password": "wrong password" });
            app.web.post("/auth/jwt/create/").json(&wrong).await.refused(ProblemCode::WrongCredentials);
        }
        sign_in(&app, "ada").await.is(200);
        // A password that is asked for again counts for itself.
        for _ in 0..4 {
            let wrong = json!({ "current_password": "wrong password" });
            ada.post("/auth/proof/").json(&wrong).await.refused(ProblemCode::Invalid);
        }
        ada.post("/auth/proof/").json(&json!({ "current_password": PASSWORD })).await.is(204);
    }
    too_many_after(5, |_| ada.post("/auth/proof/").json(&json!({ "current_password": "wrong" }))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_places_together_try_an_account_so_often_and_no_more() {
    let app = limited(|config| {
        config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
        config.limits.limit_tries_elsewhere = "20/h".parse().unwrap();
    })
    .await;
    app.person("ada").await;
    let wrong = json!({ "username": "ada", "password": "wrong password" });
    too_many_after(20, |count| {
        let from = format!("198.51.100.{count}");
        app.web.post("/auth/jwt/create/").json(&wrong).header("x-forwarded-for", &from)
    })
    .await;
    sign_in(&app, "brian")
        .header("x-forwarded-for", "198.51.100.99")
        .await
        .refused(ProblemCode::WrongCredentials);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_asks_for_letters_five_times_an_hour() {
    let office = PostOffice::open().await;
    let app = office.app_with(|config| config.limits.rate_limits = RateLimits::On).await;
    too_many_after(5, |count| {
        let email = json!({ "email": format!("nobody{count}@example.org") });
        app.web.post("/auth/password_resets/").json(&email)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_limit_is_what_it_is_set_to() {
    let app = limited(|config| {
        config.limits.limit_guests = "2/h".parse().unwrap();
        config.limits.limit_unknown_chats = "3/min".parse().unwrap();
        config.limits.limit_names = "1/h".parse().unwrap();
        config.limits.limit_body = "100B".parse().unwrap();
    })
    .await;
    too_many_after(2, |_| app.web.post("/auth/guest/")).await;
    too_many_after(3, |count| app.web.get(&format!("/api/chats/{count:022}/"))).await;
    let ada = app.person("ada").await;
    too_many_after(1, |_| ada.call(&Method::PATCH, "/auth/me/").json(&json!({ "display_name": "Ada" })))
        .await;
    let large = ada.call(&Method::PATCH, "/auth/me/").json(&json!({ "email": "x".repeat(100) })).await;
    assert!(large.refused(ProblemCode::TooLarge).detail.contains("100 bytes"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_signs_up_five_times_an_hour_and_mistakes_do_not_count() {
    let app = limited(|_| ()).await;
    let sign_up = |name: &str| {
        app.web.post("/auth/users/create/").json(&json!({ "username": name, "password": PASSWORD }))
    };
    for _ in 0..10 {
        sign_up("a b").await.refused(ProblemCode::Invalid);
    }
    too_many_after(5, |count| sign_up(&format!("person{count}"))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_has_thirty_guests_an_hour_of_whom_five_become_accounts() {
    let app = limited(|_| ()).await;
    let mut guests = Vec::new();
    for _ in 0..30 {
        guests.push(app.guest("").await);
    }
    too_many_after(0, |_| app.web.post("/auth/guest/")).await;
    too_many_after(5, |count| {
        let body = json!({ "username": format!("person{count}"), "password": PASSWORD });
        guests[count].post("/auth/claim/").json(&body)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_posts_twenty_at_once_by_either_way() {
    let app = limited(|_| ()).await;
    let (ada, tea) = app.tea().await;
    let brian = app.person("brian").await;
    brian.joins(&tea).await;
    let mut listener = ada.listens().await;
    let (mut stored, mut refused) = (0, None);
    // Two a second come back while this runs, so the count is not exact.
    for count in 0..200 {
        if count % 2 == 0 {
            listener.posts(&tea, Uuid::new_v4(), "tea?").await;
            match listener.hears_value().await {
                frame if frame["type"] == "posted" => stored += 1,
                frame => refused = Some(frame["problem"].clone()),
            }
        } else {
            match ada.say(&tea, "tea?").await {
                answer if answer.status == 200 => stored += 1,
                answer => refused = Some(answer.is(429).value()),
            }
        }
        if refused.is_some() {
            break;
        }
    }
    assert!(stored >= 20, "{stored}");
    let refused = refused.expect("it is too much at some time");
    assert_eq!(refused["code"], "too_many_requests");
    assert!(refused["retry_after"].as_u64().unwrap() >= 1);
    brian.says(&tea, "others may").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_finds_a_chat_by_trying() {
    let app = limited(|_| ()).await;
    let (ada, tea) = app.tea().await;
    let nowhere = |count: usize| format!("{count:022}");
    too_many_after(30, |count| match count % 3 {
        0 => ada.join(&nowhere(count)),
        1 => ada.get(&format!("/api/chats/{}/messages/", nowhere(count))),
        _ => app.web.get(&format!("/api/chats/{}/", nowhere(count))),
    })
    .await;
    ada.says(&tea, "known chats are open").await;
}

/// How often it may be asked before it is too much, about: some of it comes back while this runs.
async fn often(ask: impl Fn() -> Call) -> usize {
    for count in 0..200 {
        let answer = ask().await;
        if answer.status == 429 {
            assert!(answer.refused(ProblemCode::TooManyRequests).retry_after.is_some());
            return count;
        }
        answer.refused(ProblemCode::LinkClosed);
    }
    panic!("it is never too much");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_tries_twenty_times_a_minute_to_come_in_and_an_address_sixty() {
    let app = limited(|_| ()).await;
    let (ada, tea) = app.tea().await;
    app.run("UPDATE chats SET link_open = false").await;
    let mut tried = 0;
    for name in ["brian", "eve", "lena", "last"] {
        let person = app.person(name).await;
        let of_person = often(|| person.join(&tea)).await;
        assert!(if name == "last" { of_person < 20 } else { of_person >= 20 }, "{name}: {of_person}");
        tried += of_person;
    }
    assert!(tried >= 60, "{tried}");
    ada.joins(&tea).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_socket_does_not_help_to_find_a_chat() {
    let app = limited(|_| ()).await;
    let mut listener = app.person("ada").await.listens().await;
    let mut codes = Vec::new();
    for count in 0..60 {
        listener.subscribes(&format!("{count:022}"), None, None).await;
        codes.push(listener.hears_refusal().await.2.code);
    }
    assert_eq!(codes[0], ProblemCode::ChatNotFound);
    assert!(codes.contains(&ProblemCode::TooManyRequests), "{codes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_client_says_of_its_address_counts_only_through_a_trusted_proxy() {
    let open = limited(|_| ()).await;
    let from = |app: &TestApp, count: usize| {
        sign_in(app, &format!("nobody{count}")).header("x-forwarded-for", &format!("198.51.100.{count}"))
    };
    too_many_after(10, |count| from(&open, count)).await;

    let behind = limited(|config| config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()]).await;
    for count in 0..15 {
        from(&behind, count).await.refused(ProblemCode::WrongCredentials);
    }
    // What a client writes before the proxy adds the true address is worth nothing.
    too_many_after(10, |count| {
        let hops = format!("198.51.100.{count}, 203.0.113.7");
        sign_in(&behind, &format!("other{count}")).header("x-forwarded-for", &hops)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_that_are_off_refuse_nothing() {
    let app = TestApp::start().await;
    for count in 0..12 {
        sign_in(&app, &format!("nobody{}", count % 2)).await.refused(ProblemCode::WrongCredentials);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_called_something_else_more_than_five_times_a_minute() {
    let app = limited(|_| ()).await;
    let (ada, tea) = app.tea().await;
    let call = |count: usize| {
        let name = json!({ "display_name": format!("Countess {count}") });
        ada.call(&Method::PATCH, "/auth/me/").json(&name)
    };
    too_many_after(5, call).await;
    ada.says(&tea, "tea?").await;
}
