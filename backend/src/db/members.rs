//! The table of members.

use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{Array, BigInt},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use shared::member::{Member, Role, Standing};

use super::{
    chats::{self, Raised},
    schema::{
        members::{self, dsl},
        users,
    },
    users::UserRow,
};
use crate::problem::Error;

#[derive(Queryable, Selectable)]
#[diesel(table_name = members)]
pub(super) struct MemberRow {
    role: String,
    standing: String,
    seq: i64,
    revision: i64,
    created_at: DateTime<Utc>,
}

impl MemberRow {
    pub(super) fn into_member(self, user: UserRow) -> Member {
        let Self { role, standing, seq, revision, created_at } = self;
        let (role, standing) = (role_of(&role), standing_of(&standing));
        Member { user: user.into_user(), role, standing, seq, revision, created_at }
    }
}

/// The role that a column says. A check of the table keeps out all other words.
pub(super) fn role_of(column: &str) -> Role {
    match column {
        "owner" => Role::Owner,
        "moderator" => Role::Moderator,
        "writer" => Role::Writer,
        _ => Role::Reader,
    }
}

/// The standing that a column says; the check of the table keeps out other words here as well.
pub(super) fn standing_of(column: &str) -> Standing {
    match column {
        "in" => Standing::In,
        "knocking" => Standing::Knocking,
        "refused" => Standing::Refused,
        "left" => Standing::Left,
        "removed" => Standing::Removed,
        _ => Standing::Banned,
    }
}

pub(super) fn column_of_standing(standing: Standing) -> &'static str {
    match standing {
        Standing::In => "in",
        Standing::Knocking => "knocking",
        Standing::Refused => "refused",
        Standing::Left => "left",
        Standing::Removed => "removed",
        Standing::Banned => "banned",
    }
}

pub(super) fn column_of(role: Role) -> &'static str {
    match role {
        Role::Owner => "owner",
        Role::Moderator => "moderator",
        Role::Writer => "writer",
        Role::Reader => "reader",
    }
}

/// A membership that is to be stored.
#[derive(Clone, Copy, Debug)]
pub struct NewMember {
    pub chat_id: i64,
    pub user_id: i64,
    pub role: Role,
    pub seq: i64,
    pub created_at: DateTime<Utc>,
}

pub(super) async fn insert_owner(
    connection: &mut AsyncPgConnection,
    chat_id: i64,
    user_id: i64,
    created_at: DateTime<Utc>,
) -> QueryResult<()> {
    insert(connection, &[NewMember { chat_id, user_id, role: Role::Owner, seq: 1, created_at }]).await
}

pub async fn insert(connection: &mut AsyncPgConnection, new: &[NewMember]) -> QueryResult<()> {
    let rows: Vec<_> = new
        .iter()
        .map(|member| {
            (
                dsl::chat_id.eq(member.chat_id),
                dsl::user_id.eq(member.user_id),
                dsl::role.eq(column_of(member.role)),
                dsl::seq.eq(member.seq),
                dsl::revision.eq(member.seq),
                // What was said before is there to be read, but nobody waits for it.
                dsl::read_seq.eq(member.seq),
                dsl::created_at.eq(member.created_at),
            )
        })
        .collect();
    diesel::insert_into(members::table).values(rows).execute(connection).await?;
    Ok(())
}

/// Which of these chats these users are in: the pairs that exist. May hold pairs that were not asked for.
pub async fn existing(
    connection: &mut AsyncPgConnection,
    chat_ids: &[i64],
    user_ids: &[i64],
) -> QueryResult<Vec<(i64, i64)>> {
    members::table
        .filter(dsl::chat_id.eq_any(chat_ids).and(dsl::user_id.eq_any(user_ids)))
        .select((dsl::chat_id, dsl::user_id))
        .load(connection)
        .await
}

/// What a user may do in a chat, if they are in it.
pub async fn role(
    connection: &mut AsyncPgConnection,
    chat_id: i64,
    user_id: i64,
) -> Result<Option<Role>, Error> {
    let found = members::table
        .find((chat_id, user_id))
        .filter(dsl::standing.eq(column_of_standing(Standing::In)))
        .select(dsl::role)
        .first::<String>(connection)
        .await
        .optional()?;
    Ok(found.as_deref().map(role_of))
}

/// Somebody who is or was in a chat, or knocks.
pub async fn find(
    connection: &mut AsyncPgConnection,
    chat_id: i64,
    user_id: i64,
) -> Result<Option<Member>, Error> {
    let found = members::table
        .inner_join(users::table)
        .filter(dsl::chat_id.eq(chat_id).and(dsl::user_id.eq(user_id)))
        .select((MemberRow::as_select(), UserRow::as_select()))
        .first::<(MemberRow, UserRow)>(connection)
        .await
        .optional()?;
    Ok(found.map(|(row, user)| row.into_member(user)))
}

/// Everyone in a chat, the owner first, then in the order in which they joined.
pub async fn of_chat(connection: &mut AsyncPgConnection, chat_id: i64) -> Result<Vec<Member>, Error> {
    of_standing(connection, chat_id, &[Standing::In]).await
}

/// Everyone who has one of these standings, the owner first, then in the order in which they joined.
pub async fn of_standing(
    connection: &mut AsyncPgConnection,
    chat_id: i64,
    standings: &[Standing],
) -> Result<Vec<Member>, Error> {
    let standings: Vec<_> = standings.iter().copied().map(column_of_standing).collect();
    let rows = members::table
        .inner_join(users::table)
        .filter(dsl::chat_id.eq(chat_id).and(dsl::standing.eq_any(standings)))
        .order(dsl::seq)
        .select((MemberRow::as_select(), UserRow::as_select()))
        .load::<(MemberRow, UserRow)>(connection)
        .await?;
    let mut members: Vec<_> = rows.into_iter().map(|(row, user)| row.into_member(user)).collect();
    members.sort_by_key(|member| std::cmp::Reverse(member.role));
    Ok(members)
}

/// At most `limit` memberships that changed after `after`, in the order of their changes.
pub async fn changed(
    connection: &mut AsyncPgConnection,
    chat_id: i64,
    after: i64,
    limit: i64,
) -> Result<Vec<Member>, Error> {
    let rows = members::table
        .inner_join(users::table)
        .filter(dsl::chat_id.eq(chat_id).and(dsl::revision.gt(after)))
        .order(dsl::revision)
        .limit(limit)
        .select((MemberRow::as_select(), UserRow::as_select()))
        .load::<(MemberRow, UserRow)>(connection)
        .await?;
    Ok(rows.into_iter().map(|(row, user)| row.into_member(user)).collect())
}

/// Locks every chat that the user is in. Done before the user's own row is changed: whoever posts locks the chat first
/// and looks at the author's row second.
pub(super) async fn lock_chats_of(
    connection: &mut AsyncPgConnection,
    user_id: i64,
) -> QueryResult<Vec<Raised>> {
    let ids: Vec<i64> =
        members::table.filter(dsl::user_id.eq(user_id)).select(dsl::chat_id).load(connection).await?;
    let locked = chats::lock(connection, &ids).await?;
    Ok(locked.into_iter().map(|chat| chat.raised_by(1)).collect())
}

/// Has a user leave every chat that they are in, or knock at. The caller numbers it.
pub(super) async fn leave_all(connection: &mut AsyncPgConnection, user_id: i64) -> QueryResult<()> {
    let places = [Standing::In, Standing::Knocking].map(column_of_standing);
    diesel::update(members::table.filter(dsl::user_id.eq(user_id).and(dsl::standing.eq_any(places))))
        .set(dsl::standing.eq(column_of_standing(Standing::Left)))
        .execute(connection)
        .await?;
    Ok(())
}

/// Numbers a change of this user in chats that are locked.
pub(super) async fn touch(
    connection: &mut AsyncPgConnection,
    user_id: i64,
    raised: Vec<Raised>,
) -> QueryResult<Vec<(Raised, Member)>> {
    let ids: Vec<_> = raised.iter().map(|chat| chat.chat_id).collect();
    chats::raise(connection, &raised).await?;
    sql_query(
        "UPDATE members SET revision = chats.head FROM chats \
         WHERE chats.id = chat_id AND user_id = $1 AND chat_id = ANY($2)",
    )
    .bind::<BigInt, _>(user_id)
    .bind::<Array<BigInt>, _>(&ids)
    .execute(connection)
    .await?;
    let rows = members::table
        .inner_join(users::table)
        .filter(dsl::user_id.eq(user_id).and(dsl::chat_id.eq_any(&ids)))
        .order(dsl::chat_id)
        .select((MemberRow::as_select(), UserRow::as_select()))
        .load::<(MemberRow, UserRow)>(connection)
        .await?;
    // Both stand in the order of the chats' ids.
    Ok(raised.into_iter().zip(rows.into_iter().map(|(row, user)| row.into_member(user))).collect())
}
