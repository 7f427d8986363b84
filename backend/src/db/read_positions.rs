//! Up to where members have read, and whether they want to be told: columns of the table of members that belong to one
//! member alone, and so carry no number.

use diesel::{
    prelude::*,
    sql_query,
    sql_types::{Array, BigInt, Bool},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use shared::{member::Standing, socket::PRESENCE_MAX, your_chats::Position};

use super::{
    members::column_of_standing,
    schema::members::{self, dsl},
};
use crate::problem::Error;

/// Up to where somebody has read in a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, QueryableByName)]
pub struct Reached {
    #[diesel(sql_type = BigInt)]
    pub chat_id: i64,
    #[diesel(sql_type = BigInt)]
    pub user_id: i64,
    #[diesel(sql_type = BigInt)]
    pub seq: i64,
}

#[derive(QueryableByName)]
struct Settled {
    #[diesel(embed)]
    reached: Reached,
    /// Somebody else alters the row: nothing was done about it.
    #[diesel(sql_type = Bool)]
    busy: bool,
}

/// What became of positions.
#[derive(Debug, Default)]
pub struct Moved {
    /// Those that are further now than they were.
    pub further: Vec<Reached>,
    /// Those whose rows somebody else was altering.
    pub busy: Vec<Reached>,
}

/// Moves all of them in one statement, never back and never beyond the head of the chat. It waits for no lock, so that it
/// cannot wait in a circle with those who hold one and want the next.
pub async fn advance(connection: &mut AsyncPgConnection, said: &[Reached]) -> Result<Moved, Error> {
    fn column(said: &[Reached], of: impl Fn(&Reached) -> i64) -> Vec<i64> {
        said.iter().map(of).collect()
    }
    let settled: Vec<Settled> = sql_query(
        "WITH said AS (SELECT * FROM unnest($1, $2, $3) AS said (chat_id, user_id, seq)), \
         free AS ( \
           SELECT chat_id, user_id, said.seq FROM members JOIN said USING (chat_id, user_id) \
           FOR NO KEY UPDATE OF members SKIP LOCKED), \
         moved AS ( \
           UPDATE members SET read_seq = least(free.seq, chats.head) FROM free, chats \
           WHERE (members.chat_id, members.user_id) = (free.chat_id, free.user_id) AND chats.id = free.chat_id \
             AND standing = 'in' AND read_seq < least(free.seq, chats.head) \
           RETURNING members.chat_id, members.user_id, read_seq AS seq) \
         SELECT chat_id, user_id, seq, false AS busy FROM moved \
         UNION ALL SELECT chat_id, user_id, said.seq, true FROM said JOIN members USING (chat_id, user_id) \
           WHERE NOT EXISTS (SELECT FROM free WHERE (free.chat_id, free.user_id) = (said.chat_id, said.user_id))",
    )
    .bind::<Array<BigInt>, _>(column(said, |reached| reached.chat_id))
    .bind::<Array<BigInt>, _>(column(said, |reached| reached.user_id))
    .bind::<Array<BigInt>, _>(column(said, |reached| reached.seq))
    .load(connection)
    .await?;
    let mut moved = Moved::default();
    for Settled { reached, busy } in settled {
        if busy { moved.busy.push(reached) } else { moved.further.push(reached) }
    }
    Ok(moved)
}

/// Moves one; returns where it stands now, and whether that is further than before.
pub async fn advance_one(
    connection: &mut AsyncPgConnection,
    Reached { chat_id, user_id, seq }: Reached,
) -> Result<(i64, bool), Error> {
    let moved: Option<Reached> = sql_query(
        "UPDATE members SET read_seq = least($3, head) FROM chats \
         WHERE chat_id = $1 AND user_id = $2 AND chats.id = $1 AND standing = 'in' AND read_seq < least($3, head) \
         RETURNING chat_id, user_id, read_seq AS seq",
    )
    .bind::<BigInt, _>(chat_id)
    .bind::<BigInt, _>(user_id)
    .bind::<BigInt, _>(seq)
    .get_result(connection)
    .await
    .optional()?;
    if let Some(moved) = moved {
        return Ok((moved.seq, true));
    }
    let stands = members::table.find((chat_id, user_id)).select(dsl::read_seq).first(connection).await?;
    Ok((stands, false))
}

/// Up to where those who are in the chat have read, the furthest first.
pub async fn of_chat(connection: &mut AsyncPgConnection, chat_id: i64) -> Result<Vec<Position>, Error> {
    let is_in = dsl::standing.eq(column_of_standing(Standing::In));
    let rows = members::table
        .filter(dsl::chat_id.eq(chat_id).and(is_in).and(dsl::read_seq.gt(0)))
        .order((dsl::read_seq.desc(), dsl::user_id))
        .limit(i64::try_from(PRESENCE_MAX).unwrap_or_default())
        .select((dsl::user_id, dsl::read_seq))
        .load::<(i64, i64)>(connection)
        .await?;
    Ok(rows.into_iter().map(|(user, seq)| Position { user, seq }).collect())
}

/// Notes whether a member wants no notice of the chat.
pub async fn mute(
    connection: &mut AsyncPgConnection,
    chat_id: i64,
    user_id: i64,
    muted: bool,
) -> Result<(), Error> {
    diesel::update(members::table.find((chat_id, user_id)))
        .set(dsl::muted.eq(muted))
        .execute(connection)
        .await?;
    Ok(())
}
