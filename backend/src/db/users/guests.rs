//! Guests: users without a password. One begins, becomes an account, or is not seen any more.

use anyhow::anyhow;
use diesel::{dsl::now, prelude::*, sql_query, sql_types::BigInt};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use rand::RngExt;
use shared::{
    member::Member,
    problem::ProblemCode,
    user::{Claim, User},
};
use uuid::Uuid;

use super::{
    UserRow, key, taken,
    users::{self, dsl},
};
use crate::{
    db::{
        OnConstraint,
        chats::Raised,
        exports, members,
        sessions::{self, NewSession},
    },
    problem::Error,
};

/// The characters of the names that guests get, and how many there are: 2.8 million million names.
const CHARACTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const LENGTH: usize = 8;
const TRIES: usize = 8;

/// What became of a guest who has claimed an account.
pub struct Claimed {
    pub user: User,
    /// The sessions that ended with it.
    pub ended: Vec<Uuid>,
    pub told: Vec<(Raised, Member)>,
}

/// A guest under a username that nobody has.
pub async fn create(connection: &mut AsyncPgConnection, display_name: &str) -> Result<User, Error> {
    for _ in 0..TRIES {
        let username = username();
        let made = diesel::insert_into(users::table)
            .values((
                dsl::username.eq(&username),
                dsl::username_key.eq(key(&username)),
                dsl::display_name.eq(display_name),
                dsl::guest.eq(true),
            ))
            .on_conflict_do_nothing()
            .returning(UserRow::as_returning())
            .get_result(connection)
            .await
            .optional()?;
        if let Some(row) = made {
            return Ok(row.into_user());
        }
    }
    Err(anyhow!("no name is left for a guest").into())
}

fn username() -> String {
    let mut random = rand::rng();
    let character = || CHARACTERS.get(random.random_range(0..CHARACTERS.len())).copied().map(char::from);
    let name: String = std::iter::repeat_with(character).take(LENGTH).flatten().collect();
    format!("guest-{name}")
}

/// Makes a guest an account: every chat they are in gets the next number for it, all that they had signed in to ends, and
/// `session` begins.
pub async fn claim(
    connection: &mut AsyncPgConnection,
    claim: &Claim,
    password_hash: &str,
    session: NewSession,
) -> Result<Claimed, Error> {
    let id = session.user_id;
    connection
        .transaction(async |connection| {
            let chats = members::lock_chats_of(connection, id).await?;
            let guest = users::table.filter(dsl::id.eq(id).and(dsl::guest).and(dsl::deleted_at.is_null()));
            let claimed = diesel::update(guest)
                .set((
                    dsl::username.eq(&claim.username),
                    dsl::username_key.eq(key(&claim.username)),
                    dsl::email.eq(&claim.email),
                    dsl::password_hash.eq(password_hash),
                    dsl::guest.eq(false),
                    dsl::claimed_at.eq(now),
                ))
                .returning(UserRow::as_returning())
                .get_result(connection)
                .await
                .optional()
                .on_constraint("users_username_key", || taken("username"))?;
            // Somebody else with the same session was faster.
            let user = claimed.ok_or(ProblemCode::Conflict)?.into_user();
            let ended = sessions::end_all(connection, id).await?;
            sessions::begin(connection, session).await?;
            let told = members::touch(connection, id, chats).await?;
            Ok(Claimed { user: User { email: claim.email.clone(), ..user }, ended, told })
        })
        .await
}

/// What has to be true of a guest who is not seen any more, for 30 days.
const IDLE: &str = "u.guest AND u.deleted_at IS NULL AND u.created_at < now() - interval '30 days' \
    AND NOT EXISTS (SELECT FROM sessions s \
        WHERE s.user_id = u.id AND s.used_at >= now() - interval '30 days') \
    AND NOT EXISTS (SELECT FROM members m JOIN messages said USING (chat_id, user_id) \
        WHERE m.user_id = u.id AND said.created_at >= now() - interval '30 days')";

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// At most `limit` guests who are not seen any more.
pub async fn idle(connection: &mut AsyncPgConnection, limit: i64) -> Result<Vec<i64>, Error> {
    let statement = format!("SELECT u.id FROM users u WHERE {IDLE} ORDER BY u.created_at LIMIT $1");
    let rows: Vec<Id> = sql_query(statement).bind::<BigInt, _>(limit).load(connection).await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Removes a guest, unless they have come back: they leave their chats, and what they said stays under their name. Nothing
/// if they have.
pub async fn remove(
    connection: &mut AsyncPgConnection,
    id: i64,
) -> Result<Option<Vec<(Raised, Member)>>, Error> {
    connection
        .transaction(async |connection| {
            let chats = members::lock_chats_of(connection, id).await?;
            let still = format!("SELECT u.id FROM users u WHERE u.id = $1 AND {IDLE} FOR UPDATE");
            let still: Vec<Id> = sql_query(still).bind::<BigInt, _>(id).load(connection).await?;
            if still.is_empty() {
                return Ok(None);
            }
            diesel::update(users::table.find(id))
                .set((dsl::username_key.eq(None::<String>), dsl::deleted_at.eq(now)))
                .execute(connection)
                .await?;
            sessions::end_all(connection, id).await?;
            exports::remove_all(connection, id).await?;
            members::leave_all(connection, id).await?;
            Ok(Some(members::touch(connection, id, chats).await?))
        })
        .await
}
