//! Moments in the person's own time zone and language.

use js_sys::{Array, Date, Intl::DateTimeFormat, Object, Reflect};
use shared::message::Message;
use wasm_bindgen::JsValue;

use crate::words;

const DAY: i64 = 24 * 60 * 60 * 1_000;

/// Milliseconds since 1970.
pub fn now() -> i64 {
    whole(Date::now())
}

pub fn stored_at(message: &Message) -> i64 {
    message.created_at.timestamp_millis()
}

/// The number of the local day.
pub fn day(at: i64) -> i64 {
    let offset = whole(date(at).get_timezone_offset()) * 60_000;
    (at - offset).div_euclid(DAY)
}

/// As machines read it.
pub fn iso(at: i64) -> String {
    date(at).to_iso_string().into()
}

// Making a format costs more than a hundred uses of it.
thread_local! {
    static TIME: DateTimeFormat = format(&[("hour", "numeric"), ("minute", "2-digit")]);
    static FULL: DateTimeFormat = format(&[("dateStyle", "full"), ("timeStyle", "medium")]);
    static MOMENT: DateTimeFormat = format(&[("dateStyle", "medium"), ("timeStyle", "short")]);
    static WEEKDAY: DateTimeFormat = format(&[("weekday", "long"), ("day", "numeric"), ("month", "long")]);
    static SHORT: DateTimeFormat = format(&[("day", "numeric"), ("month", "short")]);
    static DIGITS: DateTimeFormat = format(&[("dateStyle", "short")]);
    static DATE: DateTimeFormat = format(&[("day", "numeric"), ("month", "long"), ("year", "numeric")]);
}

/// 14:02
pub fn time(at: i64) -> String {
    TIME.with(|format| shown(format, at))
}

/// Sunday, 22 November 2026 at 14:02:05
pub fn full(at: i64) -> String {
    FULL.with(|format| shown(format, at))
}

/// 22 Nov 2026, 14:02
pub fn moment(at: i64) -> String {
    MOMENT.with(|format| shown(format, at))
}

/// Today, yesterday, or the date; with the year when it is long ago.
pub fn day_label(at: i64) -> String {
    match day(now()) - day(at) {
        0 => words::TODAY.to_owned(),
        1 => words::YESTERDAY.to_owned(),
        2..=180 => WEEKDAY.with(|format| shown(format, at)),
        _ => DATE.with(|format| shown(format, at)),
    }
}

/// When it was, where there is little room.
pub fn brief(at: i64) -> String {
    match day(now()) - day(at) {
        ..=0 => time(at),
        1 => words::YESTERDAY.to_owned(),
        2..=180 => SHORT.with(|format| shown(format, at)),
        _ => DIGITS.with(|format| shown(format, at)),
    }
}

fn shown(format: &DateTimeFormat, at: i64) -> String {
    format
        .format()
        .call1(&JsValue::UNDEFINED, &date(at))
        .ok()
        .and_then(|text| text.as_string())
        .unwrap_or_default()
}

fn format(options: &[(&str, &str)]) -> DateTimeFormat {
    let wanted = Object::new();
    for (name, value) in options {
        // Setting a field of a fresh object cannot fail.
        let _set = Reflect::set(&wanted, &JsValue::from_str(name), &JsValue::from_str(value));
    }
    DateTimeFormat::new(&Array::new(), &wanted)
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds stay exact for 285,000 years")]
fn date(at: i64) -> Date {
    Date::new(&JsValue::from_f64(at as f64))
}

#[expect(clippy::cast_possible_truncation, reason = "a moment of our time")]
fn whole(number: f64) -> i64 {
    number as i64
}
