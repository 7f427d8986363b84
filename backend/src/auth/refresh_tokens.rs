//! Rotation of refresh tokens. A token is replaced each time it is used. A spent token that is presented again was stolen
//! and ends its session.

use chrono::{Duration, Utc};
use diesel_async::{AsyncConnection, AsyncPgConnection};
use uuid::Uuid;

use super::opaque_token::{OpaqueToken, Salt};
use crate::store::{
    StoreError,
    refresh_tokens::{self as store, SpentToken},
    sessions::{self, ActiveSession},
};

/// Tabs of one browser may present the same token at once, and a response may be lost: for this long, a spent token is
/// answered with the current one.
const GRACE_SECONDS: i64 = 10;
/// How many rotations within the grace period are followed: a browser that opens with many tabs causes one for each.
const CHAIN_MAX: usize = 200;

/// The result of presenting a refresh token.
pub enum Redemption {
    /// The session and its current token.
    Rotated(ActiveSession, OpaqueToken),
    /// The token was spent before; its session was ended.
    Replayed(Uuid),
    /// No active session has or had this token.
    Unknown,
}

/// Rotates the presented token.
pub async fn redeem(
    connection: &mut AsyncPgConnection,
    token: &OpaqueToken,
) -> Result<Redemption, StoreError> {
    connection
        .transaction(async |connection| {
            if let Some(session) = store::lock_session_by_token(connection, &token.hash()).await? {
                let next = rotate(connection, session.id, token).await?;
                return Ok(Redemption::Rotated(session, next));
            }
            let Some((session, spent)) = find_former_session(connection, token).await? else {
                return Ok(Redemption::Unknown);
            };
            if let Some(next) = find_current_token(connection, token, &session, spent).await? {
                return Ok(Redemption::Rotated(session, next));
            }
            sessions::end(connection, session.user_id, session.id).await?;
            Ok(Redemption::Replayed(session.id))
        })
        .await
}

/// The active session that has or had this token. Does not rotate.
pub async fn find_session(
    connection: &mut AsyncPgConnection,
    token: &OpaqueToken,
) -> Result<Option<ActiveSession>, StoreError> {
    Ok(match store::lock_session_by_token(connection, &token.hash()).await? {
        None => find_former_session(connection, token).await?.map(|(session, _)| session),
        found => found,
    })
}

async fn find_former_session(
    connection: &mut AsyncPgConnection,
    token: &OpaqueToken,
) -> Result<Option<(ActiveSession, SpentToken)>, StoreError> {
    let Some(spent) = store::find_spent(connection, &token.hash()).await? else { return Ok(None) };
    let session = store::lock_session(connection, spent.session_id).await?;
    Ok(session.map(|session| (session, spent)))
}

/// Follows the rotations from a spent token to the current one: if it was spent within the grace period, or if it was the
/// last one and the client is not known to have received its successor.
async fn find_current_token(
    connection: &mut AsyncPgConnection,
    token: &OpaqueToken,
    session: &ActiveSession,
    spent: SpentToken,
) -> Result<Option<OpaqueToken>, StoreError> {
    let is_recent = Utc::now() < spent.spent_at + Duration::seconds(GRACE_SECONDS);
    let mut next = token.derive_next(&spent.salt);
    for _ in 0..CHAIN_MAX {
        if store::is_current(connection, session.id, &next.hash()).await? {
            return Ok((is_recent || session.undelivered_since.is_some()).then_some(next));
        }
        let spent = if is_recent { store::find_spent(connection, &next.hash()).await? } else { None };
        match spent {
            Some(spent) => next = next.derive_next(&spent.salt),
            None => break,
        }
    }
    Ok(None)
}

async fn rotate(
    connection: &mut AsyncPgConnection,
    session: Uuid,
    token: &OpaqueToken,
) -> Result<OpaqueToken, StoreError> {
    let salt: Salt = rand::random();
    let next = token.derive_next(&salt);
    store::rotate(connection, session, [&token.hash(), &next.hash()], &salt).await?;
    Ok(next)
}
