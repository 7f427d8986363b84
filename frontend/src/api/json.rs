//! Reads JSON with little code. What serde derives for a struct can read a sequence as well as a map: here the fields are
//! looked up by name and handed over as a sequence, which needs half the code and no messages of errors.

use std::fmt;

use serde::{
    Deserializer,
    de::{DeserializeOwned, DeserializeSeed, Error, SeqAccess, Visitor, value::StringDeserializer},
    forward_to_deserialize_any,
};
use serde_json::{Map, Value};

pub fn from_str<T: DeserializeOwned>(text: &str) -> Option<T> {
    T::deserialize(Json(serde_json::from_str(text).ok()?)).ok()
}

/// The text is no JSON, or not of the expected type.
#[derive(Debug)]
struct Mismatch;

impl fmt::Display for Mismatch {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl std::error::Error for Mismatch {}

impl Error for Mismatch {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

struct Json(Value);

macro_rules! forward_to {
    ($target:ident: $($method:ident)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
            self.$target(visitor)
        }
    )+};
}

impl<'de> Deserializer<'de> for Json {
    type Error = Mismatch;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        match self.0 {
            Value::Object(object) => visitor.visit_seq(Fields { object, names: fields }),
            _ => Err(Mismatch),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match self.0 {
            Value::Array(elements) => visitor.visit_seq(Elements(elements.into_iter())),
            _ => Err(Mismatch),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    /// Of the enums, only those whose values are names.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        match self.0 {
            Value::String(name) => visitor.visit_enum(StringDeserializer::new(name)),
            _ => Err(Mismatch),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match self.0 {
            Value::String(text) => visitor.visit_string(text),
            _ => Err(Mismatch),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match self.0 {
            Value::Bool(value) => visitor.visit_bool(value),
            _ => Err(Mismatch),
        }
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        visitor.visit_i64(self.0.as_i64().ok_or(Mismatch)?)
    }

    forward_to! { deserialize_string: deserialize_str }

    // No number that the server sends is larger.
    forward_to! { deserialize_i64: deserialize_i32 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        self.0.deserialize_any(visitor).map_err(|_| Mismatch)
    }

    forward_to_deserialize_any! {
        i8 i16 i128 u128 f32 f64 char bytes byte_buf unit unit_struct newtype_struct tuple tuple_struct map identifier ignored_any
    }
}

/// The fields of a struct, in their order.
struct Fields {
    object: Map<String, Value>,
    names: &'static [&'static str],
}

impl<'de> SeqAccess<'de> for Fields {
    type Error = Mismatch;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Mismatch> {
        let Some((name, names)) = self.names.split_first() else { return Ok(None) };
        self.names = names;
        match self.object.get_mut(*name).map(Value::take) {
            Some(value) => seed.deserialize(Json(value)).map(Some),
            // An `Option` accepts null. For others the end of the sequence stands for the default, or is an error.
            None => Ok(seed.deserialize(Json(Value::Null)).ok()),
        }
    }
}

struct Elements(std::vec::IntoIter<Value>);

impl<'de> SeqAccess<'de> for Elements {
    type Error = Mismatch;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Mismatch> {
        self.0.next().map(|value| seed.deserialize(Json(value))).transpose()
    }
}

#[cfg(test)]
mod tests {
    use shared::{
        chat::{Chat, UriRotated},
        id::{ChatId, UserId},
        problem::{Problem, ProblemCode},
        time::DateTime,
        user::User,
    };

    use super::*;

    #[test]
    fn missing_fields_get_their_defaults() {
        let text = r#"{"extra":[{}],"last_name":"","first_name":"","email":"","username":"ada","id":7}"#;
        let user: User = from_str(text).unwrap();
        assert_eq!(user, User { id: UserId::new(7), username: "ada".into(), ..User::default() });
        let chat: Chat = from_str(r#"{"id":4,"revision":1,"created_at":"1970-01-01T00:00:00Z"}"#).unwrap();
        assert_eq!(chat, Chat::new(ChatId::new(4), DateTime::UNIX_EPOCH));
    }

    #[test]
    fn unknown_code_is_kept() {
        let text =
            r#"{"type":"about:blank","title":"","status":418,"detail":"","code":"teapot","retry_after":3}"#;
        let problem: Problem = from_str(text).unwrap();
        assert_eq!((problem.code, problem.retry_after), (ProblemCode::Unknown, Some(3)));
    }

    #[test]
    fn other_types_are_rejected() {
        for text in ["", "{", "{}", "[]", "null", r#"{"uri":7}"#, r#"{"uri":null}"#] {
            assert!(from_str::<UriRotated>(text).is_none(), "{text}");
        }
        assert_eq!(from_str::<Vec<i64>>("[1,2]"), Some(vec![1, 2]));
        assert_eq!(from_str::<Vec<u8>>("[-1]"), None);
    }
}
