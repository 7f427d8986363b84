//! Everything that the search has found, tried again.

use std::{fs, path::Path};

fn all_hold(place: &str, holds: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(place);
    let mut tried = 0;
    for file in fs::read_dir(&folder).expect("the corpus can be read") {
        let path = file.expect("a file").path();
        let input = fs::read(&path).expect("a file can be read");
        let held = std::panic::catch_unwind(|| holds(&input));
        assert!(held.is_ok(), "what must hold does not hold of {}", path.display());
        tried += 1;
    }
    assert!(tried > 0, "{} is empty", folder.display());
}

#[test]
fn frames_are_guarded() {
    all_hold("frames", fuzz::frames::holds);
}

#[test]
fn envelopes_are_understood_or_refused() {
    all_hold("envelope", fuzz::envelope::holds);
}

#[test]
fn messages_are_shown_whole_and_harmless() {
    all_hold("markdown", fuzz::markdown::holds);
}

#[test]
fn addresses_lead_where_they_say() {
    all_hold("addresses", fuzz::addresses::holds);
}
