//! Dates and times in words, in the browser's language and time zone.

use shared::time::{DateTime, Utc};

use crate::clock;

pub const NO_MESSAGES: &str = "There are no messages.";
pub const TODAY: &str = "Today";
pub const YESTERDAY: &str = "Yesterday";
pub const JUMP_TO_DATE: &str = "Jump to date";
pub const DATE: &str = "Date";
pub const JUMP: &str = "Jump";
pub const OLDEST_MESSAGE: &str = "Oldest message";
pub const NEWEST_MESSAGE: &str = "Newest message";

/// 22 Nov 2026, 14:02
pub fn date_and_time(at: DateTime<Utc>) -> String {
    clock::date_and_time(at.timestamp_millis())
}

/// The label of a day separator: today, yesterday, or the date; with the year when it is long ago. Tracks the current day.
pub fn day_label(at: i64) -> String {
    match clock::today() - clock::day(at) {
        0 => TODAY.to_owned(),
        1 => YESTERDAY.to_owned(),
        2..=180 => clock::weekday_and_date(at),
        _ => clock::long_date(at),
    }
}

/// There is no message of this day, nor a later one. At 0, there is none at all.
pub fn nothing_since(at: i64) -> String {
    if at == 0 {
        return NO_MESSAGES.to_owned();
    }
    format!("No messages on {} or later.", clock::long_date(at))
}

/// The first message after the day `at` is of another day.
pub fn nothing_on(at: i64, found_at: i64) -> String {
    format!("No messages on {}. The next ones are from {}.", clock::long_date(at), clock::long_date(found_at))
}

/// A short date or time, for a row of the chat list. Tracks the current day.
pub fn short_label(at: i64) -> String {
    match clock::today() - clock::day(at) {
        ..=0 => clock::time(at),
        1 => YESTERDAY.to_owned(),
        2..=180 => clock::day_and_month(at),
        _ => clock::numeric_date(at),
    }
}
