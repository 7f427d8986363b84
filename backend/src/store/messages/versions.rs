//! The texts of edited messages: the present one in `messages`, the former ones in `message_versions`.

use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{Array, BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use shared::{
    id::{ChatId, Seq, UserId},
    mentions::Mentions,
    message::{MESSAGE_VERSIONS_MAX, MessageVersion},
};
use uuid::Uuid;

use super::{TEXT_CHECKSUM, mentions};
use crate::store::{
    error::StoreError,
    event_messages,
    schema::{
        message_versions::{self, dsl},
        messages,
    },
};

/// A new text of a message.
#[derive(Clone, Copy, Debug)]
pub struct Edit<'a> {
    pub chat_id: ChatId,
    pub seq: Seq,
    pub edit_id: Uuid,
    pub text: &'a str,
    pub mentions: &'a Mentions,
    pub edited_at: DateTime<Utc>,
    pub revision: Seq,
}

/// Replaces the text of a message, and keeps the newest [`MESSAGE_VERSIONS_MAX`] former ones.
pub async fn replace_text(connection: &mut AsyncPgConnection, edit: Edit<'_>) -> Result<(), StoreError> {
    let Edit { chat_id, seq, edit_id, text, mentions, edited_at, revision } = edit;
    sql_query(format!(
        "WITH former AS ( \
           INSERT INTO message_versions (chat_id, seq, revision, edit_id, message, created_at, mentions) \
           SELECT chat_id, seq, $3, edit_id, message, coalesce(edited_at, created_at), mentions FROM messages \
           WHERE chat_id = $1 AND seq = $2), \
         unmentioned AS ( \
           DELETE FROM message_mentions \
           WHERE chat_id = $1 AND seq = $2 AND user_id <> ALL ($8)), \
         mentioned AS ( \
           INSERT INTO message_mentions (chat_id, seq, user_id, author_id) \
           SELECT chat_id, seq, unnest($8), user_id FROM messages WHERE chat_id = $1 AND seq = $2 \
           ON CONFLICT DO NOTHING) \
         UPDATE messages SET message = $4, edit_id = $5, edited_at = $6, mentions = $7, revision = $3, \
           text_checksum = {TEXT_CHECKSUM} WHERE chat_id = $1 AND seq = $2",
    ))
    .bind::<BigInt, _>(chat_id)
    .bind::<BigInt, _>(seq)
    .bind::<BigInt, _>(revision)
    .bind::<Text, _>(text)
    .bind::<SqlUuid, _>(edit_id)
    .bind::<Timestamptz, _>(edited_at)
    .bind::<Nullable<Array<BigInt>>, _>(mentions::to_column(mentions))
    .bind::<Array<BigInt>, _>(mentions::counted_ids(mentions))
    .execute(connection)
    .await?;
    sql_query(
        "DELETE FROM message_versions WHERE chat_id = $1 AND seq = $2 AND revision IN ( \
           SELECT revision FROM message_versions WHERE chat_id = $1 AND seq = $2 \
           ORDER BY revision DESC OFFSET $3)",
    )
    .bind::<BigInt, _>(chat_id)
    .bind::<BigInt, _>(seq)
    .bind::<BigInt, _>(MESSAGE_VERSIONS_MAX)
    .execute(connection)
    .await?;
    Ok(())
}

/// The text that this edit has written, if it was made.
pub async fn find_by_edit(
    connection: &mut AsyncPgConnection,
    chat_id: ChatId,
    seq: Seq,
    edit_id: Uuid,
) -> Result<Option<String>, StoreError> {
    let current = messages::table
        .filter(messages::chat_id.eq(chat_id).and(messages::seq.eq(seq)).and(messages::edit_id.eq(edit_id)))
        .select(messages::message);
    let former = message_versions::table
        .filter(dsl::chat_id.eq(chat_id).and(dsl::seq.eq(seq)).and(dsl::edit_id.eq(edit_id)))
        .select(dsl::message);
    let mut texts: Vec<String> = current.union_all(former).load(connection).await?;
    Ok(texts.pop())
}

/// The former texts of a message, at most [`MESSAGE_VERSIONS_MAX`], oldest first.
pub async fn list_former(
    connection: &mut AsyncPgConnection,
    chat_id: ChatId,
    seq: Seq,
) -> Result<Vec<MessageVersion>, StoreError> {
    let former: Vec<(DateTime<Utc>, String, Option<Vec<UserId>>)> = message_versions::table
        .filter(dsl::chat_id.eq(chat_id).and(dsl::seq.eq(seq)))
        .order(dsl::revision)
        .select((dsl::created_at, dsl::message, dsl::mentions))
        .load(connection)
        .await?;
    let version = |(created_at, message, column)| {
        let mentions = mentions::from_column(column);
        MessageVersion { created_at, message, mentions }
    };
    let mut versions: Vec<_> = former.into_iter().map(version).collect();
    let users = versions.iter_mut().flat_map(|version| &mut version.mentions.users).collect();
    event_messages::add_names(connection, users).await?;
    Ok(versions)
}
