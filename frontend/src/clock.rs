//! The current time, and the formats of dates and times in the browser's language and time zone.

use std::thread::LocalKey;

use gloo_timers::callback::Interval;
use js_sys::{Array, Date, Intl::DateTimeFormat, Object, Reflect};
use leptos::prelude::{ArcRwSignal, Get, GetUntracked, Set, Track};
use shared::message::Message;
use wasm_bindgen::JsValue;

const DAY_MILLISECONDS: i64 = 24 * 60 * 60 * 1_000;
/// How late midnight or another time zone may be noticed, in milliseconds.
const UPDATE_INTERVAL: u32 = 10_000;

/// Milliseconds since 1970, as all times in this module.
pub fn now() -> i64 {
    truncate(Date::now())
}

pub fn milliseconds(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1_000)
}

/// When the server stored the message.
pub fn stored_at(message: &Message) -> i64 {
    message.created_at.timestamp_millis()
}

/// The number of the local day since 1970. Tracks the time zone.
pub fn day(at: i64) -> i64 {
    UTC_OFFSET.with(Track::track);
    local(at).div_euclid(DAY_MILLISECONDS)
}

/// The local time as if it were UTC, in the time zone that the system has now.
fn local(at: i64) -> i64 {
    at - truncate(date(at).get_timezone_offset()) * 60_000
}

thread_local! {
    static TODAY: ArcRwSignal<i64> = ArcRwSignal::new(day(now()));
    /// Local time minus UTC: changes with the time zone.
    static UTC_OFFSET: ArcRwSignal<i64> = ArcRwSignal::new(utc_offset());
}

/// Local time minus UTC, in the time zone that the system has now.
pub fn utc_offset() -> i64 {
    let now = now();
    local(now) - now
}

/// The local date as in `2026-11-22`.
pub fn date_value(at: i64) -> String {
    iso(day(at) * DAY_MILLISECONDS).chars().take(10).collect()
}

/// When the day of a [`date_value`] begins. `None` if it is not such a date.
pub fn day_start(date: &str) -> Option<i64> {
    // With a time and without a time zone, it is local.
    let start = Date::parse(&format!("{date}T00:00"));
    (!start.is_nan()).then(|| truncate(start))
}

/// The number of the current local day, tracked.
pub fn today() -> i64 {
    TODAY.with(Get::get)
}

/// Keeps [`today`] and the shown times current while the page is open.
pub fn follow_system() {
    let update = || {
        set_if_changed(&TODAY, day(now()));
        set_if_changed(&UTC_OFFSET, utc_offset());
    };
    Interval::new(UPDATE_INTERVAL, update).forget();
}

fn set_if_changed(signal: &'static LocalKey<ArcRwSignal<i64>>, current: i64) {
    signal.with(|signal| {
        if signal.get_untracked() != current {
            signal.set(current);
        }
    });
}

/// ISO 8601, for the `datetime` attribute.
pub fn iso(at: i64) -> String {
    date(at).to_iso_string().into()
}

// Creating a format costs more than a hundred uses of it. They are in UTC, because a format keeps the time zone in which it
// was created.
thread_local! {
    static TIME: DateTimeFormat = format(&[("hour", "numeric"), ("minute", "2-digit")]);
    static FULL: DateTimeFormat = format(&[("dateStyle", "full"), ("timeStyle", "medium")]);
    static DATE_AND_TIME: DateTimeFormat = format(&[("dateStyle", "medium"), ("timeStyle", "short")]);
    static WEEKDAY_AND_DATE: DateTimeFormat = format(&[("weekday", "long"), ("day", "numeric"), ("month", "long")]);
    static DAY_AND_MONTH: DateTimeFormat = format(&[("day", "numeric"), ("month", "short")]);
    static NUMERIC_DATE: DateTimeFormat = format(&[("dateStyle", "short")]);
    static LONG_DATE: DateTimeFormat = format(&[("day", "numeric"), ("month", "long"), ("year", "numeric")]);
}

/// 14:02
pub fn time(at: i64) -> String {
    apply(&TIME, at)
}

/// Sunday, 22 November 2026 at 14:02:05
pub fn full(at: i64) -> String {
    apply(&FULL, at)
}

/// 22 Nov 2026, 14:02
pub fn date_and_time(at: i64) -> String {
    apply(&DATE_AND_TIME, at)
}

/// Sunday 22 November
pub fn weekday_and_date(at: i64) -> String {
    apply(&WEEKDAY_AND_DATE, at)
}

/// 22 Nov
pub fn day_and_month(at: i64) -> String {
    apply(&DAY_AND_MONTH, at)
}

/// 22/11/2026
pub fn numeric_date(at: i64) -> String {
    apply(&NUMERIC_DATE, at)
}

/// 22 November 2026
pub fn long_date(at: i64) -> String {
    apply(&LONG_DATE, at)
}

/// Tracks the time zone.
fn apply(format: &'static LocalKey<DateTimeFormat>, at: i64) -> String {
    UTC_OFFSET.with(Track::track);
    let text = format.with(|format| format.format().call1(&JsValue::UNDEFINED, &date(local(at))));
    text.ok().and_then(|text| text.as_string()).unwrap_or_default()
}

fn format(options: &[(&str, &str)]) -> DateTimeFormat {
    let object = Object::new();
    for (name, value) in options.iter().chain(&[("timeZone", "UTC")]) {
        // Setting a field of a new object cannot fail.
        let _set = Reflect::set(&object, &JsValue::from_str(name), &JsValue::from_str(value));
    }
    DateTimeFormat::new(&Array::new(), &object)
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds stay exact for 285,000 years")]
fn date(at: i64) -> Date {
    Date::new(&JsValue::from_f64(at as f64))
}

#[expect(clippy::cast_possible_truncation, reason = "times of this era fit")]
fn truncate(number: f64) -> i64 {
    number as i64
}
