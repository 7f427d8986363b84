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

/// A place in a chat that somebody gets, for the first time or again.
#[derive(Clone, Copy, Debug)]
pub struct NewPlace {
    pub user_id: i64,
    pub role: Role,
    pub standing: Standing,
    /// By which link they came; nothing is the page URL.
    pub link_id: Option<i64>,
}

/// The place that somebody has or had in a chat.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub role: Role,
    pub standing: Standing,
    pub placed_at: DateTime<Utc>,
    pub link_id: Option<i64>,
}

pub(super) async fn insert_owner(
    connection: &mut AsyncPgConnection,
    chat_id: i64,
    user_id: i64,
    created_at: DateTime<Utc>,
) -> QueryResult<()> {
    let owner = NewPlace { user_id, role: Role::Owner, standing: Standing::In, link_id: None };
    put(connection, chat_id, owner, 1, created_at).await
}

/// Gives somebody their place; one that they had before goes on from here, with what they have read.
pub(super) async fn put(
    connection: &mut AsyncPgConnection,
    chat_id: i64,
    NewPlace { user_id, role, standing, link_id }: NewPlace,
    seq: i64,
    at: DateTime<Utc>,
) -> QueryResult<()> {
    let place = (
        dsl::role.eq(column_of(role)),
        dsl::standing.eq(column_of_standing(standing)),
        dsl::link_id.eq(link_id),
        dsl::seq.eq(seq),
        dsl::revision.eq(seq),
        dsl::created_at.eq(at),
        dsl::placed_at.eq(at),
    );
    diesel::insert_into(members::table)
        // What was said before is there to be read, but nobody waits for it.
        .values((dsl::chat_id.eq(chat_id), dsl::user_id.eq(user_id), dsl::read_seq.eq(seq), place))
        .on_conflict((dsl::chat_id, dsl::user_id))
        .do_update()
        .set(place)
        .execute(connection)
        .await?;
    Ok(())
}

/// Notes by which link somebody came.
pub(super) async fn came_by(
    connection: &mut AsyncPgConnection,
    chat_id: i64,
    user_id: i64,
    link_id: i64,
) -> QueryResult<()> {
    let member = members::table.find((chat_id, user_id));
    diesel::update(member).set(dsl::link_id.eq(link_id)).execute(connection).await?;
    Ok(())
}

/// The place that a user has or had in a chat.
pub async fn place(
    connection: &mut AsyncPgConnection,
    chat_id: i64,
    user_id: i64,
) -> Result<Option<Place>, Error> {
    let found = members::table
        .find((chat_id, user_id))
        .select((dsl::role, dsl::standing, dsl::placed_at, dsl::link_id))
        .first::<(String, String, DateTime<Utc>, Option<i64>)>(connection)
        .await
        .optional()?;
    Ok(found.map(|(role, standing, placed_at, link_id)| Place {
        role: role_of(&role),
        standing: standing_of(&standing),
        placed_at,
        link_id,
    }))
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

/// How many are in a chat.
pub async fn count(connection: &mut AsyncPgConnection, chat_id: i64) -> Result<u64, Error> {
    let inside = dsl::chat_id.eq(chat_id).and(dsl::standing.eq(column_of_standing(Standing::In)));
    let count: i64 = members::table.filter(inside).count().get_result(connection).await?;
    Ok(count.unsigned_abs())
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
