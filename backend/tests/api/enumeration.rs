//! Nobody learns from an answer, nor from how long it takes, who has an account.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::app::{Answer, TestApp};

/// So often each is tried, in turn, so that whatever else the machine does slows all of them alike.
const ROUNDS: usize = 15;

async fn tried(app: &TestApp, name: &str) -> (Answer, Duration) {
    let begun = Instant::now();
    let body = json!({ "username": name, "password": "not the right one" });
    let answer = app.web.post("/auth/jwt/create/").json(&body).await;
    (answer, begun.elapsed())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_and_an_unknown_name_are_told_alike_and_as_late() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let guest = app.guest("").await.name;
    let gone = app.person("gone").await;
    gone.leaves_for_good().await;
    let names = ["ada", "nobody", guest.as_str(), "gone"];
    let mut times = [const { Vec::new() }; 4];
    let mut texts = Vec::new();
    for _ in 0..ROUNDS {
        for (name, times) in names.iter().zip(&mut times) {
            let (answer, time) = tried(&app, name).await;
            times.push(time);
            let mut told: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
            told.sort_unstable();
            texts.push((answer.status, answer.text, told));
        }
    }
    assert!(texts.iter().all(|text| *text == texts[0]), "{texts:?}");
    let medians = times.map(|mut times| {
        times.sort_unstable();
        times[ROUNDS / 2].as_secs_f64()
    });
    // Without a password to compare, an answer would come after a thirtieth of the time.
    for median in medians {
        let ratio = median / medians[0];
        assert!((0.4..2.5).contains(&ratio), "{names:?}: {medians:?}");
    }
}
