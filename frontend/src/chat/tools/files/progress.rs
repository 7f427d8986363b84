//! How far the files of pending messages are uploaded.

use leptos::prelude::*;
use uuid::Uuid;

thread_local! {
    /// From 0 to 1 for each file; 1 once the server has it.
    static FRACTIONS: ArcRwSignal<Vec<(Uuid, f64)>> = ArcRwSignal::new(Vec::new());
}

/// Tracks it. 0 if the upload has not begun.
pub fn fraction(id: Uuid) -> f64 {
    FRACTIONS.with(|fractions| fractions.with(|fractions| find(fractions, id)))
}

pub fn is_uploaded(id: Uuid) -> bool {
    FRACTIONS.with(|fractions| fractions.with_untracked(|fractions| find(fractions, id) >= 1.0))
}

fn find(fractions: &[(Uuid, f64)], id: Uuid) -> f64 {
    fractions.iter().find(|(other, _)| *other == id).map_or(0.0, |(_, fraction)| *fraction)
}

pub fn set(id: Uuid, fraction: f64) {
    FRACTIONS.with(|fractions| {
        fractions.update(|fractions| {
            fractions.retain(|(other, _)| *other != id);
            fractions.push((id, fraction));
        });
    });
}

/// The next upload of these files begins anew.
pub fn forget(ids: &[Uuid]) {
    FRACTIONS.with(|fractions| fractions.update(|all| all.retain(|(id, _)| !ids.contains(id))));
}
