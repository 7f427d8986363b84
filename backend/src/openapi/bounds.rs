//! What a value that somebody sends may be, beside its type: the rules of `shared`, by the names of the fields.

use shared::{
    chat::{LIFE_MAX, RETENTION_MAX, SLOW_MAX},
    credentials::PASSWORD_MIN,
    link::USES_MAX,
    message::{LATELY_MAX, PAGE_MAX},
};
use utoipa::{
    Number,
    openapi::{RefOr, Schema, schema::Object},
};

use crate::problem::longest;

/// Letters and digits in every writing, and of the signs that all know only these: `@.+-_`. Every dialect of such
/// expressions has its own idea of what a letter is, so what is none is said.
const USERNAME: &str = r##"^[^\x00-\x20\x7f-\xa0!"#$%&'()*,/:;<=>?\[\\\]\^`{|}~]+$"##;
const EMAIL: &str = r"^$|^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$";
/// No character that steers a terminal, and something that can be seen.
const LINE: &str = r"^$|^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$";
const SEEN: &str = r"\S";

/// Adds them to the field of this name.
pub fn add(name: &str, field: &mut RefOr<Schema>) {
    let RefOr::T(Schema::Object(field)) = field else { return };
    if let Some((least, most)) = range(name) {
        field.minimum = Some(least.into());
        field.maximum = most.map(Number::from);
    } else if field.enum_values.is_none() && field.format.is_none() {
        add_to_text(name, field);
    }
}

fn add_to_text(name: &str, field: &mut Object) {
    field.max_length = longest(name);
    field.min_length = match name {
        "password" | "new_password" => Some(PASSWORD_MIN),
        "message" | "username" | "new_username" | "current_password" | "one_time_code" => Some(1),
        _ => None,
    };
    let pattern = match name {
        "username" | "new_username" => USERNAME,
        "email" => EMAIL,
        "display_name" | "name" | "topic" | "label" => LINE,
        "message" => SEEN,
        _ => return,
    };
    field.pattern = Some(pattern.to_owned());
}

/// The least and the most of a number; none of the latter where there is no end.
fn range(name: &str) -> Option<(i64, Option<i64>)> {
    Some(match name {
        "after" | "before" | "seq" => (0, None),
        "user" | "user_id" => (1, None),
        "limit" => (1, Some(PAGE_MAX)),
        "minutes" => (1, Some(LATELY_MAX)),
        "slow_seconds" => (0, Some(SLOW_MAX.into())),
        "retention_days" => (0, Some(RETENTION_MAX.into())),
        "uses_max" => (1, Some(USES_MAX.into())),
        "expires_in" => (0, i64::try_from(LIFE_MAX).ok()),
        _ => return None,
    })
}
