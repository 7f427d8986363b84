//! Reads what a request says: the same fields from JSON, a form or a query, every fault named at once.

mod decode;
pub mod upload;

use std::{future::Future, ops::RangeInclusive, pin::Pin};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest, dev::Payload, http::header::HeaderMap, web::BytesMut,
};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use shared::problem::{FieldCode, FieldError, ProblemCode};
use tokio::time::timeout;
use uuid::Uuid;

use crate::{
    auth::{granted, signed_in::app},
    config::limits::LimitSettings,
    problem::{Error, Refusal, field_error},
};

/// A request that is made from fields. What is wrong with them is noted in the fields.
pub trait FromFields: Sized {
    fn from_fields(fields: &mut Fields) -> Self;
}

/// The fields of a request, and what was found wrong with them.
pub struct Fields {
    values: Map<String, Value>,
    headers: HeaderMap,
    errors: Vec<FieldError>,
}

/// A body whose fields are all right.
pub struct Body<T>(pub T);

impl Fields {
    fn new(values: Map<String, Value>, headers: HeaderMap) -> Self {
        Self { values, headers, errors: Vec::new() }
    }

    fn read<T: FromFields>(mut self) -> Result<T, Error> {
        let read = T::from_fields(&mut self);
        if self.errors.is_empty() { Ok(read) } else { Err(Refusal::fields(self.errors).into()) }
    }

    /// Notes that a field is wrong.
    pub fn wrong(&mut self, field: &str, code: FieldCode) {
        self.errors.push(field_error(field, code));
    }

    /// Whether the request says anything of a field, be it null.
    pub fn has(&self, field: &str) -> bool {
        self.values.contains_key(field)
    }

    /// A text that must be there and pass `check`.
    pub fn text(&mut self, field: &str, check: impl FnOnce(&str) -> Result<(), FieldCode>) -> String {
        let text = match self.values.remove(field) {
            None => Err(FieldCode::Required),
            Some(Value::Null) => Err(FieldCode::Null),
            Some(Value::String(text)) if text.contains('\0') => Err(FieldCode::NullCharacter),
            Some(Value::String(text)) => Ok(text),
            // As the original did: a number is text that was not quoted.
            Some(Value::Number(number)) => Ok(number.to_string()),
            Some(_) => Err(FieldCode::NotText),
        };
        match text.and_then(|text| check(&text).map(|()| text)) {
            Ok(text) => text,
            Err(code) => {
                self.wrong(field, code);
                String::new()
            }
        }
    }

    /// A text that may be missing or null.
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

    /// A switch that may be missing.
    pub fn optional_switch(&mut self, field: &str) -> Option<bool> {
        if let Some(Value::Bool(on)) = self.values.get(field) {
            return Some(*on);
        }
        // Forms know only text.
        match self.optional_text(field, |_| Ok(()))?.to_ascii_lowercase().as_str() {
            "true" | "1" | "on" => Some(true),
            "false" | "0" | "off" => Some(false),
            _ => {
                self.wrong(field, FieldCode::NotOneOf);
                None
            }
        }
    }

    /// One of the words that a type knows, or nothing.
    pub fn optional_word<T: DeserializeOwned>(&mut self, field: &str) -> Option<T> {
        let text = self.optional_text(field, |_| Ok(()))?;
        let word = serde_json::from_value(Value::String(text)).ok();
        if word.is_none() {
            self.wrong(field, FieldCode::NotOneOf);
        }
        word
    }

    /// A switch that must be there.
    pub fn switch(&mut self, field: &str) -> bool {
        let on = self.optional_switch(field);
        self.required(field, on)
    }

    /// A UUID that must be there.
    pub fn required_uuid(&mut self, field: &str) -> Uuid {
        let uuid = self.optional_uuid(field);
        self.required(field, uuid)
    }

    /// An object that must be there, for whoever knows how to read it.
    pub fn object(&mut self, field: &str) -> Value {
        match self.values.remove(field) {
            Some(object @ Value::Object(_)) => object,
            Some(_) => {
                self.wrong(field, FieldCode::NotObject);
                Value::Null
            }
            None => self.required(field, None),
        }
    }

    /// A UUID that may be missing.
    pub fn optional_uuid(&mut self, field: &str) -> Option<Uuid> {
        let text = self.optional_text(field, |_| Ok(()))?;
        self.uuid(field, &text)
    }

    /// The UUID that a header holds, if it is there; what is wrong with it is noted under `field`.
    pub fn header_uuid(&mut self, header: &str, field: &str) -> Option<Uuid> {
        let text = self.headers.get(header)?.to_str().unwrap_or_default().to_owned();
        // A quoted string in the header's standard; most clients leave the quotes out.
        self.uuid(field, text.trim_matches('"'))
    }

    fn uuid(&mut self, field: &str, text: &str) -> Option<Uuid> {
        let uuid = text.parse().ok();
        if uuid.is_none() {
            self.wrong(field, FieldCode::NotUuid);
        }
        uuid
    }

    /// A whole number that must be there.
    pub fn number(&mut self, field: &str, range: RangeInclusive<i64>) -> i64 {
        let number = self.optional_number(field, range);
        self.required(field, number)
    }

    fn required<T: Default>(&mut self, field: &str, value: Option<T>) -> T {
        if value.is_none() && !self.errors.iter().any(|error| error.field == field) {
            self.wrong(field, FieldCode::Required);
        }
        value.unwrap_or_default()
    }

    /// A whole number that may be missing.
    pub fn optional_number(&mut self, field: &str, range: RangeInclusive<i64>) -> Option<i64> {
        let text = self.optional_text(field, |_| Ok(()))?;
        let number = text.parse().ok().filter(|number| range.contains(number));
        if number.is_none() {
            self.wrong(field, FieldCode::NotNumber);
        }
        number
    }
}

impl<T: FromFields + 'static> FromRequest for Body<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let LimitSettings { limit_body, limit_body_time, .. } = app(&request)?.config.limits;
            // actix itself would wait for it for ever.
            let collected = timeout(limit_body_time.0, collect(payload, limit_body.0)).await;
            let bytes = collected.map_err(|_| ProblemCode::BodyTimeout)??;
            granted::still(&request).await?;
            let values = decode::body(request.content_type(), request.headers(), bytes).await?;
            Fields::new(values, request.headers().clone()).read().map(Self)
        })
    }
}

/// What the query of a request says. Not an extractor: those race, and whether the caller may ask at all comes first.
pub fn query<T: FromFields>(request: &HttpRequest) -> Result<T, Error> {
    let values = decode::form(request.query_string().as_bytes())?;
    Fields::new(values, HeaderMap::new()).read()
}

fn too_large(most: usize) -> Error {
    Refusal::new(ProblemCode::TooLarge).detail(format!("The body is larger than {most} bytes.")).into()
}

async fn collect(mut payload: Payload, most: usize) -> Result<BytesMut, Error> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| Refusal::new(ProblemCode::Malformed).detail(error.to_string()))?;
        if bytes.len() + chunk.len() > most {
            return Err(too_large(most));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}
