//! Hundreds who sign in at once take the memory of a few, and hold up nobody else.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread::available_parallelism,
    time::Duration,
};

use futures_util::future::join_all;
use reqwest::Client;
use serde_json::json;
use tokio::time::sleep;

use crate::place::Place;

const AT_ONCE: usize = 200;
/// What one password takes while it is compared, in KiB, and what all else may.
const PASSWORD_KIB: u64 = 19_456;
const ELSE_KIB: u64 = 48 * 1_024;
const PASSWORD: &str = "grey tea at noon";

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_sign_ins_at_once_take_the_memory_of_a_few_and_the_server_says_that_it_is_well() {
    let place = Place::open().await;
    let http = Client::builder().no_proxy().pool_max_idle_per_host(AT_ONCE).build().unwrap();
    let url = format!("http://{}", place.address());
    let account = json!({ "username": "ada", "password": PASSWORD });
    let made = http.post(format!("{url}/auth/users/create/")).json(&account).send().await.unwrap();
    assert_eq!(made.status(), 201);
    let before = place.server.memory();
    let done = Arc::new(AtomicUsize::new(0));

    let signing_in = join_all((0..AT_ONCE).map(|_| {
        let request = http.post(format!("{url}/auth/jwt/create/")).json(&account).send();
        let done = Arc::clone(&done);
        async move {
            let answer = request.await.unwrap();
            done.fetch_add(1, Ordering::SeqCst);
            (answer.status().as_u16(), answer.headers().contains_key("retry-after"))
        }
    }));
    let mut most = before;
    let watching = async {
        loop {
            most = most.max(place.server.memory());
            sleep(Duration::from_millis(2)).await;
        }
    };
    let mut healthy = 0;
    let asking = async {
        loop {
            let answer = http.get(format!("{url}/healthz")).send().await.unwrap();
            assert_eq!(answer.status(), 200);
            // Answered while others still waited for their passwords.
            healthy += usize::from(done.load(Ordering::SeqCst) < AT_ONCE);
        }
    };
    let answers = tokio::select! {
        answers = signing_in => answers,
        () = watching => unreachable!("it watches for ever"),
        () = asking => unreachable!("it asks for ever"),
    };
    let (served, turned_away): (Vec<_>, Vec<_>) = answers.into_iter().partition(|(status, _)| *status == 200);
    let grown = most - before;
    println!(
        "{AT_ONCE} sign-ins at once: {} served, {} told to come back, {grown} KiB more memory, {healthy} answers of /healthz \
         meanwhile",
        served.len(),
        turned_away.len()
    );
    assert!(!served.is_empty());
    assert!(turned_away.iter().all(|answer| *answer == (503, true)), "{turned_away:?}");
    let cores = u64::try_from(available_parallelism().unwrap().get()).unwrap();
    assert!(grown < cores * PASSWORD_KIB + ELSE_KIB, "{grown} KiB");
    // Were they behind the passwords, there would be one.
    assert!(healthy >= 10, "{healthy}");
}
