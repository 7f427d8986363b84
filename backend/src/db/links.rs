//! The table of links: invitations to a chat beside its page URL.

use chrono::{DateTime, Utc};
use diesel::{dsl::now, prelude::*};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use shared::{
    link::{Link, MakeLink},
    member::Member,
    problem::ProblemCode,
};

use super::{
    addresses::{self, Way},
    members::{MemberRow, column_of, role_of},
    schema::{
        links::{self, dsl},
        members, users,
    },
    users::UserRow,
};
use crate::problem::Error;

/// How many links a list holds: every one that works, and the newest of the others.
const LISTED_MAX: i64 = 200;
/// How many people are told who came by a link, the last first.
const CAME_BY_MAX: i64 = 1_000;

#[derive(Queryable, Selectable)]
#[diesel(table_name = links)]
struct LinkRow {
    id: i64,
    label: String,
    role: String,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    uses_max: Option<i32>,
    uses: i32,
    revoked_at: Option<DateTime<Utc>>,
}

impl LinkRow {
    fn into_link(self, created_by: UserRow) -> Link {
        let Self { id, label, role, created_at, expires_at, uses_max, uses, revoked_at } = self;
        let (uses_max, uses) = (uses_max.map(i32::unsigned_abs), uses.unsigned_abs());
        let (role, created_by) = (role_of(&role), created_by.into_user());
        Link { id, label, role, created_by, created_at, expires_at, uses_max, uses, revoked_at }
    }

    /// Why it lets nobody in, if so.
    fn shut(&self) -> Option<ProblemCode> {
        if self.revoked_at.is_some() {
            Some(ProblemCode::LinkRevoked)
        } else if self.expires_at.is_some_and(|end| end <= Utc::now()) {
            Some(ProblemCode::LinkExpired)
        } else if self.uses_max.is_some_and(|most| self.uses >= most) {
            Some(ProblemCode::LinkUsedUp)
        } else {
            None
        }
    }
}

/// How the link with this secret leads into the chat, if there is one.
pub(super) async fn way(
    connection: &mut AsyncPgConnection,
    chat_id: i64,
    secret: &str,
) -> Result<Option<Way>, Error> {
    let found = links::table
        .filter(dsl::chat_id.eq(chat_id).and(dsl::secret_hash.eq(addresses::hash(secret))))
        .select(LinkRow::as_select())
        .first(connection)
        .await
        .optional()?;
    Ok(found.map(|link| Way { role: role_of(&link.role), link_id: Some(link.id), shut: link.shut() }))
}

/// Counts somebody whom the link lets in. The chat is locked, so that nobody else does at the same time.
pub(super) async fn count_use(connection: &mut AsyncPgConnection, id: i64) -> QueryResult<()> {
    diesel::update(links::table.find(id)).set(dsl::uses.eq(dsl::uses + 1)).execute(connection).await?;
    Ok(())
}

/// Stores a link; returns its number.
pub async fn insert(
    connection: &mut AsyncPgConnection,
    chat_id: i64,
    user_id: i64,
    secret: &str,
    new: &MakeLink,
) -> Result<i64, Error> {
    let life = new.expires_in.and_then(|life| i64::try_from(life).ok());
    let id = diesel::insert_into(links::table)
        .values((
            dsl::chat_id.eq(chat_id),
            dsl::secret_hash.eq(addresses::hash(secret)),
            dsl::label.eq(&new.label),
            dsl::role.eq(column_of(new.role)),
            dsl::created_by.eq(user_id),
            dsl::expires_at.eq(life.and_then(chrono::Duration::try_seconds).map(|life| Utc::now() + life)),
            dsl::uses_max.eq(new.uses_max.and_then(|most| i32::try_from(most).ok())),
        ))
        .returning(dsl::id)
        .get_result(connection)
        .await?;
    Ok(id)
}

/// How many links of a chat work.
pub async fn count_working(connection: &mut AsyncPgConnection, chat_id: i64) -> Result<i64, Error> {
    let expired = dsl::expires_at.is_not_null().and(dsl::expires_at.assume_not_null().le(now));
    let used_up = dsl::uses_max.is_not_null().and(dsl::uses.ge(dsl::uses_max.assume_not_null()));
    let of_chat = links::table.filter(dsl::chat_id.eq(chat_id).and(dsl::revoked_at.is_null()));
    let working = of_chat.filter(diesel::dsl::not(expired)).filter(diesel::dsl::not(used_up));
    Ok(working.count().get_result(connection).await?)
}

/// The links of a chat, newest first.
pub async fn of_chat(connection: &mut AsyncPgConnection, chat_id: i64) -> Result<Vec<Link>, Error> {
    let rows = links::table
        .inner_join(users::table)
        .filter(dsl::chat_id.eq(chat_id))
        .order((dsl::revoked_at.is_null().desc(), dsl::id.desc()))
        .limit(LISTED_MAX)
        .select((LinkRow::as_select(), UserRow::as_select()))
        .load::<(LinkRow, UserRow)>(connection)
        .await?;
    let mut links: Vec<_> = rows.into_iter().map(|(row, user)| row.into_link(user)).collect();
    links.sort_by_key(|link| std::cmp::Reverse(link.id));
    Ok(links)
}

/// One link of a chat.
pub async fn find(connection: &mut AsyncPgConnection, chat_id: i64, id: i64) -> Result<Link, Error> {
    let found = links::table
        .inner_join(users::table)
        .filter(dsl::chat_id.eq(chat_id).and(dsl::id.eq(id)))
        .select((LinkRow::as_select(), UserRow::as_select()))
        .first::<(LinkRow, UserRow)>(connection)
        .await
        .optional()?;
    let (row, user) = found.ok_or(ProblemCode::NotFound)?;
    Ok(row.into_link(user))
}

/// The link lets nobody in any more; whom it let in stays.
pub async fn revoke(connection: &mut AsyncPgConnection, id: i64) -> Result<(), Error> {
    diesel::update(links::table.find(id)).set(dsl::revoked_at.eq(now)).execute(connection).await?;
    Ok(())
}

/// Who came by a link, whatever became of them.
pub async fn came_by(connection: &mut AsyncPgConnection, id: i64) -> Result<Vec<Member>, Error> {
    let rows = members::table
        .inner_join(users::table)
        .filter(members::link_id.eq(id))
        .order(members::seq.desc())
        .limit(CAME_BY_MAX)
        .select((MemberRow::as_select(), UserRow::as_select()))
        .load::<(MemberRow, UserRow)>(connection)
        .await?;
    Ok(rows.into_iter().map(|(row, user)| row.into_member(user)).collect())
}
