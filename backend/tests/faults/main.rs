//! Tests of the real program with a real PostgreSQL under faults: processes are killed, connections are cut, responses
//! are dropped, and no acknowledged message is lost, repeated or reordered.
//!
//! The short tests run with all others; `cargo xtask test --faults` also runs the long ones. The tests run one at a time
//! because they measure time and memory.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a failed test may panic"
)]
#![allow(clippy::print_stdout, reason = "the tests print what they measured")]

mod checker;
#[path = "../support/cleanup.rs"]
mod cleanup;
mod cluster;
mod fixture;
mod flaky_connection;
mod hostile_frames;
mod kills;
mod load;
#[path = "../support/log_folder.rs"]
mod log_folder;
mod lost_responses;
mod memory;
mod network_cuts;
mod proxy;
mod reader;
mod reconnect;
mod report;
mod server;
mod shutdown;
mod sign_ins;
mod stalled_readers;
mod uploads;
mod user;
mod writer;
