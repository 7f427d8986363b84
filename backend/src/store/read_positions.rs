//! Read positions and mute settings: columns of `members` that belong to one member alone and have no revision.

use diesel::{
    prelude::*,
    sql_query,
    sql_types::{Array, BigInt, Bool},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use shared::{
    chat_list::MemberReadPosition,
    id::{ChatId, Seq, UserId},
    member::MembershipStatus,
    socket::PRESENCE_MAX,
};

use super::{
    enum_columns::TextEnum,
    error::StoreError,
    schema::members::{self, dsl},
};

/// The last sequence number a user has read in a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, QueryableByName)]
pub struct ReadPosition {
    #[diesel(sql_type = BigInt)]
    pub chat_id: ChatId,
    #[diesel(sql_type = BigInt)]
    pub user_id: UserId,
    #[diesel(sql_type = BigInt)]
    pub seq: Seq,
}

#[derive(QueryableByName)]
struct AdvanceRow {
    #[diesel(embed)]
    position: ReadPosition,
    #[diesel(sql_type = Bool)]
    locked: bool,
}

/// The result of [`advance_all`].
#[derive(Debug, Default)]
pub struct AdvanceResult {
    pub advanced: Vec<ReadPosition>,
    /// Positions that were not stored because another transaction had locked their rows.
    pub locked: Vec<ReadPosition>,
}

/// Advances read positions in one statement, never back and never beyond the head of the chat. Skips locked rows, so
/// that it cannot deadlock.
pub async fn advance_all(
    connection: &mut AsyncPgConnection,
    positions: &[ReadPosition],
) -> Result<AdvanceResult, StoreError> {
    fn column<T>(positions: &[ReadPosition], value: impl Fn(&ReadPosition) -> T) -> Vec<T> {
        positions.iter().map(value).collect()
    }
    let rows: Vec<AdvanceRow> = sql_query(
        "WITH new AS (SELECT * FROM unnest($1, $2, $3) AS new (chat_id, user_id, seq)), \
         free AS ( \
           SELECT chat_id, user_id, new.seq FROM members JOIN new USING (chat_id, user_id) \
           FOR NO KEY UPDATE OF members SKIP LOCKED), \
         advanced AS ( \
           UPDATE members SET read_seq = least(free.seq, chats.head) FROM free, chats \
           WHERE (members.chat_id, members.user_id) = (free.chat_id, free.user_id) AND chats.id = free.chat_id \
             AND status = 'member' AND read_seq < least(free.seq, chats.head) \
           RETURNING members.chat_id, members.user_id, read_seq AS seq) \
         SELECT chat_id, user_id, seq, false AS locked FROM advanced \
         UNION ALL SELECT chat_id, user_id, new.seq, true FROM new JOIN members USING (chat_id, user_id) \
           WHERE NOT EXISTS (SELECT FROM free WHERE (free.chat_id, free.user_id) = (new.chat_id, new.user_id))",
    )
    .bind::<Array<BigInt>, _>(column(positions, |position| position.chat_id))
    .bind::<Array<BigInt>, _>(column(positions, |position| position.user_id))
    .bind::<Array<BigInt>, _>(column(positions, |position| position.seq))
    .load(connection)
    .await?;
    let mut result = AdvanceResult::default();
    for AdvanceRow { position, locked } in rows {
        if locked { result.locked.push(position) } else { result.advanced.push(position) }
    }
    Ok(result)
}

/// Advances one read position; returns the stored one, and whether it has advanced.
pub async fn advance(
    connection: &mut AsyncPgConnection,
    ReadPosition { chat_id, user_id, seq }: ReadPosition,
) -> Result<(Seq, bool), StoreError> {
    let advanced: Option<ReadPosition> = sql_query(
        "UPDATE members SET read_seq = least($3, head) FROM chats \
         WHERE chat_id = $1 AND user_id = $2 AND chats.id = $1 AND status = 'member' AND read_seq < least($3, head) \
         RETURNING chat_id, user_id, read_seq AS seq",
    )
    .bind::<BigInt, _>(chat_id)
    .bind::<BigInt, _>(user_id)
    .bind::<BigInt, _>(seq)
    .get_result(connection)
    .await
    .optional()?;
    if let Some(advanced) = advanced {
        return Ok((advanced.seq, true));
    }
    let stored = members::table.find((chat_id, user_id)).select(dsl::read_seq).first(connection).await?;
    Ok((stored, false))
}

/// The read positions of the members of a chat, the furthest first.
pub async fn list_for_chat(
    connection: &mut AsyncPgConnection,
    chat_id: ChatId,
) -> Result<Vec<MemberReadPosition>, StoreError> {
    let is_member = dsl::status.eq(MembershipStatus::Member.bind());
    let rows = members::table
        .filter(dsl::chat_id.eq(chat_id).and(is_member).and(dsl::read_seq.gt(0)))
        .order((dsl::read_seq.desc(), dsl::user_id))
        .limit(i64::try_from(PRESENCE_MAX).unwrap_or_default())
        .select((dsl::user_id, dsl::read_seq))
        .load::<(UserId, Seq)>(connection)
        .await?;
    Ok(rows.into_iter().map(|(user_id, seq)| MemberReadPosition { user_id, seq }).collect())
}

pub async fn set_muted(
    connection: &mut AsyncPgConnection,
    chat_id: ChatId,
    user_id: UserId,
    muted: bool,
) -> Result<(), StoreError> {
    diesel::update(members::table.find((chat_id, user_id)))
        .set(dsl::muted.eq(muted))
        .execute(connection)
        .await?;
    Ok(())
}
