//! Explains why a frame is invalid, with the codes that the HTTP API has for the same fields.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, error::Error as JsonError};
use shared::{id::ChatId, problem::ProblemCode};
use uuid::Uuid;

use crate::{
    api::chats::messages::read_content,
    error::{ApiError, Rejection},
    http::extract::body::{FieldReader, FromFields, parse_object},
};

/// Why a frame is not a command, and the fields by which its sender recognises it.
pub struct InvalidFrame {
    pub client_id: Option<Uuid>,
    pub chat_id: Option<ChatId>,
    pub uri: Option<String>,
    pub error: ApiError,
}

impl InvalidFrame {
    /// `error` is that of the parser.
    pub fn explain(text: &[u8], error: &JsonError) -> Self {
        let frame = serde_json::from_slice(text).unwrap_or_default();
        let (client_id, chat_id) = (find(&frame, "client_id"), find(&frame, "chat_id"));
        let uri = find(&frame, "uri");
        let error = match parse_object(frame) {
            Err(error) => error,
            Ok(FrameFields) => Rejection::new(ProblemCode::Malformed).detail(error.to_string()).into(),
        };
        Self { client_id, chat_id, uri, error }
    }
}

fn find<T: DeserializeOwned>(frame: &Map<String, Value>, name: &str) -> Option<T> {
    serde_json::from_value(frame.get(name)?.clone()).ok()
}

/// Checks the fields of a frame by its type, and keeps none.
struct FrameFields;

impl FromFields for FrameFields {
    fn from_fields(fields: &mut FieldReader) -> Self {
        let numbers = 0..=i64::MAX;
        match fields.optional_text("type", |_| Ok(())).as_deref() {
            Some("post") => {
                fields.number("chat_id", numbers);
                fields.required_uuid("client_id");
                read_content(fields);
                fields.optional_number("reply_to", 1..=i64::MAX);
            }
            Some("typing" | "unsubscribe") => {
                fields.number("chat_id", numbers);
            }
            Some("read") => {
                fields.number("chat_id", numbers.clone());
                fields.number("seq", numbers);
            }
            Some("subscribe") => {
                fields.optional_number("chat_id", numbers.clone());
                fields.optional_text("uri", |_| Ok(()));
                fields.optional_number("after", numbers);
                fields.optional_uuid("epoch");
            }
            Some("follow") => {
                fields.required_uuid("epoch");
            }
            Some("renew") => {
                fields.text("token", |_| Ok(()));
            }
            _ => {}
        }
        Self
    }
}
