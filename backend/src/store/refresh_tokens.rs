//! Refresh tokens: the current one of each session in `sessions`, rotated ones in `spent_refresh_tokens`.

use chrono::{DateTime, Utc};
use diesel::{
    dsl::{exists, now},
    prelude::*,
    select, sql_query,
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{
    error::StoreError,
    schema::{
        sessions::{self, dsl},
        spent_refresh_tokens as spent, users,
    },
    sessions::{ActiveSession, SessionRow},
};

/// A token that was rotated.
#[derive(Queryable, Selectable)]
#[diesel(table_name = spent)]
pub struct SpentToken {
    pub session_id: Uuid,
    pub salt: Vec<u8>,
    pub spent_at: DateTime<Utc>,
}

pub async fn find_spent(
    connection: &mut AsyncPgConnection,
    token_hash: &[u8],
) -> Result<Option<SpentToken>, StoreError> {
    let token = spent::table.find(token_hash).select(SpentToken::as_select());
    Ok(token.first(connection).await.optional()?)
}

/// Locks the active session whose current token this is. Of two requests with the same token, the second finds it
/// rotated.
pub async fn lock_session_by_token(
    connection: &mut AsyncPgConnection,
    token_hash: &[u8],
) -> Result<Option<ActiveSession>, StoreError> {
    let row = sessions::table
        .filter(dsl::refresh_hash.eq(token_hash).and(dsl::ended_at.is_null()))
        .select(SessionRow::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()?;
    into_active(connection, row).await
}

/// Locks a session, if it is active.
pub async fn lock_session(
    connection: &mut AsyncPgConnection,
    id: Uuid,
) -> Result<Option<ActiveSession>, StoreError> {
    let row = sessions::table
        .find(id)
        .filter(dsl::ended_at.is_null())
        .select(SessionRow::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()?;
    into_active(connection, row).await
}

/// The session, unless it has expired or its account is deleted. The user's row is not locked: a change of a user locks
/// it before the sessions.
async fn into_active(
    connection: &mut AsyncPgConnection,
    row: Option<SessionRow>,
) -> Result<Option<ActiveSession>, StoreError> {
    let Some(row) = row else { return Ok(None) };
    let user = users::table.find(row.user_id).filter(users::deleted_at.is_null());
    let guest = user.select(users::guest).first::<bool>(connection).await.optional()?;
    Ok(guest.and_then(|guest| row.into_active(guest)))
}

/// Whether this is the current token of the session.
pub async fn is_current(
    connection: &mut AsyncPgConnection,
    session: Uuid,
    token_hash: &[u8],
) -> Result<bool, StoreError> {
    let current = sessions::table.find(session).filter(dsl::refresh_hash.eq(token_hash));
    Ok(select(exists(current)).get_result(connection).await?)
}

/// Replaces the current token of a session by the one derived from it with `salt`.
pub async fn rotate(
    connection: &mut AsyncPgConnection,
    session: Uuid,
    [old_hash, new_hash]: [&[u8]; 2],
    salt: &[u8],
) -> Result<(), StoreError> {
    diesel::insert_into(spent::table)
        .values((spent::refresh_hash.eq(old_hash), spent::session_id.eq(session), spent::salt.eq(salt)))
        .execute(connection)
        .await?;
    diesel::update(sessions::table.find(session))
        .set((
            dsl::refresh_hash.eq(new_hash),
            dsl::refreshed_at.eq(now),
            dsl::refresh_delivered.eq(false),
            dsl::used_at.eq(now),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

/// Deletes spent tokens after a day, except for the last one of each session, of which the response may have been lost. At
/// most 10,000; returns how many.
pub async fn delete_spent(connection: &mut AsyncPgConnection) -> Result<usize, StoreError> {
    let statement = sql_query(
        "DELETE FROM spent_refresh_tokens WHERE refresh_hash IN ( \
           SELECT refresh_hash FROM spent_refresh_tokens AS spent \
           WHERE spent_at < now() - interval '1 day' AND EXISTS ( \
             SELECT FROM spent_refresh_tokens AS later \
             WHERE later.session_id = spent.session_id AND later.spent_at > spent.spent_at) \
           LIMIT 10000)",
    );
    Ok(statement.execute(connection).await?)
}

/// Records that the client received the current token.
pub async fn confirm_delivery(connection: &mut AsyncPgConnection, session: Uuid) -> Result<(), StoreError> {
    diesel::update(sessions::table.find(session))
        .set(dsl::refresh_delivered.eq(true))
        .execute(connection)
        .await?;
    Ok(())
}
