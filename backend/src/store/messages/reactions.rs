//! Reactions to messages: who reacted in the table `message_reactions`, and what clients show of it in the column
//! `messages.reactions`. Both change in one transaction that holds the chat's lock.

use diesel::{
    dsl::now,
    prelude::*,
    sql_query,
    sql_types::{Array, BigInt, Bool, Integer, Text},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use shared::{
    event::UserRef,
    id::{ChatId, Seq, UserId},
    message::{REACTION_NAMES_MAX, REACTION_USERS_MAX, Reaction, ReactionUsers},
};

use crate::store::{
    error::StoreError,
    schema::{
        message_reactions::{self, dsl},
        messages,
    },
};

/// The reaction of one user with one emoji.
#[derive(Clone, Copy, Debug)]
pub struct UserReaction<'a> {
    pub chat_id: ChatId,
    pub seq: Seq,
    pub emoji: &'a str,
    pub user_id: UserId,
}

/// Replaces the column `messages.reactions`.
pub async fn update_message(
    connection: &mut AsyncPgConnection,
    chat_id: ChatId,
    seq: Seq,
    reactions: &[Reaction],
    revision: Seq,
) -> Result<(), StoreError> {
    let column = match reactions {
        [] => None,
        reactions => Some(serde_json::to_value(reactions).map_err(anyhow::Error::from)?),
    };
    diesel::update(messages::table.filter(messages::chat_id.eq(chat_id).and(messages::seq.eq(seq))))
        .set((messages::reactions.eq(column), messages::revision.eq(revision)))
        .execute(connection)
        .await?;
    Ok(())
}

pub async fn insert(
    connection: &mut AsyncPgConnection,
    UserReaction { chat_id, seq, emoji, user_id }: UserReaction<'_>,
    revision: Seq,
) -> Result<(), StoreError> {
    let key = (dsl::chat_id.eq(chat_id), dsl::seq.eq(seq), dsl::emoji.eq(emoji), dsl::user_id.eq(user_id));
    diesel::insert_into(message_reactions::table)
        .values((key, dsl::revision.eq(revision), dsl::created_at.eq(now)))
        .execute(connection)
        .await?;
    Ok(())
}

pub async fn delete(
    connection: &mut AsyncPgConnection,
    UserReaction { chat_id, seq, emoji, user_id }: UserReaction<'_>,
) -> Result<(), StoreError> {
    let reaction = message_reactions::table.find((chat_id, seq, emoji, user_id));
    diesel::delete(reaction).execute(connection).await?;
    Ok(())
}

/// The emoji with which a user has reacted to a message.
pub async fn list_of_user(
    connection: &mut AsyncPgConnection,
    chat_id: ChatId,
    seq: Seq,
    user_id: UserId,
) -> Result<Vec<String>, StoreError> {
    let own = dsl::user_id.eq(user_id).and(dsl::chat_id.eq(chat_id)).and(dsl::seq.eq(seq));
    Ok(message_reactions::table.filter(own).select(dsl::emoji).load(connection).await?)
}

/// The first users who reacted with an emoji, as many as [`Reaction`] names.
pub async fn list_first_users(
    connection: &mut AsyncPgConnection,
    chat_id: ChatId,
    seq: Seq,
    emoji: &str,
) -> Result<Vec<UserId>, StoreError> {
    let users = message_reactions::table
        .filter(dsl::chat_id.eq(chat_id).and(dsl::seq.eq(seq)).and(dsl::emoji.eq(emoji)))
        .order(dsl::revision)
        .limit(i64::try_from(REACTION_USERS_MAX).unwrap_or_default())
        .select(dsl::user_id);
    Ok(users.load(connection).await?)
}

#[derive(QueryableByName)]
struct UsersRow {
    #[diesel(sql_type = Text)]
    emoji: String,
    #[diesel(sql_type = Integer)]
    count: i32,
    #[diesel(sql_type = Bool)]
    own: bool,
    #[diesel(sql_type = Array<BigInt>)]
    ids: Vec<UserId>,
    #[diesel(sql_type = Array<Text>)]
    names: Vec<String>,
}

/// Who reacted to a message, with the first [`REACTION_NAMES_MAX`] names for each emoji. One statement, so that the numbers
/// match the names.
const USERS: &str = "
    SELECT value ->> 'emoji' AS emoji, (value ->> 'count')::int AS count, ids, names, EXISTS (
        SELECT FROM message_reactions AS own WHERE own.chat_id = messages.chat_id AND own.seq = messages.seq
          AND own.emoji = value ->> 'emoji' AND own.user_id = $3) AS own
    FROM messages CROSS JOIN jsonb_array_elements(reactions) WITH ORDINALITY AS reaction (value, ordinal)
    CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(id ORDER BY revision), '{}') AS ids,
          coalesce(array_agg(name ORDER BY revision), '{}') AS names
        FROM (
            SELECT users.id, coalesce(nullif(display_name, ''), username) AS name, one.revision
            FROM message_reactions AS one JOIN users ON users.id = one.user_id
            WHERE one.chat_id = messages.chat_id AND one.seq = messages.seq AND one.emoji = value ->> 'emoji'
            ORDER BY one.revision LIMIT $4) AS first) AS listed
    WHERE messages.chat_id = $1 AND messages.seq = $2 ORDER BY ordinal";

pub async fn list_users(
    connection: &mut AsyncPgConnection,
    chat_id: ChatId,
    seq: Seq,
    user_id: UserId,
) -> Result<Vec<ReactionUsers>, StoreError> {
    let rows: Vec<UsersRow> = sql_query(USERS)
        .bind::<BigInt, _>(chat_id)
        .bind::<BigInt, _>(seq)
        .bind::<BigInt, _>(user_id)
        .bind::<BigInt, _>(REACTION_NAMES_MAX)
        .load(connection)
        .await?;
    let users = rows.into_iter().map(|UsersRow { emoji, count, own, ids, names }| {
        let users = ids.into_iter().zip(names).map(|(id, name)| UserRef { id, name }).collect();
        ReactionUsers { emoji, count: count.unsigned_abs(), own, users }
    });
    Ok(users.collect())
}
