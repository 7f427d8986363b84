//! Points in time, as RFC 3339 in JSON. The browser reads and writes such texts itself; `chrono` would make the client 2 %
//! larger.

#[cfg(not(target_arch = "wasm32"))]
pub use chrono::{DateTime, Utc};

#[cfg(target_arch = "wasm32")]
pub use browser::{DateTime, Utc};

#[cfg(target_arch = "wasm32")]
mod browser {
    use std::{fmt, marker::PhantomData};

    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
    use wasm_bindgen::JsValue;

    /// The time zone of a [`DateTime`].
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub struct Utc;

    /// As in `chrono`, in milliseconds.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub struct DateTime<Tz> {
        milliseconds: i64,
        time_zone: PhantomData<Tz>,
    }

    impl<Tz> DateTime<Tz> {
        /// Milliseconds since 1970.
        pub const fn timestamp_millis(&self) -> i64 {
            self.milliseconds
        }
    }

    impl<Tz> fmt::Display for DateTime<Tz> {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            #[expect(clippy::cast_precision_loss, reason = "milliseconds stay exact for 285,000 years")]
            let date = js_sys::Date::new(&JsValue::from_f64(self.milliseconds as f64));
            formatter.write_str(&String::from(date.to_iso_string()))
        }
    }

    impl<Tz> Serialize for DateTime<Tz> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(self)
        }
    }

    impl<'de, Tz> Deserialize<'de> for DateTime<Tz> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let milliseconds = js_sys::Date::parse(&String::deserialize(deserializer)?);
            if milliseconds.is_nan() {
                return Err(D::Error::custom("not a time"));
            }
            #[expect(clippy::cast_possible_truncation, reason = "an integer below 9e15")]
            let milliseconds = milliseconds as i64;
            Ok(Self { milliseconds, time_zone: PhantomData })
        }
    }
}
