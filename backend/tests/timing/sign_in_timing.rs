//! Neither the response to a sign-in nor its duration reveals whether an account exists.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{ApiResponse, TestApp};

/// How often each name is tried, in turn, so that other load slows all of them alike.
const ROUNDS: usize = 15;

async fn timed_sign_in(app: &TestApp, name: &str) -> (ApiResponse, Duration) {
    let started = Instant::now();
    let body = json!({ "username": name, "password": "not the right one" });
    let response = app.http.post("/auth/jwt/create/").json(&body).await;
    (response, started.elapsed())
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_sign_in_hides_whether_account_exists() {
    let _serial = crate::serial().await;
    let app = TestApp::spawn().await;
    app.create_user("ada").await;
    let guest = app.create_guest("").await.name;
    let gone = app.create_user("gone").await;
    gone.delete_account().await;
    let names = ["ada", "nobody", guest.as_str(), "gone"];
    let mut times = [const { Vec::new() }; 4];
    let mut texts = Vec::new();
    for _ in 0..ROUNDS {
        for (name, times) in names.iter().zip(&mut times) {
            let (response, time) = timed_sign_in(&app, name).await;
            times.push(time);
            let mut told: Vec<_> = response.headers.keys().map(ToString::to_string).collect();
            told.sort_unstable();
            texts.push((response.status, response.text, told));
        }
    }
    assert!(texts.iter().all(|text| *text == texts[0]), "{texts:?}");
    let medians = times.map(|mut times| {
        times.sort_unstable();
        times[ROUNDS / 2].as_secs_f64()
    });
    // Without a password hash, a response would take a thirtieth of the time.
    for median in medians {
        let ratio = median / medians[0];
        assert!((0.4..2.5).contains(&ratio), "{names:?}: {medians:?}");
    }
}
