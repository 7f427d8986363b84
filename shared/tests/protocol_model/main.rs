//! A model checker for the protocol: up to three clients in one chat, a server that batches, commits and publishes
//! posts, edits and reactions, lost, duplicated and reordered frames, broken connections, and crashes, in every possible order.
//!
//! Clients are the real `Timeline` with the real sync rule. The server is a model: its numbering of posts copies the plan
//! of the backend's message ingest, which this crate cannot depend on.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails where it cannot go on")]
#![allow(clippy::print_stdout, reason = "reports how many states were checked")]

mod client;
mod model;
mod server;
mod view;

use model::{
    ACKNOWLEDGED_CHANGE_IS_STORED, ACKNOWLEDGED_IS_STORED, COMES_TO_REST, CONSISTENT_AT_REST, FaultBudget,
    Mutation, NUMBERS_HAVE_NO_GAP, Protocol, STORED_ONCE, VIEW_IS_PREFIX,
};
use stateright::{Checker, HasDiscoveries, Model};

const NONE: FaultBudget = FaultBudget { disconnects: 0, losses: 0, duplicates: 0, crashes: 0 };
const DISCONNECT: FaultBudget = FaultBudget { disconnects: 1, ..NONE };
const LOSS: FaultBudget = FaultBudget { losses: 1, ..NONE };
const DUPLICATE: FaultBudget = FaultBudget { duplicates: 1, ..NONE };
const CRASH: FaultBudget = FaultBudget { crashes: 1, ..NONE };

/// Visits every state, and fails with the shortest path to one that violates a property.
fn check(clients: usize, writers: usize, faults: FaultBudget) {
    check_protocol(Protocol {
        clients,
        writers,
        has_edits: false,
        has_reactions: false,
        faults,
        mutation: None,
    });
}

fn check_protocol(protocol: Protocol) {
    let faults = protocol.faults;
    let checker = protocol.checker().threads(2).spawn_bfs().join();
    println!("{faults:?}: {} states", checker.unique_state_count());
    checker.assert_properties();
}

#[test]
fn three_clients_survive_a_crash() {
    check(3, 2, CRASH);
}

#[test]
fn three_clients_converge_after_a_network_fault() {
    for faults in [DISCONNECT, LOSS, DUPLICATE] {
        check(3, 2, faults);
    }
}

#[test]
fn two_writers_converge_after_two_faults() {
    for faults in [
        FaultBudget { crashes: 2, ..NONE },
        FaultBudget { duplicates: 1, ..CRASH },
        FaultBudget { losses: 1, ..CRASH },
        FaultBudget { disconnects: 1, ..CRASH },
        FaultBudget { losses: 1, ..DISCONNECT },
        FaultBudget { duplicates: 1, ..LOSS },
        FaultBudget { duplicates: 1, ..DISCONNECT },
    ] {
        check(2, 2, faults);
    }
}

#[test]
fn writer_and_reader_converge_after_all_faults() {
    check(2, 1, FaultBudget { disconnects: 1, losses: 1, duplicates: 1, crashes: 1 });
}

#[test]
fn edits_converge_after_network_faults_and_crashes() {
    for faults in [
        FaultBudget { losses: 1, ..DISCONNECT },
        FaultBudget { duplicates: 1, ..LOSS },
        FaultBudget { crashes: 1, ..DUPLICATE },
    ] {
        // With two writers there are millions of states.
        check_changes(true, false, faults);
    }
}

#[test]
fn reactions_converge_after_faults() {
    for faults in [
        FaultBudget { losses: 1, ..DISCONNECT },
        FaultBudget { duplicates: 1, ..LOSS },
        FaultBudget { crashes: 1, ..DUPLICATE },
    ] {
        check_changes(false, true, faults);
    }
    for faults in [DISCONNECT, LOSS, DUPLICATE, CRASH] {
        check_changes(true, true, faults);
    }
}

/// One client posts a message, and both change it.
fn check_changes(has_edits: bool, has_reactions: bool, faults: FaultBudget) {
    check_protocol(Protocol { clients: 2, writers: 1, has_edits, has_reactions, faults, mutation: None });
}

/// The properties are worth something only if they detect bugs.
#[test]
fn every_mutation_is_detected() {
    for (writers, mutation, faults) in
        [(1, Mutation::EditsWithoutNumber, NONE), (2, Mutation::AppliesAfterGap, LOSS)]
    {
        let mutation = Some(mutation);
        assert_detected(
            Protocol { clients: 2, writers, has_edits: true, has_reactions: false, faults, mutation },
            CONSISTENT_AT_REST,
        );
    }
    let reactions = Protocol {
        clients: 2,
        writers: 1,
        has_edits: false,
        has_reactions: true,
        faults: DUPLICATE,
        mutation: Some(Mutation::RemovesRepeatedReaction),
    };
    assert_detected(reactions, ACKNOWLEDGED_CHANGE_IS_STORED);
    for (mutation, faults, violated) in [
        (Mutation::AppliesAfterGap, LOSS, VIEW_IS_PREFIX),
        (Mutation::MovesHeadBack, DUPLICATE, CONSISTENT_AT_REST),
        (Mutation::StoresDuplicates, DUPLICATE, STORED_ONCE),
        (Mutation::AcknowledgesBeforeCommit, CRASH, ACKNOWLEDGED_IS_STORED),
        (Mutation::AssignsSeqBeforeCommit, CRASH, NUMBERS_HAVE_NO_GAP),
        (Mutation::ReadsBeforeSubscribing, DISCONNECT, CONSISTENT_AT_REST),
        (Mutation::NeverResends, DISCONNECT, COMES_TO_REST),
    ] {
        let mutation = Some(mutation);
        let (has_edits, has_reactions) = (false, false);
        assert_detected(
            Protocol { clients: 3, writers: 2, has_edits, has_reactions, faults, mutation },
            violated,
        );
    }
}

fn assert_detected(protocol: Protocol, violated: &'static str) {
    let mutation = protocol.mutation;
    let wanted = HasDiscoveries::AnyOf([violated].into());
    let found = protocol.checker().threads(2).finish_when(wanted).spawn_bfs().join().discoveries();
    assert!(found.contains_key(violated), "{mutation:?} is not detected");
}
