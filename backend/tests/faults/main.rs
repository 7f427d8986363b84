//! What no fault may break, proven on the real program with a real PostgreSQL: processes are killed, lines are cut,
//! answers are swallowed, and nothing that was acknowledged is lost, doubled or seen in another order.
//!
//! The quick proofs run with every other test; `cargo xtask test --faults` also runs the long ones.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]
#![allow(clippy::print_stdout, reason = "a proof says its figures")]

mod abuse;
mod acknowledgements;
mod checker;
mod cluster;
mod cuts;
mod drain;
mod evidence;
#[path = "../common/heir.rs"]
mod heir;
mod kills;
mod line;
mod load;
#[path = "../common/logs.rs"]
mod logs;
mod people;
mod place;
mod proxy;
mod reader;
mod returning;
mod server;
mod sign_ins;
mod silent;
mod writer;
