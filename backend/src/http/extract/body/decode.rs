//! Decodes bodies: JSON and the two encodings of HTML forms.

use std::fmt;

use actix_multipart::Multipart;
use actix_web::{
    http::header::HeaderMap,
    web::{Bytes, BytesMut},
};
use futures_util::{StreamExt, TryStreamExt, stream};
use percent_encoding::percent_decode;
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, Visitor},
};
use serde_json::{Map, Value};
use shared::problem::ProblemCode;

use crate::error::{ApiError, Rejection};

type Values = Map<String, Value>;

/// Decodes a body by its content type.
pub async fn body(content_type: &str, headers: &HeaderMap, bytes: BytesMut) -> Result<Values, ApiError> {
    match content_type.to_ascii_lowercase().as_str() {
        "application/json" => json(&bytes),
        "application/x-www-form-urlencoded" => form(&bytes),
        "multipart/form-data" => multipart(headers, bytes.freeze()).await,
        "" if bytes.is_empty() => Ok(Values::new()),
        other => Err(Rejection::new(ProblemCode::UnsupportedMediaType)
            .detail(format!("Unsupported media type \"{other}\" in request."))
            .into()),
    }
}

fn json(bytes: &[u8]) -> Result<Values, ApiError> {
    if bytes.is_empty() {
        return Ok(Values::new());
    }
    let fields: Result<UniqueFields, _> = serde_json::from_slice(bytes);
    fields.map(|fields| fields.0).map_err(|error| malformed(&format!("JSON parse error - {error}")))
}

/// The fields of an object. `serde_json` itself would keep the last of several fields with one name.
struct UniqueFields(Values);

impl<'de> Deserialize<'de> for UniqueFields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(UniqueFieldsVisitor)
    }
}

struct UniqueFieldsVisitor;

impl<'de> Visitor<'de> for UniqueFieldsVisitor {
    type Value = UniqueFields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut values = Values::new();
        while let Some((name, value)) = map.next_entry()? {
            insert(&mut values, name, value).map_err(A::Error::custom)?;
        }
        Ok(UniqueFields(values))
    }
}

/// Fails if there is a field of this name.
fn insert(values: &mut Values, name: String, value: Value) -> Result<(), String> {
    let sentence = format!("The field \"{name}\" occurs more than once.");
    if values.insert(name, value).is_some() { Err(sentence) } else { Ok(()) }
}

/// Decodes `name=value&…`. Invalid UTF-8 is an error, unlike in the usual decoders, which replace it.
pub fn form(bytes: &[u8]) -> Result<Values, ApiError> {
    let pairs = bytes.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
    let mut values = Values::new();
    for pair in pairs {
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        let (name, value) = (halves.next().unwrap_or_default(), halves.next().unwrap_or_default());
        insert(&mut values, unescape(name)?, Value::String(unescape(value)?))
            .map_err(|error| malformed(&error))?;
    }
    Ok(values)
}

fn unescape(text: &[u8]) -> Result<String, ApiError> {
    let with_spaces: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    utf8(percent_decode(&with_spaces).collect())
}

async fn multipart(headers: &HeaderMap, bytes: Bytes) -> Result<Values, ApiError> {
    let mut values = Values::new();
    let mut parts = Multipart::new(headers, stream::iter([Ok(bytes)]));
    while let Some(part) = parts.next().await {
        let part = part.map_err(|error| malformed(&format!("Multipart form parse error - {error}")))?;
        let Some(name) = part.name().map(ToOwned::to_owned) else { continue };
        let chunks: Result<Vec<Bytes>, _> = part.try_collect().await;
        let chunks = chunks.map_err(|error| malformed(&format!("Multipart form parse error - {error}")))?;
        let value = Value::String(utf8(chunks.concat())?);
        insert(&mut values, name, value).map_err(|error| malformed(&error))?;
    }
    Ok(values)
}

fn utf8(bytes: Vec<u8>) -> Result<String, ApiError> {
    String::from_utf8(bytes).map_err(|_| malformed("The body is not valid UTF-8."))
}

fn malformed(detail: &str) -> ApiError {
    Rejection::new(ProblemCode::Malformed).detail(detail).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn form_is_unescaped_once() {
        let values = form(b"message=a+b%2Bc%26%C3%A9&x&=y").unwrap();
        assert_eq!(values["message"], "a b+c&é");
        assert_eq!(values["x"], "");
        assert_eq!(values[""], "y");
    }

    #[test]
    fn repeated_field_is_malformed() {
        for result in [json(br#"{"a":1,"b":2,"a":1}"#), form(b"a=1&b=2&a=1")] {
            let problem = result.unwrap_err().problem();
            assert_eq!(problem.code, ProblemCode::Malformed);
            assert!(problem.detail.contains("The field \"a\" occurs more than once."), "{}", problem.detail);
        }
    }

    #[test]
    fn invalid_utf8_is_malformed() {
        assert_eq!(form(b"message=%ff").unwrap_err().problem().code, ProblemCode::Malformed);
        assert_eq!(json(b"\"\xff\"").unwrap_err().problem().code, ProblemCode::Malformed);
    }

    #[test]
    fn invalid_json_is_malformed() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
        for bad in ["[]", "7", "{", r#"{"message":"\ud800"}"#, r#"{"a":1e999}"#, &deep] {
            assert_eq!(json(bad.as_bytes()).unwrap_err().problem().code, ProblemCode::Malformed, "{bad:.40}");
        }
    }
}
