//! The table of exports, and everything that one of them holds.

use chrono::{DateTime, Duration, Utc};
use diesel::{
    dsl::{now, sql},
    prelude::*,
    sql_query,
    sql_types::{BigInt, Bool, Jsonb},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use serde_json::Value;
use shared::export::{Export, State};
use uuid::Uuid;

use super::schema::{
    exports::{self, dsl},
    members, messages,
};
use crate::problem::Error;

/// How long a file is kept.
const KEPT_HOURS: i64 = 24;

type Row = (Uuid, String, DateTime<Utc>, i64, i64, Option<i64>, Option<DateTime<Utc>>);

/// What is read of an export.
type Columns = (dsl::id, dsl::state, dsl::created_at, dsl::done, dsl::total, dsl::bytes, dsl::ended_at);
const COLUMNS: Columns =
    (dsl::id, dsl::state, dsl::created_at, dsl::done, dsl::total, dsl::bytes, dsl::ended_at);

fn export((id, state, created_at, done, total, bytes, ended_at): Row) -> Export {
    let state = match state.as_str() {
        "waiting" => State::Waiting,
        "running" => State::Running,
        "ready" => State::Ready,
        _ => State::Failed,
    };
    let expires_at = ended_at.filter(|_| state == State::Ready).map(|at| at + Duration::hours(KEPT_HOURS));
    let (done, total, bytes) = (done.unsigned_abs(), total.unsigned_abs(), bytes.map(i64::unsigned_abs));
    Export { id, state, created_at, done, total, bytes, expires_at }
}

/// Begins one; nothing if one is under way.
pub async fn begin(connection: &mut AsyncPgConnection, user_id: i64) -> Result<Option<Export>, Error> {
    let begun = diesel::insert_into(exports::table)
        .values((dsl::id.eq(Uuid::new_v4()), dsl::user_id.eq(user_id)))
        .on_conflict_do_nothing()
        .returning(COLUMNS)
        .get_result::<Row>(connection)
        .await
        .optional()?;
    Ok(begun.map(export))
}

/// One of the user's.
pub async fn find(
    connection: &mut AsyncPgConnection,
    user_id: i64,
    id: Uuid,
) -> Result<Option<Export>, Error> {
    let own = exports::table.find(id).filter(dsl::user_id.eq(user_id));
    Ok(own.select(COLUMNS).first::<Row>(connection).await.optional()?.map(export))
}

/// All of the user's, the newest first.
pub async fn of_user(connection: &mut AsyncPgConnection, user_id: i64) -> Result<Vec<Export>, Error> {
    let own = exports::table.filter(dsl::user_id.eq(user_id)).order(dsl::created_at.desc());
    let rows = own.select(COLUMNS).load::<Row>(connection).await?;
    Ok(rows.into_iter().map(export).collect())
}

/// Those that were under way when a server ended, with their users.
pub async fn unfinished(connection: &mut AsyncPgConnection) -> Result<Vec<(Uuid, i64)>, Error> {
    let under_way = exports::table.filter(dsl::state.eq_any(["waiting", "running"]));
    Ok(under_way.order(dsl::created_at).select((dsl::id, dsl::user_id)).load(connection).await?)
}

/// It is being written, from the beginning.
pub async fn start(connection: &mut AsyncPgConnection, id: Uuid, total: i64) -> Result<(), Error> {
    diesel::update(exports::table.find(id))
        .set((dsl::state.eq("running"), dsl::done.eq(0), dsl::total.eq(total)))
        .execute(connection)
        .await?;
    Ok(())
}

/// So many messages are written; false if nobody wants it any more.
pub async fn progress(connection: &mut AsyncPgConnection, id: Uuid, done: i64) -> Result<bool, Error> {
    let updated = diesel::update(exports::table.find(id)).set(dsl::done.eq(done)).execute(connection).await?;
    Ok(updated > 0)
}

/// The file is whole, or it never will be; false if nobody wants it any more.
pub async fn end(connection: &mut AsyncPgConnection, id: Uuid, bytes: Option<i64>) -> Result<bool, Error> {
    let state = if bytes.is_some() { "ready" } else { "failed" };
    let ended = diesel::update(exports::table.find(id))
        .set((dsl::state.eq(state), dsl::bytes.eq(bytes), dsl::ended_at.eq(now)))
        .execute(connection)
        .await?;
    Ok(ended > 0)
}

/// Forgets those whose time is over; their files go with them.
pub async fn sweep(connection: &mut AsyncPgConnection) -> Result<(), Error> {
    let over = sql::<Bool>(&format!("ended_at < now() - interval '{KEPT_HOURS} hours'"));
    diesel::delete(exports::table.filter(over)).execute(connection).await?;
    Ok(())
}

pub(super) async fn remove_all(connection: &mut AsyncPgConnection, user_id: i64) -> QueryResult<()> {
    diesel::delete(exports::table.filter(dsl::user_id.eq(user_id))).execute(connection).await?;
    Ok(())
}

/// The numbers of all exports whose files are to be kept.
pub async fn all(connection: &mut AsyncPgConnection) -> Result<Vec<Uuid>, Error> {
    Ok(exports::table.select(dsl::id).load(connection).await?)
}

#[derive(QueryableByName)]
struct Document {
    #[diesel(sql_type = Jsonb)]
    document: Value,
}

/// Who somebody is, and by what they sign in; no secrets.
const ACCOUNT: &str = "
    SELECT jsonb_build_object(
        'id', u.id, 'username', u.username, 'display_name', u.display_name, 'email', u.email,
        'recovery_email', u.recovery_email, 'first_name', u.first_name, 'last_name', u.last_name,
        'guest', u.guest, 'created_at', u.created_at, 'claimed_at', u.claimed_at,
        'second_factor_since', (SELECT confirmed_at FROM second_factors WHERE user_id = u.id),
        'sessions', (SELECT coalesce(jsonb_agg(jsonb_build_object('program', program, 'system', system,
            'created_at', created_at, 'used_at', used_at, 'ended_at', ended_at) ORDER BY created_at), '[]')
            FROM sessions WHERE user_id = u.id),
        'passkeys', (SELECT coalesce(jsonb_agg(jsonb_build_object('label', label,
            'created_at', created_at, 'used_at', used_at) ORDER BY created_at), '[]')
            FROM passkeys WHERE user_id = u.id)
    ) AS document FROM users u WHERE u.id = $1";

/// Which chats they are or were in, and what they did there. The address of a chat that somebody is out of is not theirs.
const CHATS: &str = "
    SELECT coalesce(jsonb_agg(jsonb_build_object(
        'id', c.id, 'uri', CASE WHEN m.standing = 'in' THEN c.uri END, 'name', c.name, 'topic', c.topic,
        'role', m.role, 'standing', m.standing, 'joined_at', m.created_at, 'muted', m.muted, 'read_seq', m.read_seq,
        'links', (SELECT coalesce(jsonb_agg(jsonb_build_object('label', label, 'role', role, 'created_at', created_at,
            'expires_at', expires_at, 'uses_max', uses_max, 'uses', uses, 'revoked_at', revoked_at) ORDER BY id), '[]')
            FROM links WHERE chat_id = c.id AND created_by = m.user_id),
        'acts', (SELECT coalesce(jsonb_agg(jsonb_build_object('act', act, 'created_at', created_at) ORDER BY id), '[]')
            FROM audit WHERE chat_id = c.id AND user_id = m.user_id)
    ) ORDER BY m.created_at), '[]') AS document
    FROM members m JOIN chats c ON c.id = m.chat_id AND c.deleted_at IS NULL WHERE m.user_id = $1";

pub async fn account(connection: &mut AsyncPgConnection, user_id: i64) -> Result<Value, Error> {
    document(connection, ACCOUNT, user_id).await
}

pub async fn chats(connection: &mut AsyncPgConnection, user_id: i64) -> Result<Value, Error> {
    document(connection, CHATS, user_id).await
}

async fn document(connection: &mut AsyncPgConnection, query: &str, user_id: i64) -> Result<Value, Error> {
    let found: Document = sql_query(query).bind::<BigInt, _>(user_id).get_result(connection).await?;
    Ok(found.document)
}

/// Something that the user said.
#[derive(Clone, Debug, Queryable, Selectable, Serialize)]
#[diesel(table_name = messages)]
pub struct Said {
    pub seq: i64,
    pub created_at: DateTime<Utc>,
    pub client_id: Uuid,
    pub message: String,
}

/// The chats in which the user may have said something, and how many messages that are.
pub async fn extent(connection: &mut AsyncPgConnection, user_id: i64) -> Result<(Vec<i64>, i64), Error> {
    let chats =
        members::table.filter(members::user_id.eq(user_id)).order(members::chat_id).select(members::chat_id);
    let chats: Vec<i64> = chats.load(connection).await?;
    let said = messages::table.filter(messages::chat_id.eq_any(&chats).and(messages::user_id.eq(user_id)));
    let said = said.filter(messages::event.is_null().and(messages::deleted_at.is_null()));
    let count = said.count().get_result(connection).await?;
    Ok((chats, count))
}

/// What the user said in a chat after this place, at most `limit` of it.
pub async fn said(
    connection: &mut AsyncPgConnection,
    user_id: i64,
    chat_id: i64,
    after: i64,
    limit: i64,
) -> Result<Vec<Said>, Error> {
    let said = messages::table
        .filter(messages::chat_id.eq(chat_id).and(messages::user_id.eq(user_id)).and(messages::seq.gt(after)))
        .filter(messages::event.is_null().and(messages::deleted_at.is_null()))
        .order(messages::seq)
        .limit(limit);
    Ok(said.select(Said::as_select()).load(connection).await?)
}
