//! The protocol in small, in every order in which it can happen: three people in one chat, a server that gathers,
//! commits and tells, frames that are lost, doubled and overtaken, connections that break, and a crash. A checker walks
//! through all states; the rule of the readers is the real one.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]
#![allow(clippy::print_stdout, reason = "a proof says how far it went")]

mod client;
mod model;
mod server;

use model::{Faults, Mistake, Protocol};
use stateright::{Checker, HasDiscoveries, Model};

const NONE: Faults = Faults { cuts: 0, losses: 0, doubles: 0, crashes: 0 };
const CUT: Faults = Faults { cuts: 1, ..NONE };
const LOSS: Faults = Faults { losses: 1, ..NONE };
const DOUBLE: Faults = Faults { doubles: 1, ..NONE };
const CRASH: Faults = Faults { crashes: 1, ..NONE };

/// Walks through everything, and fails with the shortest way to whatever does not hold.
fn holds(clients: usize, authors: usize, faults: Faults) {
    let checker =
        Protocol { clients, authors, faults, mistake: None }.checker().threads(2).spawn_bfs().join();
    println!("{faults:?}: {} states", checker.unique_state_count());
    checker.assert_properties();
}

#[test]
fn of_three_a_crash_loses_and_doubles_nothing() {
    holds(3, 2, CRASH);
}

#[test]
fn of_three_whatever_the_network_does_all_end_equal() {
    for faults in [CUT, LOSS, DOUBLE] {
        holds(3, 2, faults);
    }
}

#[test]
fn of_two_who_write_no_two_faults_together_part_them() {
    for faults in [
        Faults { crashes: 2, ..NONE },
        Faults { doubles: 1, ..CRASH },
        Faults { losses: 1, ..CRASH },
        Faults { cuts: 1, ..CRASH },
        Faults { losses: 1, ..CUT },
        Faults { doubles: 1, ..LOSS },
        Faults { doubles: 1, ..CUT },
    ] {
        holds(2, 2, faults);
    }
}

#[test]
fn of_one_who_writes_and_one_who_reads_nothing_at_all_parts_them() {
    holds(2, 1, Faults { cuts: 1, losses: 1, doubles: 1, crashes: 1 });
}

/// A proof is worth something only if it would find a mistake.
#[test]
fn every_mistake_is_found() {
    for (mistake, faults, broken) in [
        (Mistake::AppliesWhatItShouldFetch, LOSS, "every view is the beginning of the chat"),
        (Mistake::AppliesWhatItShouldIgnore, DOUBLE, "every view is the beginning of the chat"),
        (Mistake::StoresTwice, DOUBLE, "a message is stored once"),
        (Mistake::AnswersBeforeTheCommit, CRASH, "an answered message is stored at its place"),
        (Mistake::NumbersBeforeTheCommit, CRASH, "numbers have no gap"),
        (Mistake::ReadsBeforeItListens, CUT, "whoever has come to rest knows everything"),
        (Mistake::SendsNothingAgain, CUT, "everybody comes to rest"),
    ] {
        let wanted = HasDiscoveries::AnyOf([broken].into());
        let protocol = Protocol { clients: 3, authors: 2, faults, mistake: Some(mistake) };
        let checker = protocol.checker().threads(2).finish_when(wanted);
        let found = checker.spawn_bfs().join().discoveries();
        assert!(found.contains_key(broken), "{mistake:?} goes unnoticed");
    }
}
