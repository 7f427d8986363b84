//! The encodings of a body: JSON, and the two that forms of browsers use.

use actix_multipart::Multipart;
use actix_web::{
    http::header::HeaderMap,
    web::{Bytes, BytesMut},
};
use futures_util::{StreamExt, TryStreamExt, stream};
use percent_encoding::percent_decode;
use serde_json::{Map, Value};
use shared::problem::ProblemCode;

use crate::problem::{Error, Refusal};

type Values = Map<String, Value>;

/// Decodes a body by its content type.
pub async fn body(content_type: &str, headers: &HeaderMap, bytes: BytesMut) -> Result<Values, Error> {
    match content_type.to_ascii_lowercase().as_str() {
        "application/json" => json(&bytes),
        "application/x-www-form-urlencoded" => form(&bytes),
        "multipart/form-data" => multipart(headers, bytes.freeze()).await,
        "" if bytes.is_empty() => Ok(Values::new()),
        other => Err(Refusal::new(ProblemCode::UnsupportedMediaType)
            .detail(format!("Unsupported media type \"{other}\" in request."))
            .into()),
    }
}

fn json(bytes: &[u8]) -> Result<Values, Error> {
    if bytes.is_empty() {
        return Ok(Values::new());
    }
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(values)) => Ok(values),
        Ok(_) => Err(malformed("Invalid data. Expected an object.")),
        Err(error) => Err(malformed(&format!("JSON parse error - {error}"))),
    }
}

/// Decodes `name=value&…`. What is not UTF-8 is refused: the usual decoders replace it in silence.
pub fn form(bytes: &[u8]) -> Result<Values, Error> {
    let pairs = bytes.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let (name, value) = (halves.next().unwrap_or_default(), halves.next().unwrap_or_default());
            Ok((unescape(name)?, Value::String(unescape(value)?)))
        })
        .collect()
}

fn unescape(text: &[u8]) -> Result<String, Error> {
    let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    utf8(percent_decode(&spaced).collect())
}

async fn multipart(headers: &HeaderMap, bytes: Bytes) -> Result<Values, Error> {
    let mut values = Values::new();
    let mut parts = Multipart::new(headers, stream::iter([Ok(bytes)]));
    while let Some(part) = parts.next().await {
        let part = part.map_err(|error| malformed(&format!("Multipart form parse error - {error}")))?;
        let Some(name) = part.name().map(ToOwned::to_owned) else { continue };
        let chunks: Result<Vec<Bytes>, _> = part.try_collect().await;
        let chunks = chunks.map_err(|error| malformed(&format!("Multipart form parse error - {error}")))?;
        values.insert(name, Value::String(utf8(chunks.concat())?));
    }
    Ok(values)
}

fn utf8(bytes: Vec<u8>) -> Result<String, Error> {
    String::from_utf8(bytes).map_err(|_| malformed("The body is not valid UTF-8."))
}

fn malformed(detail: &str) -> Error {
    Refusal::new(ProblemCode::Malformed).detail(detail).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_unescaped_once() {
        let values = form(b"message=a+b%2Bc%26%C3%A9&x&=y").unwrap();
        assert_eq!(values["message"], "a b+c&é");
        assert_eq!(values["x"], "");
        assert_eq!(values[""], "y");
    }

    #[test]
    fn what_is_not_utf8_is_refused() {
        assert_eq!(form(b"message=%ff").unwrap_err().problem().code, ProblemCode::Malformed);
        assert_eq!(json(b"\"\xff\"").unwrap_err().problem().code, ProblemCode::Malformed);
    }

    #[test]
    fn json_that_is_no_object_too_deep_or_half_a_character_is_refused() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
        for bad in ["[]", "7", "{", r#"{"message":"\ud800"}"#, r#"{"a":1e999}"#, &deep] {
            assert_eq!(json(bad.as_bytes()).unwrap_err().problem().code, ProblemCode::Malformed, "{bad:.40}");
        }
    }
}
