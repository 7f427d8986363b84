//! Reads the exported data of an account.

use chrono::{DateTime, Utc};
use diesel::{
    dsl::sql,
    expression::SqlLiteral,
    prelude::*,
    sql_query,
    sql_types::{BigInt, Jsonb, Nullable},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use markdown::mentions::replace_mentions;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::{
    file::MessageFile,
    id::{ChatId, Seq, UserId},
    mentions::Mentions,
};
use uuid::Uuid;

use crate::store::{
    error::StoreError,
    event_messages,
    messages::{list_from_column, mentions},
    schema::{members, messages},
};

#[derive(QueryableByName)]
struct Document {
    #[diesel(sql_type = Jsonb)]
    document: Value,
}

/// The account with its sessions and passkeys, without secrets.
const ACCOUNT: &str = "
    SELECT jsonb_build_object(
        'id', u.id, 'username', u.username, 'display_name', u.display_name, 'email', u.email,
        'recovery_email', u.recovery_email, 'first_name', u.first_name, 'last_name', u.last_name,
        'guest', u.guest, 'created_at', u.created_at, 'claimed_at', u.claimed_at,
        'second_factor_since', (SELECT confirmed_at FROM second_factors WHERE user_id = u.id),
        'sessions', (SELECT coalesce(jsonb_agg(jsonb_build_object('user_agent', user_agent, 'os', os,
            'created_at', created_at, 'used_at', used_at, 'ended_at', ended_at) ORDER BY created_at), '[]')
            FROM sessions WHERE user_id = u.id),
        'passkeys', (SELECT coalesce(jsonb_agg(jsonb_build_object('label', label,
            'created_at', created_at, 'used_at', used_at) ORDER BY created_at), '[]')
            FROM passkeys WHERE user_id = u.id)
    ) AS document FROM users u WHERE u.id = $1";

/// The user's current and former chats, and what the user did there. Only members may know the URI of a chat.
const CHATS: &str = "
    SELECT coalesce(jsonb_agg(jsonb_build_object(
        'id', c.id, 'uri', CASE WHEN m.status = 'member' THEN c.uri END, 'name', c.name, 'topic', c.topic,
        'role', m.role, 'status', m.status, 'joined_at', m.created_at, 'muted', m.muted, 'read_seq', m.read_seq,
        'invite_links', (SELECT coalesce(jsonb_agg(jsonb_build_object('label', label, 'role', role,
            'created_at', created_at, 'expires_at', expires_at, 'max_uses', max_uses, 'uses', uses,
            'revoked_at', revoked_at) ORDER BY id), '[]')
            FROM invite_links WHERE chat_id = c.id AND created_by = m.user_id),
        'audit_log', (SELECT coalesce(jsonb_agg(jsonb_build_object('action', action,
            'created_at', created_at) ORDER BY id), '[]')
            FROM audit_log WHERE chat_id = c.id AND user_id = m.user_id),
        'reactions', (SELECT coalesce(jsonb_agg(jsonb_build_object('seq', seq, 'emoji', emoji,
            'created_at', created_at) ORDER BY revision), '[]')
            FROM message_reactions WHERE chat_id = c.id AND user_id = m.user_id)
    ) ORDER BY m.created_at), '[]') AS document
    FROM members m JOIN chats c ON c.id = m.chat_id AND c.deleted_at IS NULL WHERE m.user_id = $1";

pub async fn account_document(
    connection: &mut AsyncPgConnection,
    user_id: UserId,
) -> Result<Value, StoreError> {
    document(connection, ACCOUNT, user_id).await
}

pub async fn chats_document(
    connection: &mut AsyncPgConnection,
    user_id: UserId,
) -> Result<Value, StoreError> {
    document(connection, CHATS, user_id).await
}

async fn document(
    connection: &mut AsyncPgConnection,
    query: &str,
    user_id: UserId,
) -> Result<Value, StoreError> {
    let row: Document = sql_query(query).bind::<BigInt, _>(user_id).get_result(connection).await?;
    Ok(row.document)
}

/// The texts that the message had before, as `MessageVersion`.
const FORMER_TEXTS: &str = "(SELECT jsonb_agg(jsonb_build_object('created_at', former.created_at, \
     'message', former.message, 'mentions', former.mentions) ORDER BY former.revision) FROM message_versions AS former \
     WHERE former.chat_id = messages.chat_id AND former.seq = messages.seq)";

#[derive(Queryable, Selectable)]
#[diesel(table_name = messages)]
struct OwnMessageRow {
    seq: Seq,
    created_at: DateTime<Utc>,
    client_id: Uuid,
    message: String,
    mentions: Option<Vec<UserId>>,
    reply_to: Option<Seq>,
    edited_at: Option<DateTime<Utc>>,
    files: Option<Value>,
    #[diesel(select_expression = sql(FORMER_TEXTS), select_expression_type = SqlLiteral<Nullable<Jsonb>>)]
    former_texts: Option<Value>,
}

/// A message of the user. Mentions are named, as clients show them.
#[derive(Clone, Debug, Serialize)]
pub struct ExportedMessage {
    pub seq: Seq,
    created_at: DateTime<Utc>,
    client_id: Uuid,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<Seq>,
    #[serde(skip_serializing_if = "Option::is_none")]
    edited_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<MessageFile>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    former_texts: Vec<FormerText>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct FormerText {
    created_at: DateTime<Utc>,
    message: String,
    /// The column.
    #[serde(skip_serializing)]
    mentions: Option<Vec<UserId>>,
}

impl ExportedMessage {
    fn new(row: OwnMessageRow) -> Result<Self, StoreError> {
        let OwnMessageRow { seq, created_at, client_id, message, reply_to, edited_at, .. } = row;
        let former_texts = row.former_texts.map(serde_json::from_value).transpose();
        let former_texts = former_texts.map_err(anyhow::Error::from)?.unwrap_or_default();
        let files = list_from_column(row.files);
        Ok(Self { seq, created_at, client_id, message, reply_to, edited_at, files, former_texts })
    }
}

/// A text, and whom it mentions.
type MentioningText<'a> = (&'a mut String, Mentions);

async fn name_mentions(
    connection: &mut AsyncPgConnection,
    mut texts: Vec<MentioningText<'_>>,
) -> Result<(), StoreError> {
    let users = texts.iter_mut().flat_map(|(_, mentions)| &mut mentions.users).collect();
    event_messages::add_names(connection, users).await?;
    for (text, mentions) in texts.into_iter().filter(|(_, mentions)| !mentions.is_empty()) {
        *text = replace_mentions(text, &|id| mentions.name(id));
    }
    Ok(())
}

/// The chats in which the user may have posted.
pub async fn list_chats(
    connection: &mut AsyncPgConnection,
    user_id: UserId,
) -> Result<Vec<ChatId>, StoreError> {
    let chats =
        members::table.filter(members::user_id.eq(user_id)).order(members::chat_id).select(members::chat_id);
    Ok(chats.load(connection).await?)
}

/// The number of the user's messages in these chats.
pub async fn count_messages(
    connection: &mut AsyncPgConnection,
    user_id: UserId,
    chats: &[ChatId],
) -> Result<i64, StoreError> {
    let messages = messages::table
        .filter(messages::chat_id.eq_any(chats).and(messages::user_id.eq(user_id)))
        .filter(messages::event.is_null().and(messages::deleted_at.is_null()));
    Ok(messages.count().get_result(connection).await?)
}

/// At most `limit` of the user's messages in a chat after `after`.
pub async fn messages_page(
    connection: &mut AsyncPgConnection,
    user_id: UserId,
    chat_id: ChatId,
    after: Seq,
    limit: i64,
) -> Result<Vec<ExportedMessage>, StoreError> {
    let rows: Vec<OwnMessageRow> = messages::table
        .filter(messages::chat_id.eq(chat_id).and(messages::user_id.eq(user_id)).and(messages::seq.gt(after)))
        .filter(messages::event.is_null().and(messages::deleted_at.is_null()))
        .order(messages::seq)
        .limit(limit)
        .select(OwnMessageRow::as_select())
        .load(connection)
        .await?;
    let columns: Vec<_> = rows.iter().map(|row| row.mentions.clone()).collect();
    let mut page = rows.into_iter().map(ExportedMessage::new).collect::<Result<Vec<_>, _>>()?;
    let texts = page.iter_mut().zip(columns).flat_map(|(message, column)| {
        let former = message.former_texts.iter_mut();
        let former =
            former.map(|former| (&mut former.message, mentions::from_column(former.mentions.take())));
        former.chain([(&mut message.message, mentions::from_column(column))])
    });
    let texts = texts.collect();
    name_mentions(connection, texts).await?;
    Ok(page)
}
