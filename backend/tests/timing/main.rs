//! Tests that measure time, one at a time, so that parallel load cannot make them fail.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a failed test may panic"
)]

mod contention;
mod rate_limits;
mod request_timeouts;
mod session_end;
mod sign_in_timing;
mod slow_consumers;
#[path = "../support/lib.rs"]
mod support;
mod throttling;

use tokio::sync::{Mutex, MutexGuard};

static SERIAL: Mutex<()> = Mutex::const_new(());

/// Every test of this binary holds the guard, so that they run one at a time.
async fn serial() -> MutexGuard<'static, ()> {
    SERIAL.lock().await
}
