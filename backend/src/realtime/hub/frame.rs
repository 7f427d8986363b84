//! Serializes server frames to JSON and encodes them once; all receivers share the bytes.

use actix_web::web::Bytes;
use serde::Serialize;
use shared::socket::ServerFrame;
use ws_frame::encode_text;

/// A text frame. A value that cannot be serialized is logged and left out; our own types always can.
pub fn text(frame: &ServerFrame) -> Option<Bytes> {
    text_and_json(frame).map(|(frame, _)| frame)
}

/// A text frame, and the JSON in it.
pub fn text_and_json(frame: &ServerFrame) -> Option<(Bytes, Bytes)> {
    let body = json(frame)?;
    let frame = encode_text(&body);
    let json = frame.slice(frame.len() - body.len()..);
    Some((frame, json))
}

pub fn json(value: &impl Serialize) -> Option<Vec<u8>> {
    serde_json::to_vec(value).inspect_err(|error| tracing::error!(%error, "cannot serialize a frame")).ok()
}
