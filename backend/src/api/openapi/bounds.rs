//! Bounds of request values by field name: the validation rules of `shared`.

use shared::{
    chat::{LIFETIME_SECONDS_MAX, RETENTION_DAYS_MAX, SLOW_MODE_SECONDS_MAX},
    credentials::PASSWORD_MIN,
    invite_link::INVITE_LINK_USES_MAX,
    message::{DELETE_RECENT_MINUTES_MAX, MESSAGE_PAGE_MAX},
};
use utoipa::{
    Number,
    openapi::{RefOr, Schema, schema::Object},
};

use crate::error::max_length;

/// Letters and digits of all scripts and `@.+-_`. Regular expression dialects disagree on letters, so that the pattern excludes
/// the other ASCII characters instead.
const USERNAME: &str = r##"^[^\x00-\x20\x7f-\xa0!"#$%&'()*,/:;<=>?\[\\\]\^`{|}~]+$"##;
const EMAIL: &str = r"^$|^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$";
/// No control characters, and at least one visible character.
const LINE: &str = r"^$|^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$";
const VISIBLE: &str = r"\S";

/// Adds the bounds of the field with this name.
pub fn add(name: &str, field: &mut RefOr<Schema>) {
    let RefOr::T(Schema::Object(field)) = field else { return };
    if let Some((minimum, maximum)) = range(name) {
        field.minimum = Some(minimum.into());
        field.maximum = maximum.map(Number::from);
    } else if field.enum_values.is_none() && field.format.is_none() {
        add_to_text(name, field);
    }
}

fn add_to_text(name: &str, field: &mut Object) {
    if field.max_length.is_some() {
        // It is described itself, because others of its name have other bounds.
        return;
    }
    field.max_length = max_length(name);
    field.min_length = match name {
        "password" | "new_password" => Some(PASSWORD_MIN),
        "q" | "message" | "username" | "new_username" | "current_password" | "one_time_code" => Some(1),
        _ => None,
    };
    let pattern = match name {
        "username" | "new_username" => USERNAME,
        "email" => EMAIL,
        "display_name" | "name" | "topic" | "label" => LINE,
        "q" | "message" => VISIBLE,
        _ => return,
    };
    field.pattern = Some(pattern.to_owned());
}

/// The minimum of a number, and its maximum if it has one.
fn range(name: &str) -> Option<(i64, Option<i64>)> {
    Some(match name {
        "before" => (0, None),
        "reply_to" => (1, None),
        "limit" => (1, Some(MESSAGE_PAGE_MAX)),
        "minutes" => (1, Some(DELETE_RECENT_MINUTES_MAX)),
        "slow_mode_seconds" => (0, Some(SLOW_MODE_SECONDS_MAX.into())),
        "retention_days" => (0, Some(RETENTION_DAYS_MAX.into())),
        "max_uses" => (1, Some(INVITE_LINK_USES_MAX.into())),
        "expires_in" => (0, i64::try_from(LIFETIME_SECONDS_MAX).ok()),
        _ => return None,
    })
}
