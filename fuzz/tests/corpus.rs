//! Runs every check on the inputs that fuzzing has found.

use std::{fs, path::Path};

fn check_corpus(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    let mut count = 0;
    for file in fs::read_dir(&folder).expect("the corpus is readable") {
        let path = file.expect("a file").path();
        let input = fs::read(&path).expect("a readable file");
        let result = std::panic::catch_unwind(|| check(&input));
        assert!(result.is_ok(), "{} fails", path.display());
        count += 1;
    }
    assert!(count > 0, "{} is empty", folder.display());
}

#[test]
fn ws_frames_corpus_passes() {
    check_corpus("ws_frames", fuzz::ws_frames::check);
}

#[test]
fn client_frames_corpus_passes() {
    check_corpus("client_frames", fuzz::client_frames::check);
}

#[test]
fn markdown_corpus_passes() {
    check_corpus("markdown", fuzz::markdown::check);
}

#[test]
fn links_corpus_passes() {
    check_corpus("links", fuzz::links::check);
}
