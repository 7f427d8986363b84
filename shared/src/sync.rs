//! The sync rule: how every receiver of a chat's changes stays consistent with the server.
//!
//! A chat's head rises by one with every durable change. Changes cover `(after, head]` and may be lost, duplicated or
//! reordered in transit; [`classify`] decides what to do with each. Browsers, bots, the server's own connections and
//! nodes that receive from other nodes all follow it.

use crate::id::Head;

/// What a receiver does with changes it has received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncAction {
    /// They begin after the local head: something was missed, so fetch the changes after the local head.
    Fetch,
    /// They end at or before the local head: nothing is new.
    Ignore,
    /// They continue the local state.
    Apply,
}

/// What a receiver whose head is `local_head` does with changes that cover `(after, head]`.
pub const fn classify(local_head: Head, after: Head, head: Head) -> SyncAction {
    if after.get() > local_head.get() {
        SyncAction::Fetch
    } else if head.get() <= local_head.get() {
        SyncAction::Ignore
    } else {
        SyncAction::Apply
    }
}

/// The result of [`Timeline::apply`](crate::timeline::Timeline::apply).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplyResult {
    /// The changes are now part of the timeline.
    Applied,
    /// The timeline already contained the changes.
    Ignored,
    /// Earlier changes are missing: fetch those that
    /// [`Timeline::changes_query`](crate::timeline::Timeline::changes_query) asks for.
    Gap,
    /// The changes belong to another epoch or chat: discard the timeline and open the chat again.
    Mismatch,
}
