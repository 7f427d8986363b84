//! A user's chats: what the tables of members, chats and messages hold of them, in two queries however many there are.

use std::collections::HashMap;

use diesel::{
    dsl::{AsSelect, SqlTypeOf},
    pg::Pg,
    prelude::*,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_query,
    sql_types::{Array, BigInt, Bool, Text},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use shared::{
    user::User,
    your_chats::{UNREAD_MAX, YOUR_CHATS_MAX, YourChat},
};

use super::{
    chats::{Address, Found},
    members::role_of,
    messages::MessageRow,
    users::UserRow,
};
use crate::problem::Error;

/// How many of the newest unread places of a chat are looked at: whoever writes much and never says that they read would
/// have all of their own counted out again and again.
const LOOKED_AT_MAX: u32 = 10 * UNREAD_MAX;
/// How many of the other members are named.
const OTHERS_MAX: i64 = 3;

type Columns<T> = SqlTypeOf<AsSelect<T, Pg>>;
type Selection<T> = <T as Selectable<Pg>>::SelectExpression;

/// The chats that the user is in, the one in which something was said last first. One statement, so that the head and
/// all that was counted are of one moment.
struct ChatsOf {
    user_id: i64,
    chat: Selection<Found>,
    message: Selection<Option<MessageRow>>,
    author: Selection<Option<UserRow>>,
}

type Row = (Found, (String, bool, i64, i64, i64), Option<MessageRow>, Option<UserRow>);

impl Query for ChatsOf {
    type SqlType = (
        Columns<Found>,
        (Text, Bool, BigInt, BigInt, BigInt),
        Columns<Option<MessageRow>>,
        Columns<Option<UserRow>>,
    );
}

// The text never changes, so each connection prepares it once.
impl QueryId for ChatsOf {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl QueryFragment<Pg> for ChatsOf {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "WITH yours AS MATERIALIZED ( \
               SELECT chat_id, role, muted, read_seq, said.id AS last, \
                 greatest(said.created_at, members.created_at) AS at \
               FROM members JOIN chats ON chats.id = chat_id AND deleted_at IS NULL \
               LEFT JOIN LATERAL ( \
                 SELECT id, created_at FROM messages \
                 WHERE chat_id = chats.id AND seq >= kept_from AND event IS NULL AND deleted_at IS NULL \
                 ORDER BY seq DESC LIMIT 1) AS said ON true \
               WHERE user_id = ",
        );
        out.push_bind_param::<BigInt, _>(&self.user_id)?;
        out.push_sql(" AND standing = 'in' ORDER BY at DESC, chat_id DESC LIMIT ");
        out.push_sql(&YOUR_CHATS_MAX.to_string());
        out.push_sql(") SELECT ");
        self.chat.walk_ast(out.reborrow())?;
        out.push_sql(
            ", yours.role, yours.muted, yours.read_seq, unread.count, \
               (SELECT count(*) FROM members WHERE members.chat_id = yours.chat_id AND standing = 'in'), ",
        );
        self.message.walk_ast(out.reborrow())?;
        out.push_sql(", ");
        self.author.walk_ast(out.reborrow())?;
        out.push_sql(
            " FROM yours JOIN chats ON chats.id = yours.chat_id \
               LEFT JOIN messages ON messages.id = yours.last \
               LEFT JOIN users ON users.id = messages.user_id \
               CROSS JOIN LATERAL (SELECT count(*) FROM ( \
                 SELECT FROM (SELECT user_id, event, deleted_at FROM messages \
                   WHERE chat_id = yours.chat_id AND seq > yours.read_seq AND seq >= kept_from \
                   ORDER BY seq DESC LIMIT ",
        );
        out.push_sql(&LOOKED_AT_MAX.to_string());
        out.push_sql(") AS newest WHERE event IS NULL AND deleted_at IS NULL AND user_id <> ");
        out.push_bind_param::<BigInt, _>(&self.user_id)?;
        out.push_sql(" LIMIT ");
        out.push_sql(&UNREAD_MAX.to_string());
        out.push_sql(") AS others) AS unread ORDER BY yours.at DESC, yours.chat_id DESC");
        Ok(())
    }
}

#[derive(QueryableByName)]
struct Other {
    #[diesel(sql_type = BigInt)]
    chat_id: i64,
    #[diesel(embed)]
    user: UserRow,
}

/// The user's chats, at most [`YOUR_CHATS_MAX`].
pub async fn of(connection: &mut AsyncPgConnection, user_id: i64) -> Result<Vec<YourChat>, Error> {
    let chats = ChatsOf {
        user_id,
        chat: <Found as Selectable<Pg>>::construct_selection(),
        message: <Option<MessageRow> as Selectable<Pg>>::construct_selection(),
        author: <Option<UserRow> as Selectable<Pg>>::construct_selection(),
    };
    let rows: Vec<Row> = chats.load(connection).await?;
    let ids: Vec<_> = rows.iter().map(|(chat, ..)| chat.id).collect();
    let mut others = others(connection, user_id, &ids).await?;
    let yours = |(found, (role, muted, read_seq, unread, members), message, author): Row| YourChat {
        chat: found.settings(),
        head: found.head,
        role: role_of(&role),
        muted,
        read_seq,
        unread: u32::try_from(unread).unwrap_or(UNREAD_MAX),
        last: message.zip(author).map(|(message, author)| message.into_message(author.into_user())),
        others: others.remove(&found.id).unwrap_or_default(),
        members: members.unsigned_abs(),
        uri: found.uri,
    };
    Ok(rows.into_iter().map(yours).collect())
}

/// Some of the others in these chats, those who joined first.
async fn others(
    connection: &mut AsyncPgConnection,
    user_id: i64,
    chat_ids: &[i64],
) -> Result<HashMap<i64, Vec<User>>, Error> {
    let rows: Vec<Other> = sql_query(
        "SELECT first.chat_id, users.* FROM unnest($1) AS yours (id) \
         CROSS JOIN LATERAL ( \
           SELECT chat_id, user_id, seq FROM members \
           WHERE chat_id = yours.id AND standing = 'in' AND user_id <> $2 ORDER BY seq LIMIT $3) AS first \
         JOIN users ON users.id = first.user_id ORDER BY first.seq",
    )
    .bind::<Array<BigInt>, _>(chat_ids)
    .bind::<BigInt, _>(user_id)
    .bind::<BigInt, _>(OTHERS_MAX)
    .load(connection)
    .await?;
    let mut others: HashMap<i64, Vec<User>> = HashMap::new();
    for Other { chat_id, user } in rows {
        others.entry(chat_id).or_default().push(user.into_user());
    }
    Ok(others)
}

/// A chat that somebody listens to.
#[derive(QueryableByName)]
pub struct Heard {
    /// The address by which it was asked for, and the one that it has.
    #[diesel(sql_type = Text)]
    pub asked: String,
    #[diesel(sql_type = Text)]
    pub uri: String,
    #[diesel(sql_type = BigInt)]
    pub chat_id: i64,
    #[diesel(sql_type = BigInt)]
    pub head: i64,
}

impl Heard {
    pub fn address(&self) -> Address {
        Address { id: self.chat_id, uri: self.uri.clone() }
    }
}

/// Of these addresses, present and former ones, those of chats that the user is in, and where each of these stands.
pub async fn heads(
    connection: &mut AsyncPgConnection,
    user_id: i64,
    addresses: &[&str],
) -> Result<Vec<Heard>, Error> {
    let found = sql_query(
        "SELECT asked.uri AS asked, chats.uri, chats.id AS chat_id, chats.head \
         FROM unnest($2) AS asked (uri) \
         CROSS JOIN LATERAL (SELECT id FROM chats WHERE uri = asked.uri \
           UNION ALL SELECT chat_id FROM former_uris WHERE uri = asked.uri LIMIT 1) AS led \
         JOIN chats ON chats.id = led.id AND chats.deleted_at IS NULL \
         JOIN members ON members.chat_id = chats.id AND members.user_id = $1 AND members.standing = 'in'",
    )
    .bind::<BigInt, _>(user_id)
    .bind::<Array<Text>, _>(addresses)
    .load(connection)
    .await?;
    Ok(found)
}
