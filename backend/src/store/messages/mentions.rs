//! Mentions: whom a message mentions in the column `messages.mentions`, with the ids of users and 0 for everyone; and for whom it
//! counts as a mention in the table `message_mentions`, where 0 stands alone. The statement that writes a text writes both.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use markdown::mentions::HERE;
use shared::{
    event::UserRef,
    id::{ChatId, UserId},
    member::MembershipStatus,
    mentions::Mentions,
};

use crate::store::{
    enum_columns::TextEnum,
    error::StoreError,
    schema::{members, users},
    users::UserRow,
};

/// In the column and the table, the id for everyone.
pub const EVERYONE: UserId = UserId::new(HERE);

/// Reads the column, without names.
pub(in crate::store) fn from_column(column: Option<Vec<UserId>>) -> Mentions {
    let mut ids = column.unwrap_or_default();
    let here = ids.contains(&EVERYONE);
    ids.retain(|id| *id != EVERYONE);
    Mentions { users: ids.into_iter().map(|id| UserRef { id, name: String::new() }).collect(), here }
}

/// The value of the column: the ids, and 0 for everyone.
pub fn to_column(mentions: &Mentions) -> Option<Vec<UserId>> {
    let users = mentions.users.iter().map(|user| user.id);
    (!mentions.is_empty()).then(|| users.chain(mentions.here.then_some(EVERYONE)).collect())
}

/// The rows of the table.
pub(super) fn counted_ids(mentions: &Mentions) -> Vec<UserId> {
    if mentions.here { vec![EVERYONE] } else { to_column(mentions).unwrap_or_default() }
}

/// As an element of an array: an array of arrays of different lengths does not exist.
pub(super) fn to_literal(mentions: &Mentions) -> Option<String> {
    let ids: Vec<_> = to_column(mentions)?.iter().map(ToString::to_string).collect();
    Some(format!("{{{}}}", ids.join(",")))
}

/// The mentions of these ids: those of members, and [`HERE`]. No statement without ids.
pub async fn find_mentioned(
    connection: &mut AsyncPgConnection,
    chat_id: ChatId,
    ids: &[i64],
) -> Result<Mentions, StoreError> {
    if ids.is_empty() {
        return Ok(Mentions::default());
    }
    let is_member = members::status.eq(MembershipStatus::Member.bind());
    let rows = members::table
        .inner_join(users::table)
        .filter(members::chat_id.eq(chat_id).and(members::user_id.eq_any(ids)).and(is_member))
        .select(UserRow::as_select())
        .load(connection)
        .await?;
    let mut found: Vec<UserRef> = rows.into_iter().map(|row| UserRef::from(&row.into_user())).collect();
    found.sort_by_key(|user| ids.iter().position(|id| *id == user.id.get()));
    Ok(Mentions { users: found, here: ids.contains(&HERE) })
}
