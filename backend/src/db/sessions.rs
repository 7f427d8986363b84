//! The table of sessions: what a sign-in began, by which browser, and until when it is good.

use chrono::{DateTime, Duration, Utc};
use diesel::{
    dsl::{now, sql},
    prelude::*,
    sql_types::Bool,
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::schema::{
    sessions::{self, dsl},
    users,
};
use crate::problem::Error;

/// A session ends after so many days without use. A guest has no other way back in, so theirs lives as long as a browser
/// keeps a cookie.
const GUEST_DAYS: i64 = 400;
const ACCOUNT_DAYS: i64 = 30;

/// A session that is to be stored.
#[derive(Insertable)]
#[diesel(table_name = sessions)]
pub struct NewSession {
    pub id: Uuid,
    pub user_id: i64,
    /// SHA-256 of what its holder shows to get further tokens.
    pub refresh_hash: Vec<u8>,
    pub browser: Option<Uuid>,
}

/// A session that goes on.
#[derive(Clone, Debug)]
pub struct Living {
    pub id: Uuid,
    pub user_id: i64,
    pub guest: bool,
}

type Row = (Uuid, i64, DateTime<Utc>, bool);

/// How long a session lives without being used.
pub fn life(guest: bool) -> Duration {
    Duration::days(if guest { GUEST_DAYS } else { ACCOUNT_DAYS })
}

fn living((id, user_id, used_at, guest): Row) -> Option<Living> {
    (Utc::now() < used_at + life(guest)).then_some(Living { id, user_id, guest })
}

pub async fn begin(connection: &mut AsyncPgConnection, new: NewSession) -> Result<(), Error> {
    diesel::insert_into(sessions::table).values(new).execute(connection).await?;
    Ok(())
}

/// The session with this number, unless it has ended.
pub async fn find(connection: &mut AsyncPgConnection, id: Uuid) -> Result<Option<Living>, Error> {
    let row = sessions::table
        .inner_join(users::table)
        .filter(dsl::id.eq(id).and(dsl::ended_at.is_null()))
        .select((dsl::id, dsl::user_id, dsl::used_at, users::guest))
        .first::<Row>(connection)
        .await
        .optional()?;
    Ok(row.and_then(living))
}

/// The session whose holder shows what has this hash, unless it has ended or its account has.
pub async fn by_secret(connection: &mut AsyncPgConnection, hash: &[u8]) -> Result<Option<Living>, Error> {
    let row = sessions::table
        .inner_join(users::table)
        .filter(dsl::refresh_hash.eq(hash).and(dsl::ended_at.is_null()).and(users::deleted_at.is_null()))
        .select((dsl::id, dsl::user_id, dsl::used_at, users::guest))
        .first::<Row>(connection)
        .await
        .optional()?;
    Ok(row.and_then(living))
}

/// Notes that a session was used; once an hour is enough.
pub async fn touch(connection: &mut AsyncPgConnection, id: Uuid) -> Result<(), Error> {
    diesel::update(sessions::table.find(id).filter(sql::<Bool>("used_at < now() - interval '1 hour'")))
        .set(dsl::used_at.eq(now))
        .execute(connection)
        .await?;
    Ok(())
}

pub async fn end(connection: &mut AsyncPgConnection, id: Uuid) -> Result<(), Error> {
    diesel::update(sessions::table.find(id).filter(dsl::ended_at.is_null()))
        .set(dsl::ended_at.eq(now))
        .execute(connection)
        .await?;
    Ok(())
}

/// Ends all sessions of a user; returns those that were going on.
pub(super) async fn end_all(connection: &mut AsyncPgConnection, user_id: i64) -> QueryResult<Vec<Uuid>> {
    diesel::update(sessions::table.filter(dsl::user_id.eq(user_id).and(dsl::ended_at.is_null())))
        .set(dsl::ended_at.eq(now))
        .returning(dsl::id)
        .get_results(connection)
        .await
}

/// Ends all that a user is signed in to but one; returns them.
pub(super) async fn end_others(
    connection: &mut AsyncPgConnection,
    user_id: i64,
    kept: Uuid,
) -> QueryResult<Vec<Uuid>> {
    let others = dsl::user_id.eq(user_id).and(dsl::id.ne(kept)).and(dsl::ended_at.is_null());
    diesel::update(sessions::table.filter(others))
        .set(dsl::ended_at.eq(now))
        .returning(dsl::id)
        .get_results(connection)
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_is_remembered_longer_than_an_account() {
        let used = |days: i64, guest: bool| (Uuid::nil(), 1, Utc::now() - Duration::days(days), guest);
        assert!(living(used(29, false)).is_some() && living(used(30, false)).is_none());
        assert!(living(used(399, true)).is_some() && living(used(400, true)).is_none());
    }
}
