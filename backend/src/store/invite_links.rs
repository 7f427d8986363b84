//! The table `invite_links`.

use chrono::{DateTime, Utc};
use diesel::{dsl::now, prelude::*};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use sha2::{Digest, Sha256};
use shared::{
    id::{ChatId, LinkId, UserId},
    invite_link::{CreateInviteLink, InviteLink},
    member::{Member, Role},
    problem::ProblemCode,
};

use super::{
    enum_columns::TextEnum,
    error::StoreError,
    members::MemberRow,
    schema::{
        invite_link_uses,
        invite_links::{self, dsl},
        members, users,
    },
    users::UserRow,
};

/// How many links a list holds: every usable one, and the newest of the others.
const LINKS_MAX: i64 = 200;
/// How many revoked links of a chat are remembered that no user joined by.
const UNUSED_LINKS_MAX: i64 = 100;
/// How many members who used a link are listed.
const MEMBERS_MAX: i64 = 1_000;

#[derive(Queryable, Selectable)]
#[diesel(table_name = invite_links)]
pub struct InviteLinkRow {
    pub id: LinkId,
    label: String,
    pub role: Role,
    created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub max_uses: Option<i32>,
    pub uses: i32,
    pub revoked_at: Option<DateTime<Utc>>,
}

impl InviteLinkRow {
    fn into_link(self, created_by: UserRow) -> InviteLink {
        let Self { id, label, role, created_at, expires_at, max_uses, uses, revoked_at } = self;
        let (max_uses, uses) = (max_uses.map(i32::unsigned_abs), uses.unsigned_abs());
        let created_by = created_by.into_user();
        InviteLink { id, label, role, created_by, created_at, expires_at, max_uses, uses, revoked_at }
    }
}

/// Only the hash of a secret is stored: the database alone does not reveal invitations.
pub fn hash_secret(secret: &str) -> Vec<u8> {
    Sha256::digest(secret).to_vec()
}

/// The link of a chat with this secret.
pub async fn find_by_secret(
    connection: &mut AsyncPgConnection,
    chat_id: ChatId,
    secret: &str,
) -> Result<Option<InviteLinkRow>, StoreError> {
    let link = invite_links::table
        .filter(dsl::chat_id.eq(chat_id).and(dsl::secret_hash.eq(hash_secret(secret))))
        .select(InviteLinkRow::as_select())
        .first(connection)
        .await
        .optional()?;
    Ok(link)
}

/// Records that a user used a link, and counts it if it is the first time. The chat is locked, so that concurrent uses
/// are counted one after the other.
pub async fn record_use(
    connection: &mut AsyncPgConnection,
    id: LinkId,
    user_id: UserId,
) -> Result<(), StoreError> {
    let first_uses = diesel::insert_into(invite_link_uses::table)
        .values((invite_link_uses::link_id.eq(id), invite_link_uses::user_id.eq(user_id)))
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    if first_uses > 0 {
        let link = invite_links::table.find(id);
        diesel::update(link).set(dsl::uses.eq(dsl::uses + 1)).execute(connection).await?;
    }
    Ok(())
}

/// Whether a user has used a link before.
pub async fn is_used_by(
    connection: &mut AsyncPgConnection,
    id: LinkId,
    user_id: UserId,
) -> Result<bool, StoreError> {
    let used = invite_link_uses::table.find((id, user_id));
    Ok(diesel::select(diesel::dsl::exists(used)).get_result(connection).await?)
}

/// Stores a link; returns its id.
pub async fn insert(
    connection: &mut AsyncPgConnection,
    chat_id: ChatId,
    user_id: UserId,
    secret: &str,
    new: &CreateInviteLink,
) -> Result<LinkId, StoreError> {
    let lifetime = new.expires_in.and_then(|seconds| i64::try_from(seconds).ok());
    let lifetime = lifetime.and_then(chrono::Duration::try_seconds);
    let id = diesel::insert_into(invite_links::table)
        .values((
            dsl::chat_id.eq(chat_id),
            dsl::secret_hash.eq(hash_secret(secret)),
            dsl::label.eq(&new.label),
            dsl::role.eq(new.role.bind()),
            dsl::created_by.eq(user_id),
            dsl::expires_at.eq(lifetime.map(|lifetime| Utc::now() + lifetime)),
            dsl::max_uses.eq(new.max_uses.and_then(|max| i32::try_from(max).ok())),
        ))
        .returning(dsl::id)
        .get_result(connection)
        .await?;
    Ok(id)
}

/// The number of links of a chat that are neither revoked nor expired nor used up.
pub async fn count_usable(connection: &mut AsyncPgConnection, chat_id: ChatId) -> Result<i64, StoreError> {
    let expired = dsl::expires_at.is_not_null().and(dsl::expires_at.assume_not_null().le(now));
    let used_up = dsl::max_uses.is_not_null().and(dsl::uses.ge(dsl::max_uses.assume_not_null()));
    let unrevoked = invite_links::table.filter(dsl::chat_id.eq(chat_id).and(dsl::revoked_at.is_null()));
    let usable = unrevoked.filter(diesel::dsl::not(expired)).filter(diesel::dsl::not(used_up));
    Ok(usable.count().get_result(connection).await?)
}

/// The links of a chat, newest first.
pub async fn list_for_chat(
    connection: &mut AsyncPgConnection,
    chat_id: ChatId,
) -> Result<Vec<InviteLink>, StoreError> {
    let rows = invite_links::table
        .inner_join(users::table)
        .filter(dsl::chat_id.eq(chat_id))
        .order((dsl::revoked_at.is_null().desc(), dsl::id.desc()))
        .limit(LINKS_MAX)
        .select((InviteLinkRow::as_select(), UserRow::as_select()))
        .load::<(InviteLinkRow, UserRow)>(connection)
        .await?;
    let mut links: Vec<_> = rows.into_iter().map(|(row, user)| row.into_link(user)).collect();
    links.sort_by_key(|link| std::cmp::Reverse(link.id));
    Ok(links)
}

/// A link of a chat.
pub async fn find(
    connection: &mut AsyncPgConnection,
    chat_id: ChatId,
    id: LinkId,
) -> Result<InviteLink, StoreError> {
    let found = invite_links::table
        .inner_join(users::table)
        .filter(dsl::chat_id.eq(chat_id).and(dsl::id.eq(id)))
        .select((InviteLinkRow::as_select(), UserRow::as_select()))
        .first::<(InviteLinkRow, UserRow)>(connection)
        .await
        .optional()?;
    let (row, user) = found.ok_or(ProblemCode::NotFound)?;
    Ok(row.into_link(user))
}

/// Revokes a link. Members who joined by it stay.
pub async fn revoke(connection: &mut AsyncPgConnection, id: LinkId) -> Result<(), StoreError> {
    diesel::update(invite_links::table.find(id)).set(dsl::revoked_at.eq(now)).execute(connection).await?;
    Ok(())
}

/// Deletes the links of a chat that are revoked and were never used, except for the newest [`UNUSED_LINKS_MAX`].
pub async fn delete_unused(connection: &mut AsyncPgConnection, chat_id: ChatId) -> Result<(), StoreError> {
    let unused = dsl::chat_id.eq(chat_id).and(dsl::revoked_at.is_not_null()).and(dsl::uses.eq(0));
    let old =
        invite_links::table.filter(unused).order(dsl::id.desc()).offset(UNUSED_LINKS_MAX).select(dsl::id);
    let old = old.load::<LinkId>(connection).await?;
    diesel::delete(invite_links::table.filter(dsl::id.eq_any(old))).execute(connection).await?;
    Ok(())
}

/// Revokes the active links that a user created; returns their ids and labels.
pub async fn revoke_created_by(
    connection: &mut AsyncPgConnection,
    chat_id: ChatId,
    user_id: UserId,
) -> Result<Vec<(LinkId, String)>, StoreError> {
    let links = dsl::chat_id.eq(chat_id).and(dsl::created_by.eq(user_id)).and(dsl::revoked_at.is_null());
    let revoked = diesel::update(invite_links::table.filter(links))
        .set(dsl::revoked_at.eq(now))
        .returning((dsl::id, dsl::label))
        .get_results(connection)
        .await?;
    Ok(revoked)
}

/// The members who used a link, whatever their status, the last first.
pub async fn list_members(
    connection: &mut AsyncPgConnection,
    chat_id: ChatId,
    id: LinkId,
) -> Result<Vec<Member>, StoreError> {
    let used = invite_link_uses::table.filter(invite_link_uses::link_id.eq(id));
    let rows = members::table
        .inner_join(users::table)
        .filter(members::chat_id.eq(chat_id))
        .filter(members::user_id.eq_any(used.select(invite_link_uses::user_id)))
        .order(members::seq.desc())
        .limit(MEMBERS_MAX)
        .select((MemberRow::as_select(), UserRow::as_select()))
        .load::<(MemberRow, UserRow)>(connection)
        .await?;
    Ok(rows.into_iter().map(|(row, user)| row.into_member(user)).collect())
}
