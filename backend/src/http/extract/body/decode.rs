//! Decodes bodies: JSON and the two encodings of HTML forms.

use actix_multipart::Multipart;
use actix_web::{
    http::header::HeaderMap,
    web::{Bytes, BytesMut},
};
use futures_util::{StreamExt, TryStreamExt, stream};
use percent_encoding::percent_decode;
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
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(values)) => Ok(values),
        Ok(_) => Err(malformed("Invalid data. Expected an object.")),
        Err(error) => Err(malformed(&format!("JSON parse error - {error}"))),
    }
}

/// Decodes `name=value&…`. Invalid UTF-8 is an error, unlike in the usual decoders, which replace it.
pub fn form(bytes: &[u8]) -> Result<Values, ApiError> {
    let pairs = bytes.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let (name, value) = (halves.next().unwrap_or_default(), halves.next().unwrap_or_default());
            Ok((unescape(name)?, Value::String(unescape(value)?)))
        })
        .collect()
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
        values.insert(name, Value::String(utf8(chunks.concat())?));
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
