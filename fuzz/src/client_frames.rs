//! JSON client frames.

use shared::socket::ClientFrame;

/// A frame that parses is unchanged by serializing and parsing it again; anything else is rejected without a panic.
pub fn check(data: &[u8]) {
    let Ok(frame) = serde_json::from_slice::<ClientFrame>(data) else { return };
    let json = serde_json::to_vec(&frame).expect("a frame can be serialized");
    let reparsed: ClientFrame = serde_json::from_slice(&json).expect("a serialized frame can be parsed");
    assert!(frame == reparsed, "{} changes when it is parsed again", String::from_utf8_lossy(&json));
}
