//! The table of sessions: what a sign-in began, by which browser, and until when it is good.

use chrono::{DateTime, Duration, Utc};
use diesel::{
    dsl::{exists, not, now, sql},
    prelude::*,
    select, sql_query,
    sql_types::Bool,
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use shared::session::Session;
use uuid::Uuid;

use super::schema::{
    members,
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
    /// The hash of what its holder shows to get further tokens.
    pub refresh_hash: Vec<u8>,
    pub browser: Option<Uuid>,
    /// What it was begun with.
    pub program: String,
    pub system: String,
}

/// A session that goes on.
#[derive(Clone, Debug)]
pub struct Living {
    pub id: Uuid,
    pub user_id: i64,
    pub guest: bool,
    /// When what gets further tokens was replaced last, if nothing shows yet that its holder heard of that.
    pub unheard_since: Option<DateTime<Utc>>,
}

/// What is read of a session to see whether it goes on.
#[derive(Queryable, Selectable)]
#[diesel(table_name = sessions)]
pub(super) struct LivingRow {
    id: Uuid,
    pub(super) user_id: i64,
    used_at: DateTime<Utc>,
    refreshed_at: Option<DateTime<Utc>>,
    refresh_heard: bool,
}

impl LivingRow {
    pub(super) fn living(self, guest: bool) -> Option<Living> {
        let Self { id, user_id, used_at, refreshed_at, refresh_heard } = self;
        let unheard_since = refreshed_at.filter(|_| !refresh_heard);
        (Utc::now() < used_at + life(guest)).then_some(Living { id, user_id, guest, unheard_since })
    }
}

/// How long a session lives without being used.
pub fn life(guest: bool) -> Duration {
    Duration::days(if guest { GUEST_DAYS } else { ACCOUNT_DAYS })
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
        .select((LivingRow::as_select(), users::guest))
        .first::<(LivingRow, bool)>(connection)
        .await
        .optional()?;
    Ok(row.and_then(|(row, guest)| row.living(guest)))
}

/// What a user is signed in to, the last used first.
pub async fn of_user(
    connection: &mut AsyncPgConnection,
    user_id: i64,
    current: Uuid,
) -> Result<Vec<Session>, Error> {
    type Row = (LivingRow, bool, String, String, DateTime<Utc>);
    let rows = sessions::table
        .inner_join(users::table)
        .filter(dsl::user_id.eq(user_id).and(dsl::ended_at.is_null()))
        .order(dsl::used_at.desc())
        .select((LivingRow::as_select(), users::guest, dsl::program, dsl::system, dsl::created_at))
        .load::<Row>(connection)
        .await?;
    let session = |(row, guest, program, system, created_at): Row| {
        let used_at = row.used_at;
        let Living { id, .. } = row.living(guest)?;
        Some(Session { id, program, system, created_at, used_at, current: id == current })
    };
    Ok(rows.into_iter().filter_map(session).collect())
}

/// Notes that a session was used; every few minutes is enough.
pub async fn touch(connection: &mut AsyncPgConnection, id: Uuid) -> Result<(), Error> {
    diesel::update(sessions::table.find(id).filter(sql::<Bool>("used_at < now() - interval '5 minutes'")))
        .set(dsl::used_at.eq(now))
        .execute(connection)
        .await?;
    Ok(())
}

/// Whether its holder has shown lately, beyond having a token, that the account is theirs.
pub async fn is_proven(connection: &mut AsyncPgConnection, id: Uuid) -> Result<bool, Error> {
    let lately = sql::<Bool>("proven_at > now() - interval '10 minutes'");
    Ok(select(exists(sessions::table.find(id).filter(lately))).get_result(connection).await?)
}

/// Whether somebody was signed in to this account in this browser.
pub async fn knows_browser(
    connection: &mut AsyncPgConnection,
    user_id: i64,
    browser: Uuid,
) -> Result<bool, Error> {
    let here = sessions::table.filter(dsl::browser.eq(browser).and(dsl::user_id.eq(user_id)));
    Ok(select(exists(here)).get_result(connection).await?)
}

/// Its holder has just shown that the account is theirs.
pub async fn prove(connection: &mut AsyncPgConnection, id: Uuid) -> Result<(), Error> {
    diesel::update(sessions::table.find(id)).set(dsl::proven_at.eq(now)).execute(connection).await?;
    Ok(())
}

/// Ends a session of this user; false if there is none that goes on.
pub async fn end(connection: &mut AsyncPgConnection, user_id: i64, id: Uuid) -> Result<bool, Error> {
    let going_on = dsl::user_id.eq(user_id).and(dsl::ended_at.is_null());
    let ended = diesel::update(sessions::table.find(id).filter(going_on))
        .set(dsl::ended_at.eq(now))
        .execute(connection)
        .await?;
    Ok(ended > 0)
}

/// Ends all sessions of a user; returns those that were going on.
pub async fn end_all(connection: &mut AsyncPgConnection, user_id: i64) -> QueryResult<Vec<Uuid>> {
    diesel::update(sessions::table.filter(dsl::user_id.eq(user_id).and(dsl::ended_at.is_null())))
        .set(dsl::ended_at.eq(now))
        .returning(dsl::id)
        .get_results(connection)
        .await
}

/// Forgets what a user was signed in to. If they are banned anywhere, their browsers are still known by it, and nothing else.
pub(super) async fn forget_all(connection: &mut AsyncPgConnection, user_id: i64) -> QueryResult<()> {
    end_all(connection, user_id).await?;
    diesel::update(sessions::table.filter(dsl::user_id.eq(user_id)))
        .set((dsl::program.eq(""), dsl::system.eq("")))
        .execute(connection)
        .await?;
    let banned = members::table.filter(members::user_id.eq(user_id).and(members::standing.eq("banned")));
    diesel::delete(sessions::table.filter(dsl::user_id.eq(user_id).and(not(exists(banned)))))
        .execute(connection)
        .await?;
    Ok(())
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

/// Removes a bounded number of sessions that ended or ran out a month ago; returns how many. Those of somebody who is banned
/// stay: by them their browser is known again.
pub async fn sweep(connection: &mut AsyncPgConnection) -> Result<usize, Error> {
    let statement = format!(
        "DELETE FROM sessions WHERE id IN ( \
           SELECT s.id FROM sessions s JOIN users u ON u.id = s.user_id \
           WHERE coalesce(s.ended_at, s.used_at + \
               CASE WHEN u.guest THEN interval '{GUEST_DAYS} days' ELSE interval '{ACCOUNT_DAYS} days' END \
             ) < now() - interval '30 days' \
             AND NOT EXISTS (SELECT FROM members m WHERE m.user_id = s.user_id AND m.standing = 'banned') \
           LIMIT 1000)"
    );
    Ok(sql_query(statement).execute(connection).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_is_remembered_longer_than_an_account() {
        let used = |days: i64, guest: bool| {
            let used_at = Utc::now() - Duration::days(days);
            let id = Uuid::nil();
            LivingRow { id, user_id: 1, used_at, refreshed_at: None, refresh_heard: true }.living(guest)
        };
        assert!(used(29, false).is_some() && used(30, false).is_none());
        assert!(used(399, true).is_some() && used(400, true).is_none());
    }
}
