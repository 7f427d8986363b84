//! Many concurrent sign-ins use bounded memory and do not block other requests.

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
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::fixture::Fixture;

const SIGN_INS: usize = 200;
/// Memory for one password hash, and for all else, in KiB.
const HASH_KIB: u64 = 19_456;
const OTHER_KIB: u64 = 48 * 1_024;
const PASSWORD: &str = "grey tea at noon";

/// What happened during the sign-ins.
struct Outcome {
    /// Status of each sign-in, and whether it named a retry time.
    responses: Vec<(u16, bool)>,
    grown_kib: u64,
    /// Health checks that were answered while sign-ins were pending.
    healthy: usize,
}

async fn sign_in_concurrently(fixture: &Fixture, http: &Client, url: &str, account: &Value) -> Outcome {
    let before = fixture.server.memory_kib();
    let finished = Arc::new(AtomicUsize::new(0));
    let signing_in = join_all((0..SIGN_INS).map(|_| {
        let request = http.post(format!("{url}/auth/jwt/create/")).json(account).send();
        let finished = Arc::clone(&finished);
        async move {
            let response = request.await.unwrap();
            finished.fetch_add(1, Ordering::SeqCst);
            (response.status().as_u16(), response.headers().contains_key("retry-after"))
        }
    }));
    let mut most = before;
    let measuring = async {
        loop {
            most = most.max(fixture.server.memory_kib());
            sleep(Duration::from_millis(2)).await;
        }
    };
    let mut healthy = 0;
    let checking = async {
        loop {
            let response = http.get(format!("{url}/healthz")).send().await.unwrap();
            assert_eq!(response.status(), 200);
            healthy += usize::from(finished.load(Ordering::SeqCst) < SIGN_INS);
        }
    };
    let responses = tokio::select! {
        responses = signing_in => responses,
        () = measuring => unreachable!("it never ends"),
        () = checking => unreachable!("it never ends"),
    };
    Outcome { responses, grown_kib: most - before, healthy }
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_sign_ins_bound_memory() {
    let fixture = Fixture::start().await;
    let http = Client::builder().no_proxy().pool_max_idle_per_host(SIGN_INS).build().unwrap();
    let url = format!("http://{}", fixture.address());
    let account = json!({ "username": "ada", "password": PASSWORD });
    let created = http.post(format!("{url}/auth/users/create/")).json(&account).send().await.unwrap();
    assert_eq!(created.status(), 201);
    let Outcome { responses, grown_kib, healthy } =
        sign_in_concurrently(&fixture, &http, &url, &account).await;
    let (served, rejected): (Vec<_>, Vec<_>) = responses.into_iter().partition(|(status, _)| *status == 200);
    println!(
        "{SIGN_INS} concurrent sign-ins: {} served, {} told to retry, {grown_kib} KiB more memory, {healthy} health \
         checks answered meanwhile",
        served.len(),
        rejected.len()
    );
    assert!(!served.is_empty());
    assert!(rejected.iter().all(|response| *response == (503, true)), "{rejected:?}");
    let cores = u64::try_from(available_parallelism().unwrap().get()).unwrap();
    assert!(grown_kib < cores * HASH_KIB + OTHER_KIB, "{grown_kib} KiB");
    // If health checks waited for the hashes, there would be one.
    assert!(healthy >= 10, "{healthy}");
}
