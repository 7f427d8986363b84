//! Guests: users without a password.

use anyhow::anyhow;
use diesel::{
    dsl::now,
    pg::Pg,
    prelude::*,
    sql_query,
    sql_types::{BigInt, Bytea, Nullable, Text, Uuid as SqlUuid},
};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use rand::RngExt;
use shared::{
    id::UserId,
    member::Member,
    problem::ProblemCode,
    user::{ClaimAccount, User},
};
use uuid::Uuid;

use super::{
    chats::HeadAdvance,
    data_exports,
    error::{OnConstraint, StoreError},
    members,
    schema::users::{self, dsl},
    sessions::{self, NewSession, SessionDetails},
    static_query::{Columns, StaticQuery},
    users::{USERNAME_CONSTRAINT, UserRow, normalize_username, username_taken},
};

/// Generated usernames have this many random characters: 2.8 · 10^12 names.
const RANDOM_LENGTH: usize = 8;
const CHARACTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
/// How many names are tried.
const ATTEMPTS_MAX: usize = 8;

/// The result of [`claim`].
pub struct ClaimedAccount {
    pub user: User,
    pub ended_sessions: Vec<Uuid>,
    pub changed_members: Vec<(HeadAdvance, Member)>,
}

/// One statement, and so one commit. Returns nothing if the username is taken.
const CREATE: &str = "
    WITH created AS (
        INSERT INTO users (username, username_key, display_name, guest) VALUES (?, ?, ?, true)
        ON CONFLICT DO NOTHING RETURNING *),
    session AS (
        INSERT INTO sessions (user_id, id, refresh_hash, browser_id, user_agent, os)
        SELECT id, ?, ?, ?, ?, ? FROM created)
    SELECT ? FROM created AS users";

/// Creates a guest with a generated username, and a session of theirs.
pub async fn create(
    connection: &mut AsyncPgConnection,
    display_name: &str,
    session: &SessionDetails,
) -> Result<User, StoreError> {
    for _ in 0..ATTEMPTS_MAX {
        let username = generate_username();
        let created = StaticQuery::<Columns<UserRow>>::new(CREATE)
            .bind::<Text, _>(&username)
            .bind::<Text, _>(normalize_username(&username))
            .bind::<Text, _>(display_name)
            .bind::<SqlUuid, _>(session.id)
            .bind::<Bytea, _>(&session.refresh_hash)
            .bind::<Nullable<SqlUuid>, _>(session.browser_id)
            .bind::<Text, _>(&session.user_agent)
            .bind::<Text, _>(&session.os)
            .columns(<UserRow as Selectable<Pg>>::construct_selection())
            .get_result::<UserRow>(connection)
            .await
            .optional()?;
        if let Some(row) = created {
            return Ok(row.into_user());
        }
    }
    Err(anyhow!("no free username was found for a guest").into())
}

fn generate_username() -> String {
    let mut random = rand::rng();
    let character = || CHARACTERS.get(random.random_range(0..CHARACTERS.len())).copied().map(char::from);
    let name: String = std::iter::repeat_with(character).take(RANDOM_LENGTH).flatten().collect();
    format!("guest-{name}")
}

/// Turns a guest into an account: numbers the change in each of their chats, ends all their sessions and starts a new
/// one.
pub async fn claim(
    connection: &mut AsyncPgConnection,
    claim: &ClaimAccount,
    password_hash: &str,
    session: NewSession,
) -> Result<ClaimedAccount, StoreError> {
    let id = session.user_id;
    connection
        .transaction(async |connection| {
            let chats = members::lock_chats_of_user(connection, id).await?;
            let guest = users::table.filter(dsl::id.eq(id).and(dsl::guest).and(dsl::deleted_at.is_null()));
            let claimed = diesel::update(guest)
                .set((
                    dsl::username.eq(&claim.username),
                    dsl::username_key.eq(normalize_username(&claim.username)),
                    dsl::email.eq(&claim.email),
                    dsl::password_hash.eq(password_hash),
                    dsl::guest.eq(false),
                    dsl::claimed_at.eq(now),
                ))
                .returning(UserRow::as_returning())
                .get_result(connection)
                .await
                .optional()
                .on_constraint(USERNAME_CONSTRAINT, username_taken("username"))?;
            // A concurrent request with the same session was faster.
            let user = claimed.ok_or(ProblemCode::Conflict)?.into_user();
            let ended_sessions = sessions::end_all(connection, id).await?;
            sessions::insert(connection, session).await?;
            let changed_members = members::bump_revision(connection, id, chats).await?;
            let user = User { email: claim.email.clone(), ..user };
            Ok(ClaimedAccount { user, ended_sessions, changed_members })
        })
        .await
}

/// The condition for an inactive guest: for 30 days neither a request nor a message.
const IS_INACTIVE: &str = "u.guest AND u.deleted_at IS NULL AND u.created_at < now() - interval '30 days' \
    AND NOT EXISTS (SELECT FROM sessions s \
        WHERE s.user_id = u.id AND s.used_at >= now() - interval '30 days') \
    AND NOT EXISTS (SELECT FROM members m JOIN messages posted USING (chat_id, user_id) \
        WHERE m.user_id = u.id AND posted.created_at >= now() - interval '30 days')";

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = BigInt)]
    id: UserId,
}

/// At most `limit` inactive guests.
pub async fn list_inactive(
    connection: &mut AsyncPgConnection,
    limit: i64,
) -> Result<Vec<UserId>, StoreError> {
    let statement = format!("SELECT u.id FROM users u WHERE {IS_INACTIVE} ORDER BY u.created_at LIMIT $1");
    let rows: Vec<Id> = sql_query(statement).bind::<BigInt, _>(limit).load(connection).await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Removes a guest from their chats and ends their sessions; the messages stay under their name. `None` if the guest
/// has become active again.
pub async fn remove(
    connection: &mut AsyncPgConnection,
    id: UserId,
) -> Result<Option<Vec<(HeadAdvance, Member)>>, StoreError> {
    connection
        .transaction(async |connection| {
            let chats = members::lock_chats_of_user(connection, id).await?;
            let statement = format!("SELECT u.id FROM users u WHERE u.id = $1 AND {IS_INACTIVE} FOR UPDATE");
            let inactive: Vec<Id> = sql_query(statement).bind::<BigInt, _>(id).load(connection).await?;
            if inactive.is_empty() {
                return Ok(None);
            }
            diesel::update(users::table.find(id))
                .set((dsl::username_key.eq(None::<String>), dsl::deleted_at.eq(now)))
                .execute(connection)
                .await?;
            sessions::end_all(connection, id).await?;
            data_exports::delete_for_user(connection, id).await?;
            members::leave_all(connection, id).await?;
            Ok(Some(members::bump_revision(connection, id, chats).await?))
        })
        .await
}
