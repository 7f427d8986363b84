//! The table `members`.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::{
    pg::Pg,
    prelude::*,
    sql_query,
    sql_types::{Array, BigInt, Bool, Timestamptz},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use shared::{
    id::{ChatId, Head, Seq, UserId},
    member::{Member, MembershipStatus, Role},
    problem::ProblemCode,
};

use super::{
    chats::{self, HeadAdvance, PostingRules},
    enum_columns::{MembershipStatusColumn, TextEnum},
    error::StoreError,
    schema::{
        chats as chats_table,
        members::{self, dsl},
        users,
    },
    static_query::{Columns, StaticQuery},
    users::UserRow,
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = members)]
pub(super) struct MemberRow {
    role: Role,
    status: MembershipStatus,
    seq: Seq,
    revision: Seq,
    created_at: DateTime<Utc>,
}

impl MemberRow {
    pub(super) fn into_member(self, user: UserRow) -> Member {
        let Self { role, status, seq, revision, created_at } = self;
        Member { user: user.into_user(), role, status, seq, revision, created_at }
    }
}

/// A membership to store, new or renewed.
#[derive(Clone, Copy, Debug)]
pub struct NewMembership {
    pub user_id: UserId,
    pub role: Role,
    pub status: MembershipStatus,
}

/// A user's relation to a chat, current or former.
#[derive(Clone, Copy, Debug, Queryable, Selectable)]
#[diesel(table_name = members)]
pub struct Membership {
    pub role: Role,
    pub status: MembershipStatus,
    pub status_changed_at: DateTime<Utc>,
    /// The highest role that any link gives the user.
    pub link_role_max: Option<Role>,
}

/// A change of an existing membership.
#[derive(Clone, Copy, Debug)]
pub struct MembershipChange {
    pub status: MembershipStatus,
    pub role: Role,
    pub revision: Seq,
    /// `None` leaves the read position as it is.
    pub read_seq: Option<Seq>,
}

/// Earlier messages can be read, but do not count as unread. A former membership keeps its read position.
const UPSERT: &str = "
    INSERT INTO members
        (chat_id, user_id, role, status, read_seq, seq, revision, created_at, status_changed_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (chat_id, user_id) DO UPDATE SET role = excluded.role, status = excluded.status,
        seq = excluded.seq, revision = excluded.revision, created_at = excluded.created_at,
        status_changed_at = excluded.status_changed_at";

/// Inserts a membership, or renews a former one.
pub async fn upsert(
    connection: &mut AsyncPgConnection,
    chat_id: ChatId,
    NewMembership { user_id, role, status }: NewMembership,
    seq: Seq,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    StaticQuery::<()>::new(UPSERT)
        .bind::<BigInt, _>(chat_id)
        .bind::<BigInt, _>(user_id)
        .columns(role.bind())
        .columns(status.bind())
        .bind::<BigInt, _>(seq)
        .bind::<BigInt, _>(seq)
        .bind::<BigInt, _>(seq)
        .bind::<Timestamptz, _>(at)
        .bind::<Timestamptz, _>(at)
        .execute(connection)
        .await?;
    Ok(())
}

pub async fn update(
    connection: &mut AsyncPgConnection,
    chat_id: ChatId,
    user_id: UserId,
    MembershipChange { status, role, revision, read_seq }: MembershipChange,
) -> Result<(), StoreError> {
    diesel::update(members::table.find((chat_id, user_id)))
        .set((
            dsl::status.eq(status.bind()),
            dsl::status_changed_at.eq(diesel::dsl::now),
            dsl::role.eq(role.bind()),
            dsl::revision.eq(revision),
            read_seq.map(|seq| dsl::read_seq.eq(seq)),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

/// Limits the role that links give a user from now on.
pub async fn set_link_role_max(
    connection: &mut AsyncPgConnection,
    chat_id: ChatId,
    user_id: UserId,
    role: Role,
) -> Result<(), StoreError> {
    let member = members::table.find((chat_id, user_id));
    diesel::update(member).set(dsl::link_role_max.eq(role.bind().nullable())).execute(connection).await?;
    Ok(())
}

/// The current or former membership of a user.
pub async fn find_membership(
    connection: &mut AsyncPgConnection,
    chat_id: ChatId,
    user_id: UserId,
) -> Result<Option<Membership>, StoreError> {
    let membership = members::table.find((chat_id, user_id)).select(Membership::as_select());
    Ok(membership.first(connection).await.optional()?)
}

/// The role of a user, if they are a member.
pub async fn find_role(
    connection: &mut AsyncPgConnection,
    chat_id: ChatId,
    user_id: UserId,
) -> Result<Option<Role>, StoreError> {
    let role = members::table
        .find((chat_id, user_id))
        .filter(dsl::status.eq(MembershipStatus::Member.bind()))
        .select(dsl::role)
        .first(connection)
        .await
        .optional()?;
    Ok(role)
}

/// The role of a member, and the rules of the chat. That the chat is deleted takes precedence: its memberships are deleted as
/// well.
pub async fn find_access(
    connection: &mut AsyncPgConnection,
    chat_id: ChatId,
    user_id: UserId,
) -> Result<(PostingRules, Role), StoreError> {
    let is_own = dsl::chat_id.eq(chats_table::id).and(dsl::user_id.eq(user_id));
    let membership = members::table.on(is_own.and(dsl::status.eq(MembershipStatus::Member.bind())));
    let found = chats_table::table
        .left_join(membership)
        .filter(chats_table::id.eq(chat_id))
        .select((PostingRules::as_select(), dsl::role.nullable(), chats_table::deleted_at))
        .first::<(PostingRules, Option<Role>, Option<DateTime<Utc>>)>(connection)
        .await
        .optional()?;
    let found = found.map(|(rules, role, deleted_at)| ((rules, role), deleted_at));
    let (rules, role) = chats::require_active(found)?;
    Ok((rules, role.ok_or(ProblemCode::ChatNotFound)?))
}

/// The roles that the users have in those of the chats of which they are members.
pub async fn list_roles(
    connection: &mut AsyncPgConnection,
    chat_ids: &[ChatId],
    user_ids: &[UserId],
) -> Result<HashMap<(ChatId, UserId), Role>, StoreError> {
    let roles = members::table
        .filter(dsl::chat_id.eq_any(chat_ids).and(dsl::user_id.eq_any(user_ids)))
        .filter(dsl::status.eq(MembershipStatus::Member.bind()))
        .select((dsl::chat_id, dsl::user_id, dsl::role))
        .load::<(ChatId, UserId, Role)>(connection)
        .await?;
    Ok(roles.into_iter().map(|(chat_id, user_id, role)| ((chat_id, user_id), role)).collect())
}

/// The number of chats that a user owns. Locks the user, so that the number stays true until the commit.
pub async fn count_owned_chats(
    connection: &mut AsyncPgConnection,
    user_id: UserId,
) -> Result<usize, StoreError> {
    users::table.find(user_id).select(users::id).for_no_key_update().first::<UserId>(connection).await?;
    let owned = dsl::user_id.eq(user_id).and(dsl::role.eq(Role::Owner.bind()));
    let count: i64 = members::table
        .inner_join(chats_table::table)
        // The members of a deleted chat are removed later.
        .filter(
            owned.and(dsl::status.eq(MembershipStatus::Member.bind())).and(chats_table::deleted_at.is_null()),
        )
        .count()
        .get_result(connection)
        .await?;
    Ok(usize::try_from(count).unwrap_or_default())
}

/// A member, whatever their status.
pub async fn find(
    connection: &mut AsyncPgConnection,
    chat_id: ChatId,
    user_id: UserId,
) -> Result<Option<Member>, StoreError> {
    let found = members::table
        .inner_join(users::table)
        .filter(dsl::chat_id.eq(chat_id).and(dsl::user_id.eq(user_id)))
        .select((MemberRow::as_select(), UserRow::as_select()))
        .first::<(MemberRow, UserRow)>(connection)
        .await
        .optional()?;
    Ok(found.map(|(row, user)| row.into_member(user)))
}

/// The member with this role who joined first, other than `excluded_id`.
pub async fn find_first_with_role(
    connection: &mut AsyncPgConnection,
    chat_id: ChatId,
    role: Role,
    excluded_id: UserId,
) -> Result<Option<UserId>, StoreError> {
    let first = members::table
        .filter(dsl::chat_id.eq(chat_id).and(dsl::role.eq(role.bind())))
        .filter(dsl::status.eq(MembershipStatus::Member.bind()).and(dsl::user_id.ne(excluded_id)))
        .order(dsl::seq)
        .select(dsl::user_id)
        .first(connection)
        .await
        .optional()?;
    Ok(first)
}

/// The number of members.
pub async fn count(connection: &mut AsyncPgConnection, chat_id: ChatId) -> Result<u64, StoreError> {
    let members = dsl::chat_id.eq(chat_id).and(dsl::status.eq(MembershipStatus::Member.bind()));
    let count: i64 = members::table.filter(members).count().get_result(connection).await?;
    Ok(count.unsigned_abs())
}

/// The members with one of these statuses, the owner first, then in the order in which they joined.
pub async fn list_by_status(
    connection: &mut AsyncPgConnection,
    chat_id: ChatId,
    statuses: &[MembershipStatus],
) -> Result<Vec<Member>, StoreError> {
    let query = StaticQuery::<(Columns<MemberRow>, Columns<UserRow>)>::new(
        "SELECT ?, ? FROM members JOIN users ON users.id = members.user_id \
         WHERE members.chat_id = ? AND members.status = ANY(?) ORDER BY members.seq",
    )
    .columns(<MemberRow as Selectable<Pg>>::construct_selection())
    .columns(<UserRow as Selectable<Pg>>::construct_selection())
    .bind::<BigInt, _>(chat_id)
    .bind::<Array<MembershipStatusColumn>, _>(statuses);
    let rows: Vec<(MemberRow, UserRow)> = query.load(connection).await?;
    let mut members: Vec<_> = rows.into_iter().map(|(row, user)| row.into_member(user)).collect();
    members.sort_by_key(|member| std::cmp::Reverse(member.role));
    Ok(members)
}

/// At most `limit` memberships that changed after `after`, in the order of their changes.
pub async fn list_changed(
    connection: &mut AsyncPgConnection,
    chat_id: ChatId,
    after: Head,
    limit: i64,
) -> Result<Vec<Member>, StoreError> {
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

#[derive(QueryableByName)]
pub struct OwnerlessChat {
    #[diesel(sql_type = BigInt)]
    pub chat_id: ChatId,
    #[diesel(sql_type = BigInt)]
    pub former_owner_id: UserId,
}

/// Chats whose owner deleted their account and that have other members.
pub async fn list_ownerless_chats(
    connection: &mut AsyncPgConnection,
    limit: i64,
) -> Result<Vec<OwnerlessChat>, StoreError> {
    let chats = sql_query(
        "SELECT m.chat_id, m.user_id AS former_owner_id FROM members m JOIN chats ON chats.id = m.chat_id \
         WHERE m.role = 'owner' AND m.status = 'left' AND chats.deleted_at IS NULL \
           AND EXISTS (SELECT FROM members o WHERE o.chat_id = m.chat_id AND o.status = 'member') LIMIT $1",
    )
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await?;
    Ok(chats)
}

#[derive(QueryableByName)]
struct IsShared {
    #[diesel(sql_type = Bool)]
    is_shared: bool,
}

/// Whether two users are members of the same chat.
pub async fn shares_chat(
    connection: &mut AsyncPgConnection,
    user_id: UserId,
    other_id: UserId,
) -> Result<bool, StoreError> {
    let row: IsShared = sql_query(
        "SELECT EXISTS (SELECT FROM members own JOIN members other USING (chat_id, status) \
           JOIN chats ON chats.id = chat_id AND deleted_at IS NULL \
         WHERE own.user_id = $1 AND other.user_id = $2 AND status = 'member') AS is_shared",
    )
    .bind::<BigInt, _>(user_id)
    .bind::<BigInt, _>(other_id)
    .get_result(connection)
    .await?;
    Ok(row.is_shared)
}

/// For a chat and a user.
pub(super) const SHARES_BROWSER_WITH_BANNED_GUEST: &str = "
    EXISTS (SELECT FROM sessions own JOIN sessions other USING (browser_id)
        JOIN members ON members.user_id = other.user_id AND members.chat_id = ? AND status = 'banned'
        JOIN users ON users.id = other.user_id AND (guest OR claimed_at > status_changed_at)
        WHERE own.user_id = ?)";

/// Whether the user has a session in the browser of a user who was a guest when they were banned.
pub async fn shares_browser_with_banned_guest(
    connection: &mut AsyncPgConnection,
    chat_id: ChatId,
    user_id: UserId,
) -> Result<bool, StoreError> {
    let query = StaticQuery::<Bool>::new(format!("SELECT {SHARES_BROWSER_WITH_BANNED_GUEST}"));
    Ok(query.bind::<BigInt, _>(chat_id).bind::<BigInt, _>(user_id).get_result(connection).await?)
}

/// Locks all chats the user has a membership in. Must precede a change of the user's row: a writer locks the chat first
/// and reads the author's row second.
pub(super) async fn lock_chats_of_user(
    connection: &mut AsyncPgConnection,
    user_id: UserId,
) -> Result<Vec<HeadAdvance>, StoreError> {
    let ids: Vec<ChatId> =
        members::table.filter(dsl::user_id.eq(user_id)).select(dsl::chat_id).load(connection).await?;
    let locked = chats::lock(connection, &ids).await?;
    Ok(locked.into_iter().map(|chat| chat.advance(1)).collect())
}

/// Ends all memberships and join requests of a user. The caller sets their revisions.
pub(super) async fn leave_all(connection: &mut AsyncPgConnection, user_id: UserId) -> Result<(), StoreError> {
    let is_member = dsl::status.eq(MembershipStatus::Member.bind());
    let current = is_member.or(dsl::status.eq(MembershipStatus::Pending.bind()));
    diesel::update(members::table.filter(dsl::user_id.eq(user_id).and(current)))
        .set(dsl::status.eq(MembershipStatus::Left.bind()))
        .execute(connection)
        .await?;
    Ok(())
}

/// Numbers a change of this user in locked chats; returns their memberships there.
pub(super) async fn bump_revision(
    connection: &mut AsyncPgConnection,
    user_id: UserId,
    advances: Vec<HeadAdvance>,
) -> Result<Vec<(HeadAdvance, Member)>, StoreError> {
    let ids: Vec<_> = advances.iter().map(|chat| chat.chat_id).collect();
    chats::update_heads(connection, &advances).await?;
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
    // Both are in ascending order of the chat id.
    Ok(advances.into_iter().zip(rows.into_iter().map(|(row, user)| row.into_member(user))).collect())
}
