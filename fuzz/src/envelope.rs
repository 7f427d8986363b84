//! What a frame says, as JSON.

use shared::socket::ClientFrame;

/// What is understood is the same when it is said again, and what is not is refused without more.
pub fn holds(data: &[u8]) {
    let Ok(frame) = serde_json::from_slice::<ClientFrame>(data) else { return };
    let said = serde_json::to_vec(&frame).expect("a frame can be said");
    let again: ClientFrame = serde_json::from_slice(&said).expect("what is said can be understood");
    assert!(frame == again, "{} is understood otherwise", String::from_utf8_lossy(&said));
}
