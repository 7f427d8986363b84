//! Reads the fields of a request from JSON, a form or the query, and reports all invalid fields at once.

mod decode;

use std::{future::Future, ops::RangeInclusive, pin::Pin, time::Duration};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    error::PayloadError,
    http::header::{CONTENT_ENCODING, HeaderMap},
    web::BytesMut,
};
use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use shared::problem::{FieldCode, FieldError, ProblemCode};
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use super::config;
use crate::{
    config::limits::LimitSettings,
    error::{ApiError, Rejection, field_error},
};

/// The average rate at which a body must arrive.
const MIN_BYTES_PER_SECOND: u32 = 8 * 1_024;

/// A type that is read from fields. Invalid fields are recorded in the reader.
pub trait FromFields: Sized {
    fn from_fields(fields: &mut FieldReader) -> Self;
}

/// The fields of a request, and the errors found in them.
pub struct FieldReader {
    values: Map<String, Value>,
    headers: HeaderMap,
    errors: Vec<FieldError>,
}

/// A valid body of a request that needs no authorization; for others see `auth::Authorized`.
pub struct Body<T>(pub T);

impl FieldReader {
    fn new(values: Map<String, Value>, headers: HeaderMap) -> Self {
        Self { values, headers, errors: Vec::new() }
    }

    fn finish<T: FromFields>(mut self) -> Result<T, ApiError> {
        let value = T::from_fields(&mut self);
        if self.errors.is_empty() { Ok(value) } else { Err(Rejection::fields(self.errors).into()) }
    }

    pub fn add_error(&mut self, field: &str, code: FieldCode) {
        self.errors.push(field_error(field, code));
    }

    /// Whether the field is present, also if it is null.
    pub fn has(&self, field: &str) -> bool {
        self.values.contains_key(field)
    }

    /// A required string that passes `check`.
    pub fn text(&mut self, field: &str, check: impl FnOnce(&str) -> Result<(), FieldCode>) -> String {
        let text = match self.values.remove(field) {
            None => Err(FieldCode::Required),
            Some(Value::Null) => Err(FieldCode::Null),
            Some(Value::String(text)) if text.contains('\0') => Err(FieldCode::NullCharacter),
            Some(Value::String(text)) => Ok(text),
            // A number is accepted as a string, as in the original.
            Some(Value::Number(number)) => Ok(number.to_string()),
            Some(_) => Err(FieldCode::NotText),
        };
        match text.and_then(|text| check(&text).map(|()| text)) {
            Ok(text) => text,
            Err(code) => {
                self.add_error(field, code);
                String::new()
            }
        }
    }

    /// A string that may be missing or null.
    pub fn optional_text(
        &mut self,
        field: &str,
        check: impl FnOnce(&str) -> Result<(), FieldCode>,
    ) -> Option<String> {
        match self.values.get(field) {
            None | Some(Value::Null) => None,
            Some(_) => Some(self.text(field, check)),
        }
    }

    /// A boolean that may be missing.
    pub fn optional_bool(&mut self, field: &str) -> Option<bool> {
        if let Some(Value::Bool(value)) = self.values.get(field) {
            return Some(*value);
        }
        // Forms send only text.
        match self.optional_text(field, |_| Ok(()))?.to_ascii_lowercase().as_str() {
            "true" | "1" | "on" => Some(true),
            "false" | "0" | "off" => Some(false),
            _ => {
                self.add_error(field, FieldCode::NotAChoice);
                None
            }
        }
    }

    /// A variant of an enum, which may be missing.
    pub fn optional_choice<T: DeserializeOwned>(&mut self, field: &str) -> Option<T> {
        let text = self.optional_text(field, |_| Ok(()))?;
        let choice = serde_json::from_value(Value::String(text)).ok();
        if choice.is_none() {
            self.add_error(field, FieldCode::NotAChoice);
        }
        choice
    }

    /// A time as in RFC 3339, which may be missing.
    pub fn optional_time(&mut self, field: &str) -> Option<DateTime<Utc>> {
        let text = self.optional_text(field, |_| Ok(()))?;
        let time = text.parse().ok();
        if time.is_none() {
            self.add_error(field, FieldCode::NotATime);
        }
        time
    }

    /// A required boolean.
    pub fn bool(&mut self, field: &str) -> bool {
        let value = self.optional_bool(field);
        self.required(field, value)
    }

    /// A required UUID.
    pub fn required_uuid(&mut self, field: &str) -> Uuid {
        let uuid = self.optional_uuid(field);
        self.required(field, uuid)
    }

    /// A required JSON object.
    pub fn object(&mut self, field: &str) -> Value {
        match self.values.remove(field) {
            Some(object @ Value::Object(_)) => object,
            Some(_) => {
                self.add_error(field, FieldCode::NotObject);
                Value::Null
            }
            None => self.required(field, None),
        }
    }

    /// A UUID that may be missing.
    pub fn optional_uuid(&mut self, field: &str) -> Option<Uuid> {
        let text = self.optional_text(field, |_| Ok(()))?;
        self.parse_uuid(field, &text)
    }

    /// The UUID in a header, which may be missing; errors are reported for `field`.
    pub fn header_uuid(&mut self, header: &str, field: &str) -> Option<Uuid> {
        let text = self.headers.get(header)?.to_str().unwrap_or_default().to_owned();
        // The standard requires a quoted string, but most clients omit the quotes.
        self.parse_uuid(field, text.trim_matches('"'))
    }

    fn parse_uuid(&mut self, field: &str, text: &str) -> Option<Uuid> {
        let uuid = text.parse().ok();
        if uuid.is_none() {
            self.add_error(field, FieldCode::NotUuid);
        }
        uuid
    }

    /// A required integer.
    pub fn number(&mut self, field: &str, range: RangeInclusive<i64>) -> i64 {
        let number = self.optional_number(field, range);
        self.required(field, number)
    }

    fn required<T: Default>(&mut self, field: &str, value: Option<T>) -> T {
        if value.is_none() && !self.errors.iter().any(|error| error.field == field) {
            self.add_error(field, FieldCode::Required);
        }
        value.unwrap_or_default()
    }

    /// A required list of 1 to `max` integers; in a form, with commas between them.
    pub fn numbers(&mut self, field: &str, range: RangeInclusive<i64>, max: usize) -> Vec<i64> {
        let items = match self.values.get(field) {
            Some(Value::Array(items)) => Some(items.iter().map(Value::to_string).collect::<Vec<_>>()),
            _ => self.optional_items(field),
        };
        let read = |item: &String| item.parse().ok().filter(|number| range.contains(number));
        let numbers = items.map(|items| {
            let numbers = items.iter().map(read).collect::<Option<Vec<i64>>>();
            numbers.filter(|numbers| (1..=max).contains(&numbers.len()))
        });
        if numbers == Some(None) {
            self.add_error(field, FieldCode::NotNumber);
        }
        self.required(field, numbers.flatten())
    }

    /// At most `max` UUIDs, in a form with commas between them: no UUIDs if the list is missing, and `None` if it is invalid.
    pub fn optional_uuids(&mut self, field: &str, max: usize, too_many: FieldCode) -> Option<Vec<Uuid>> {
        let items = match self.values.get(field) {
            Some(Value::Array(items)) => {
                items.iter().map(|item| item.as_str().unwrap_or_default().to_owned()).collect()
            }
            _ => self.optional_items(field).unwrap_or_default(),
        };
        if items.len() > max {
            self.add_error(field, too_many);
            return None;
        }
        let uuids = items.iter().map(|item| item.parse().ok()).collect::<Option<Vec<_>>>();
        if uuids.is_none() {
            self.add_error(field, FieldCode::NotUuid);
        }
        uuids
    }

    /// The parts of a text with commas between them, which may be missing.
    fn optional_items(&mut self, field: &str) -> Option<Vec<String>> {
        let text = self.optional_text(field, |_| Ok(()))?;
        Some(text.split(',').map(|item| item.trim().to_owned()).collect())
    }

    /// An integer that may be missing.
    pub fn optional_number(&mut self, field: &str, range: RangeInclusive<i64>) -> Option<i64> {
        let text = self.optional_text(field, |_| Ok(()))?;
        let number = text.parse().ok().filter(|number| range.contains(number));
        if number.is_none() {
            self.add_error(field, FieldCode::NotNumber);
        }
        number
    }
}

impl<T: FromFields + 'static> FromRequest for Body<T> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let bytes = receive(&request, payload).await?;
            parse(&request, bytes).await.map(Self)
        })
    }
}

/// Rejects compressed bodies.
pub fn check_content_encoding(request: &HttpRequest) -> Result<(), ApiError> {
    let encoding = request.headers().get(CONTENT_ENCODING);
    if encoding.is_none_or(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Ok(());
    }
    let detail = "Compressed request bodies are not supported.";
    Err(Rejection::new(ProblemCode::UnsupportedMediaType).detail(detail).into())
}

/// Receives a body within the limits of size and time.
pub async fn receive(request: &HttpRequest, payload: Payload) -> Result<BytesMut, ApiError> {
    check_content_encoding(request)?;
    let LimitSettings { limit_body, limit_body_timeout, .. } = config(request)?.limits;
    receive_within(payload, BytesMut::new(), limit_body.0, limit_body_timeout.0, |_| Ok(())).await
}

/// Reads the fields of a received body.
pub async fn parse<T: FromFields>(request: &HttpRequest, bytes: BytesMut) -> Result<T, ApiError> {
    let values = decode::body(request.content_type(), request.headers(), bytes).await?;
    FieldReader::new(values, request.headers().clone()).finish()
}

/// Reads the fields of a JSON object.
pub fn parse_object<T: FromFields>(object: Map<String, Value>) -> Result<T, ApiError> {
    FieldReader::new(object, HeaderMap::new()).finish()
}

/// Reads the fields of the query. A function rather than an extractor, because extractors run concurrently and authorization
/// must come first.
pub fn parse_query<T: FromFields>(request: &HttpRequest) -> Result<T, ApiError> {
    let values = decode::form(request.query_string().as_bytes())?;
    FieldReader::new(values, HeaderMap::new()).finish()
}

/// The end of a body that did not arrive as HTTP requires.
pub fn malformed(error: &PayloadError) -> ApiError {
    Rejection::new(ProblemCode::Malformed).detail(error.to_string()).into()
}

pub fn too_large(limit: usize) -> ApiError {
    Rejection::new(ProblemCode::TooLarge).detail(format!("The body is larger than {limit} bytes.")).into()
}

/// Receives at most `limit` bytes into a buffer; each part is `reserve`d first. actix itself has no timeout for bodies.
pub async fn receive_within(
    mut payload: Payload,
    mut bytes: BytesMut,
    limit: usize,
    time: Duration,
    mut reserve: impl FnMut(usize) -> Result<(), ApiError>,
) -> Result<BytesMut, ApiError> {
    let start = Instant::now();
    while let Some(chunk) = timeout_at(start + time_allowed(time, bytes.len()), payload.next())
        .await
        .map_err(|_| ProblemCode::BodyTimeout)?
    {
        let chunk = chunk.map_err(|error| malformed(&error))?;
        if bytes.len() + chunk.len() > limit {
            return Err(too_large(limit));
        }
        reserve(chunk.len())?;
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Until when the next part of a body must arrive. A body that is slower than [`MIN_BYTES_PER_SECOND`] has a third of the time.
fn time_allowed(time: Duration, received: usize) -> Duration {
    let received = u32::try_from(received).unwrap_or(u32::MAX);
    time.min(time / 3 + Duration::from_secs(1) * received / MIN_BYTES_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use actix_web::web::Bytes;
    use futures_util::stream;
    use tokio::time::sleep;

    use super::*;

    const TIME: Duration = Duration::from_secs(30);

    /// Receives a body of `seconds` parts that arrive one a second; returns the result and how long it took.
    async fn receive_parts(bytes: usize, seconds: usize) -> (Result<BytesMut, ApiError>, Duration) {
        let parts = stream::iter(0..seconds).then(move |_| async move {
            sleep(Duration::from_secs(1)).await;
            Ok::<_, PayloadError>(Bytes::from(vec![0; bytes]))
        });
        let start = Instant::now();
        let payload: Payload = Payload::Stream { payload: Box::pin(parts) };
        (receive_within(payload, BytesMut::new(), 1_000_000, TIME, |_| Ok(())).await, start.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn slow_body_ends_after_third_of_timeout() {
        let (received, time) = receive_parts(10, 1_000).await;
        assert_eq!(received.unwrap_err().code(), ProblemCode::BodyTimeout);
        assert!((TIME / 3..TIME / 2).contains(&time), "{time:?}");
        // A fast one has all the time, but not more.
        let (received, time) = receive_parts(10_000, 25).await;
        assert_eq!((received.unwrap().len(), time.as_secs()), (250_000, 25));
        let (received, time) = receive_parts(10_000, 60).await;
        assert_eq!(received.unwrap_err().code(), ProblemCode::BodyTimeout);
        assert_eq!(time, TIME);
    }
}
