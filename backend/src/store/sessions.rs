//! The table `sessions`.

use chrono::{DateTime, Duration, Utc};
use diesel::{
    dsl::{exists, not, now, sql},
    prelude::*,
    select, sql_query,
    sql_types::Bool,
};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use shared::{id::UserId, member::MembershipStatus, session::SessionInfo, user::User};
use uuid::Uuid;

use super::{
    enum_columns::TextEnum,
    error::StoreError,
    schema::{
        members,
        sessions::{self, dsl},
        users,
    },
    users::{UserRow, raise_credentials_version},
};

/// A session expires after this many days without use. A guest cannot sign in again, so a guest's session lives as long
/// as browsers keep a cookie.
const GUEST_DAYS: i64 = 400;
const ACCOUNT_DAYS: i64 = 30;

/// A session to store.
#[derive(Insertable)]
#[diesel(table_name = sessions)]
pub struct NewSession {
    pub user_id: UserId,
    #[diesel(embed)]
    pub details: SessionDetails,
}

/// A session to store, without its user.
#[derive(Insertable)]
#[diesel(table_name = sessions)]
pub struct SessionDetails {
    pub id: Uuid,
    /// SHA-256 of the refresh token.
    pub refresh_hash: Vec<u8>,
    pub browser_id: Option<Uuid>,
    pub user_agent: String,
    pub os: String,
}

/// A session that has neither ended nor expired.
#[derive(Clone, Debug)]
pub struct ActiveSession {
    pub id: Uuid,
    pub user_id: UserId,
    pub guest: bool,
    /// When the refresh token was last rotated, if the client is not known to have received the new one.
    pub undelivered_since: Option<DateTime<Utc>>,
}

/// The columns that tell whether a session is active.
#[derive(Queryable, Selectable)]
#[diesel(table_name = sessions)]
pub(super) struct SessionRow {
    id: Uuid,
    pub(super) user_id: UserId,
    used_at: DateTime<Utc>,
    refreshed_at: Option<DateTime<Utc>>,
    refresh_delivered: bool,
}

impl SessionRow {
    /// The session, unless it has expired.
    pub(super) fn into_active(self, guest: bool) -> Option<ActiveSession> {
        let Self { id, user_id, used_at, refreshed_at, refresh_delivered } = self;
        let undelivered_since = refreshed_at.filter(|_| !refresh_delivered);
        let session = ActiveSession { id, user_id, guest, undelivered_since };
        (Utc::now() < used_at + lifetime(guest)).then_some(session)
    }
}

/// How long an unused session lives.
pub fn lifetime(guest: bool) -> Duration {
    Duration::days(if guest { GUEST_DAYS } else { ACCOUNT_DAYS })
}

/// Starts a session after a sign-in; false if the credentials have changed since `credentials_version` was read.
pub async fn start(
    connection: &mut AsyncPgConnection,
    new: NewSession,
    credentials_version: i64,
) -> Result<bool, StoreError> {
    connection
        .transaction(async |connection| {
            let unchanged = users::id.eq(new.user_id).and(users::credentials_version.eq(credentials_version));
            // The shared lock makes a concurrent change of the credentials wait, and then end this session too.
            let locked = users::table
                .filter(unchanged.and(users::deleted_at.is_null()))
                .select(users::id)
                .for_share()
                .first::<UserId>(connection)
                .await
                .optional()?;
            if locked.is_some() {
                insert(connection, new).await?;
            }
            Ok(locked.is_some())
        })
        .await
}

pub async fn insert(connection: &mut AsyncPgConnection, new: NewSession) -> Result<(), StoreError> {
    diesel::insert_into(sessions::table).values(new).execute(connection).await?;
    Ok(())
}

pub async fn find(connection: &mut AsyncPgConnection, id: Uuid) -> Result<Option<ActiveSession>, StoreError> {
    let row = sessions::table
        .inner_join(users::table)
        .filter(dsl::id.eq(id).and(dsl::ended_at.is_null()))
        .select((SessionRow::as_select(), users::guest))
        .first::<(SessionRow, bool)>(connection)
        .await
        .optional()?;
    Ok(row.and_then(|(row, guest)| row.into_active(guest)))
}

/// An active session and its user with their e-mail, unless the user is deleted.
pub async fn find_with_user(
    connection: &mut AsyncPgConnection,
    id: Uuid,
) -> Result<Option<(ActiveSession, User)>, StoreError> {
    let row = sessions::table
        .inner_join(users::table)
        .filter(dsl::id.eq(id).and(dsl::ended_at.is_null()).and(users::deleted_at.is_null()))
        .select((SessionRow::as_select(), UserRow::as_select(), users::email))
        .first::<(SessionRow, UserRow, String)>(connection)
        .await
        .optional()?;
    Ok(row.and_then(|(row, user, email)| {
        let user = User { email, ..user.into_user() };
        Some((row.into_active(user.guest)?, user))
    }))
}

/// The user's sessions, the last used first.
pub async fn list_for_user(
    connection: &mut AsyncPgConnection,
    user_id: UserId,
    current: Uuid,
) -> Result<Vec<SessionInfo>, StoreError> {
    type Row = (SessionRow, bool, String, String, DateTime<Utc>);
    let rows = sessions::table
        .inner_join(users::table)
        .filter(dsl::user_id.eq(user_id).and(dsl::ended_at.is_null()))
        .order(dsl::used_at.desc())
        .select((SessionRow::as_select(), users::guest, dsl::user_agent, dsl::os, dsl::created_at))
        .load::<Row>(connection)
        .await?;
    let session = |(row, guest, user_agent, os, created_at): Row| {
        let used_at = row.used_at;
        let ActiveSession { id, .. } = row.into_active(guest)?;
        Some(SessionInfo { id, user_agent, os, created_at, used_at, current: id == current })
    };
    Ok(rows.into_iter().filter_map(session).collect())
}

/// Records that a session is in use, at most every 5 minutes.
pub async fn touch(connection: &mut AsyncPgConnection, id: Uuid) -> Result<(), StoreError> {
    diesel::update(sessions::table.find(id).filter(sql::<Bool>("used_at < now() - interval '5 minutes'")))
        .set(dsl::used_at.eq(now))
        .execute(connection)
        .await?;
    Ok(())
}

/// Whether the user re-authenticated within the last 10 minutes.
pub async fn is_recently_reauthenticated(
    connection: &mut AsyncPgConnection,
    id: Uuid,
) -> Result<bool, StoreError> {
    let recently = sql::<Bool>("reauthenticated_at > now() - interval '10 minutes'");
    Ok(select(exists(sessions::table.find(id).filter(recently))).get_result(connection).await?)
}

pub async fn mark_reauthenticated(connection: &mut AsyncPgConnection, id: Uuid) -> Result<(), StoreError> {
    let update = diesel::update(sessions::table.find(id)).set(dsl::reauthenticated_at.eq(now));
    update.execute(connection).await?;
    Ok(())
}

/// Whether the user has or had a session in this browser.
pub async fn has_used_browser(
    connection: &mut AsyncPgConnection,
    user_id: UserId,
    browser_id: Uuid,
) -> Result<bool, StoreError> {
    let in_browser = sessions::table.filter(dsl::browser_id.eq(browser_id).and(dsl::user_id.eq(user_id)));
    Ok(select(exists(in_browser)).get_result(connection).await?)
}

/// Ends a session of this user; false if there is no such session.
pub async fn end(connection: &mut AsyncPgConnection, user_id: UserId, id: Uuid) -> Result<bool, StoreError> {
    let active = dsl::user_id.eq(user_id).and(dsl::ended_at.is_null());
    let ended = diesel::update(sessions::table.find(id).filter(active))
        .set(dsl::ended_at.eq(now))
        .execute(connection)
        .await?;
    Ok(ended > 0)
}

/// Ends all sessions of a user, also those that sign-ins are about to start; returns those that were active.
pub async fn end_all(connection: &mut AsyncPgConnection, user_id: UserId) -> Result<Vec<Uuid>, StoreError> {
    raise_credentials_version(connection, user_id).await?;
    let ended = diesel::update(sessions::table.filter(dsl::user_id.eq(user_id).and(dsl::ended_at.is_null())))
        .set(dsl::ended_at.eq(now))
        .returning(dsl::id)
        .get_results(connection)
        .await?;
    Ok(ended)
}

/// Ends all sessions of a user but one, also those that sign-ins are about to start; returns those that were active.
pub(super) async fn end_others(
    connection: &mut AsyncPgConnection,
    user_id: UserId,
    kept: Uuid,
) -> Result<Vec<Uuid>, StoreError> {
    raise_credentials_version(connection, user_id).await?;
    let others = dsl::user_id.eq(user_id).and(dsl::id.ne(kept)).and(dsl::ended_at.is_null());
    let ended = diesel::update(sessions::table.filter(others))
        .set(dsl::ended_at.eq(now))
        .returning(dsl::id)
        .get_results(connection)
        .await?;
    Ok(ended)
}

/// Ends and erases the sessions of a user. If the user is banned from a chat, the browser ids stay, without other data:
/// they enforce the ban.
pub(super) async fn erase_for_user(
    connection: &mut AsyncPgConnection,
    user_id: UserId,
) -> Result<(), StoreError> {
    end_all(connection, user_id).await?;
    diesel::update(sessions::table.filter(dsl::user_id.eq(user_id)))
        .set((dsl::user_agent.eq(""), dsl::os.eq("")))
        .execute(connection)
        .await?;
    let bans = members::user_id.eq(user_id).and(members::status.eq(MembershipStatus::Banned.bind()));
    let banned = members::table.filter(bans);
    diesel::delete(sessions::table.filter(dsl::user_id.eq(user_id).and(not(exists(banned)))))
        .execute(connection)
        .await?;
    Ok(())
}

/// Deletes at most 1,000 sessions that ended or expired 30 days ago; returns how many. Sessions of banned users stay:
/// their browser ids enforce the ban.
pub async fn delete_expired(connection: &mut AsyncPgConnection) -> Result<usize, StoreError> {
    let statement = format!(
        "DELETE FROM sessions WHERE id IN ( \
           SELECT s.id FROM sessions s JOIN users u ON u.id = s.user_id \
           WHERE coalesce(s.ended_at, s.used_at + \
               CASE WHEN u.guest THEN interval '{GUEST_DAYS} days' ELSE interval '{ACCOUNT_DAYS} days' END \
             ) < now() - interval '30 days' \
             AND NOT EXISTS (SELECT FROM members m WHERE m.user_id = s.user_id AND m.status = 'banned') \
           LIMIT 1000)"
    );
    Ok(sql_query(statement).execute(connection).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guest_session_outlives_account_session() {
        let used_days_ago = |days: i64, guest: bool| {
            let (id, used_at) = (Uuid::nil(), Utc::now() - Duration::days(days));
            SessionRow { id, user_id: UserId::new(1), used_at, refreshed_at: None, refresh_delivered: true }
                .into_active(guest)
        };
        assert!(used_days_ago(29, false).is_some() && used_days_ago(30, false).is_none());
        assert!(used_days_ago(399, true).is_some() && used_days_ago(400, true).is_none());
    }
}
