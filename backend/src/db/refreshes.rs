//! What gets a session's further tokens. It is replaced each time that it is used; what was used before and comes again
//! has been stolen, from its holder or by them, and ends the session.

use chrono::{DateTime, Duration, Utc};
use diesel::{
    dsl::{exists, now},
    prelude::*,
    select,
};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{
    schema::{
        sessions::{self, dsl},
        spent_refreshes as spent, users,
    },
    sessions::{Living, LivingRow},
};
use crate::{
    problem::Error,
    secret::{Salt, Secret},
};

/// Tabs of one browser may show the same at once, and an answer may be lost: for so many seconds, whoever shows what was
/// replaced is told what took its place.
const GRACE_SECONDS: i64 = 10;
/// A browser that opens with all its tabs replaces it as often in a moment.
const CHAIN_MAX: usize = 200;

/// What comes of showing a secret.
pub enum Shown {
    /// The session, and what gets the next token.
    Good(Living, Secret),
    /// It was used before, and its session has been ended for that.
    Reused(Uuid),
    /// No session that goes on knows it.
    Unknown,
}

/// Replaces what was shown.
pub async fn show(connection: &mut AsyncPgConnection, shown: &Secret) -> Result<Shown, Error> {
    connection
        .transaction(async |connection| {
            if let Some(session) = current(connection, shown).await? {
                let next = replace(connection, session.id, shown).await?;
                return Ok(Shown::Good(session, next));
            }
            let Some((session, replaced)) = former(connection, shown).await? else {
                return Ok(Shown::Unknown);
            };
            if let Some(next) = answer_again(connection, shown, &session, replaced).await? {
                return Ok(Shown::Good(session, next));
            }
            diesel::update(sessions::table.find(session.id))
                .set(dsl::ended_at.eq(now))
                .execute(connection)
                .await?;
            Ok(Shown::Reused(session.id))
        })
        .await
}

/// The session that a secret belongs or belonged to, if it goes on. Nothing is replaced.
pub async fn session_of(connection: &mut AsyncPgConnection, shown: &Secret) -> Result<Option<Living>, Error> {
    Ok(match current(connection, shown).await? {
        None => former(connection, shown).await?.map(|(session, _)| session),
        found => found,
    })
}

/// Something shows that the last answer arrived.
pub async fn heard(connection: &mut AsyncPgConnection, session: Uuid) -> Result<(), Error> {
    diesel::update(sessions::table.find(session))
        .set(dsl::refresh_heard.eq(true))
        .execute(connection)
        .await?;
    Ok(())
}

/// A secret that was replaced.
#[derive(Queryable, Selectable)]
#[diesel(table_name = spent)]
struct Replaced {
    session_id: Uuid,
    salt: Vec<u8>,
    spent_at: DateTime<Utc>,
}

/// What took the place of this secret, and of that, up to the one that is good now: if it was replaced a moment ago, or if
/// it was the last and nobody heard of that.
async fn answer_again(
    connection: &mut AsyncPgConnection,
    shown: &Secret,
    session: &Living,
    replaced: Replaced,
) -> QueryResult<Option<Secret>> {
    let is_lately = Utc::now() < replaced.spent_at + Duration::seconds(GRACE_SECONDS);
    let mut next = shown.successor(&replaced.salt);
    for _ in 0..CHAIN_MAX {
        if is_current(connection, session.id, &next).await? {
            return Ok((is_lately || session.unheard_since.is_some()).then_some(next));
        }
        let further = if is_lately { find_replaced(connection, &next).await? } else { None };
        match further {
            Some(replaced) => next = next.successor(&replaced.salt),
            None => break,
        }
    }
    Ok(None)
}

async fn is_current(connection: &mut AsyncPgConnection, session: Uuid, secret: &Secret) -> QueryResult<bool> {
    let found = sessions::table.find(session).filter(dsl::refresh_hash.eq(secret.hash()));
    select(exists(found)).get_result(connection).await
}

async fn find_replaced(connection: &mut AsyncPgConnection, shown: &Secret) -> QueryResult<Option<Replaced>> {
    spent::table.find(shown.hash()).select(Replaced::as_select()).first(connection).await.optional()
}

async fn current(connection: &mut AsyncPgConnection, shown: &Secret) -> QueryResult<Option<Living>> {
    let row = sessions::table
        .filter(dsl::refresh_hash.eq(shown.hash()).and(dsl::ended_at.is_null()))
        .select(LivingRow::as_select())
        // Of two who show the same at once, the second finds it replaced.
        .for_update()
        .first(connection)
        .await
        .optional()?;
    living(connection, row).await
}

async fn former(
    connection: &mut AsyncPgConnection,
    shown: &Secret,
) -> QueryResult<Option<(Living, Replaced)>> {
    let Some(replaced) = find_replaced(connection, shown).await? else { return Ok(None) };
    let row = sessions::table
        .find(replaced.session_id)
        .filter(dsl::ended_at.is_null())
        .select(LivingRow::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()?;
    Ok(living(connection, row).await?.map(|session| (session, replaced)))
}

/// The session, unless it has run out or its account is gone. The user is only looked at: whoever changes one locks it
/// before the sessions.
async fn living(connection: &mut AsyncPgConnection, row: Option<LivingRow>) -> QueryResult<Option<Living>> {
    let Some(row) = row else { return Ok(None) };
    let user = users::table.find(row.user_id).filter(users::deleted_at.is_null());
    let guest = user.select(users::guest).first::<bool>(connection).await.optional()?;
    Ok(guest.and_then(|guest| row.living(guest)))
}

async fn replace(connection: &mut AsyncPgConnection, session: Uuid, shown: &Secret) -> QueryResult<Secret> {
    let salt: Salt = rand::random();
    let next = shown.successor(&salt);
    diesel::insert_into(spent::table)
        .values((
            spent::refresh_hash.eq(shown.hash()),
            spent::session_id.eq(session),
            spent::salt.eq(salt.as_slice()),
        ))
        .execute(connection)
        .await?;
    diesel::update(sessions::table.find(session))
        .set((
            dsl::refresh_hash.eq(next.hash()),
            dsl::refreshed_at.eq(now),
            dsl::refresh_heard.eq(false),
            dsl::used_at.eq(now),
        ))
        .execute(connection)
        .await?;
    Ok(next)
}
