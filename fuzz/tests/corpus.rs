//! Runs every check on the inputs that fuzzing has found.

use std::{
    fs,
    path::{Path, PathBuf},
};

use shared::socket::ClientFrame;

fn read_corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    let files = fs::read_dir(&folder).expect("the corpus is readable");
    let paths = files.map(|file| file.expect("a file").path());
    let inputs: Vec<_> = paths.map(|path| (path.clone(), fs::read(path).expect("a readable file"))).collect();
    assert!(!inputs.is_empty(), "{} is empty", folder.display());
    inputs
}

fn check_corpus(target: &str, check: fn(&[u8])) {
    for (path, input) in read_corpus(target) {
        let result = std::panic::catch_unwind(|| check(&input));
        assert!(result.is_ok(), "{} fails", path.display());
    }
}

#[test]
fn ws_frames_corpus_passes() {
    check_corpus("ws_frames", fuzz::ws_frames::check);
}

#[test]
fn client_frames_corpus_passes() {
    check_corpus("client_frames", fuzz::client_frames::check);
}

/// Inputs that no longer parse would leave the search without a start.
#[test]
fn client_frames_corpus_has_every_command() {
    let mut has_command = [false; 7];
    for (_, input) in read_corpus("client_frames") {
        let Ok(frame) = serde_json::from_slice(&input) else { continue };
        let index = match frame {
            ClientFrame::Subscribe { .. } => 0,
            ClientFrame::Unsubscribe { .. } => 1,
            ClientFrame::Post { .. } => 2,
            ClientFrame::Typing { .. } => 3,
            ClientFrame::Read { .. } => 4,
            ClientFrame::Follow { .. } => 5,
            ClientFrame::Renew { .. } => 6,
        };
        has_command[index] = true;
    }
    assert_eq!(has_command, [true; 7]);
}

#[test]
fn markdown_corpus_passes() {
    check_corpus("markdown", fuzz::markdown::check);
}

#[test]
fn links_corpus_passes() {
    check_corpus("links", fuzz::links::check);
}
