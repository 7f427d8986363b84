//! The chats of a user, read from `members`, `chats` and `messages` in two queries; for moderators there is a third one, and
//! another for the names of users whom the last messages mention.

use std::collections::HashMap;

use diesel::{
    pg::Pg,
    prelude::*,
    sql_query,
    sql_types::{Array, BigInt, Bool},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use shared::{
    chat_list::{CHAT_LIST_MAX, ChatSummary, JOIN_REQUESTS_MAX, UNREAD_MAX},
    id::{ChatId, Head, Seq, UserId},
    member::{MembershipStatus, Role},
    user::User,
};

use super::{
    chats::ChatRow,
    enum_columns::{MembershipStatusColumn, RoleColumn},
    error::StoreError,
    messages::{self, MessageRow},
    static_query::{Columns, StaticQuery},
    users::UserRow,
};

/// How many of the newest unread messages are scanned. The user's own messages do not count as unread; without a limit
/// a user who posts much and never reads would have all of them scanned again and again.
const UNREAD_SCAN_MAX: u32 = 10 * UNREAD_MAX;
/// How many other members are named.
const OTHER_MEMBERS_MAX: usize = 3;

type SqlRow = (
    Columns<ChatRow>,
    (RoleColumn, Bool, BigInt, BigInt, BigInt, BigInt),
    Columns<Option<MessageRow>>,
    Columns<Option<UserRow>>,
);
type Row = (ChatRow, (Role, bool, Seq, i64, i64, i64), Option<MessageRow>, Option<UserRow>);

/// The user's chats, the one with the latest message first. One statement, so that the head and the counts are
/// consistent.
fn chats_of_user(user_id: UserId) -> StaticQuery<'static, SqlRow> {
    let sql = format!(
        "WITH own AS MATERIALIZED ( \
           SELECT chat_id, role, muted, read_seq, latest.id AS last, \
             greatest(latest.created_at, members.created_at) AS at \
           FROM members JOIN chats ON chats.id = chat_id AND deleted_at IS NULL \
           LEFT JOIN LATERAL ( \
             SELECT id, created_at FROM messages \
             WHERE chat_id = chats.id AND seq >= first_retained_seq AND event IS NULL AND deleted_at IS NULL \
             ORDER BY seq DESC LIMIT 1) AS latest ON true \
           WHERE user_id = ? AND status = 'member' ORDER BY at DESC, chat_id DESC LIMIT {CHAT_LIST_MAX} + 1) \
         SELECT ?, own.role, own.muted, own.read_seq, unread.count, \
           CASE WHEN unread.count = 0 THEN 0 ELSE (SELECT count(*) FROM ( \
             SELECT FROM message_mentions WHERE chat_id = own.chat_id AND user_id IN (?, 0) AND author_id <> ? \
               AND seq > own.read_seq AND seq >= first_retained_seq LIMIT {UNREAD_MAX}) AS mentions) END, \
           (SELECT count(*) FROM members WHERE members.chat_id = own.chat_id AND status = 'member'), ?, ? \
         FROM own JOIN chats ON chats.id = own.chat_id \
           LEFT JOIN messages ON messages.id = own.last \
           LEFT JOIN users ON users.id = messages.user_id \
           CROSS JOIN LATERAL (SELECT count(*) FROM ( \
             SELECT FROM (SELECT user_id, event, deleted_at FROM messages \
               WHERE chat_id = own.chat_id AND seq > own.read_seq AND seq >= first_retained_seq \
               ORDER BY seq DESC LIMIT {UNREAD_SCAN_MAX}) AS newest \
             WHERE event IS NULL AND deleted_at IS NULL AND user_id <> ? LIMIT {UNREAD_MAX}) AS others) AS unread \
         ORDER BY own.at DESC, own.chat_id DESC"
    );
    StaticQuery::new(sql)
        .bind::<BigInt, _>(user_id)
        .columns(<ChatRow as Selectable<Pg>>::construct_selection())
        .bind::<BigInt, _>(user_id)
        .bind::<BigInt, _>(user_id)
        .columns(<Option<MessageRow> as Selectable<Pg>>::construct_selection())
        .columns(<Option<UserRow> as Selectable<Pg>>::construct_selection())
        .bind::<BigInt, _>(user_id)
}

#[derive(QueryableByName)]
struct UserInChat {
    #[diesel(sql_type = BigInt)]
    chat_id: ChatId,
    #[diesel(embed)]
    user: UserRow,
}

/// The user's chats, at most [`CHAT_LIST_MAX`], and whether there are more.
pub async fn list_for_user(
    connection: &mut AsyncPgConnection,
    user_id: UserId,
) -> Result<(Vec<ChatSummary>, bool), StoreError> {
    let mut rows: Vec<Row> = chats_of_user(user_id).load(connection).await?;
    let limit = usize::try_from(CHAT_LIST_MAX).unwrap_or_default();
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let mut chats: Vec<_> = rows.into_iter().map(to_summary).collect();
    let ids: Vec<_> = chats.iter().map(|chat| chat.chat.id).collect();
    let moderated = chats.iter().filter(|chat| chat.role >= Role::Moderator);
    let moderated: Vec<_> = moderated.map(|chat| chat.chat.id).collect();
    let (member, pending) = (MembershipStatus::Member, MembershipStatus::Pending);
    let mut others = first_users(connection, user_id, &ids, member, OTHER_MEMBERS_MAX).await?;
    let mut requests = first_users(connection, user_id, &moderated, pending, JOIN_REQUESTS_MAX).await?;
    for chat in &mut chats {
        chat.other_members = others.remove(&chat.chat.id).unwrap_or_default();
        chat.join_requests = requests.remove(&chat.chat.id).unwrap_or_default();
    }
    let last_messages = chats.iter_mut().filter_map(|chat| chat.last_message.as_mut()).collect();
    messages::add_names(connection, last_messages).await?;
    Ok((chats, has_more))
}

/// Without the other users.
fn to_summary((chat, counts, message, author): Row) -> ChatSummary {
    let (role, muted, read_seq, unread, unread_mentions, members) = counts;
    let last_message = message.zip(author);
    ChatSummary {
        chat: chat.settings(),
        head: chat.head,
        role,
        muted,
        read_seq,
        unread: u32::try_from(unread).unwrap_or(UNREAD_MAX),
        unread_mentions: u32::try_from(unread_mentions).unwrap_or(UNREAD_MAX),
        last_message: last_message.map(|(message, author)| message.into_message(author.into_user())),
        other_members: Vec::new(),
        members: members.unsigned_abs(),
        join_requests: Vec::new(),
        uri: chat.uri,
    }
}

/// The first users with this status in each chat, other than `user_id`, in the order in which they joined or asked to.
async fn first_users(
    connection: &mut AsyncPgConnection,
    user_id: UserId,
    chat_ids: &[ChatId],
    status: MembershipStatus,
    limit: usize,
) -> Result<HashMap<ChatId, Vec<User>>, StoreError> {
    let mut users: HashMap<ChatId, Vec<User>> = HashMap::new();
    if chat_ids.is_empty() {
        return Ok(users);
    }
    let rows: Vec<UserInChat> = sql_query(
        "SELECT first.chat_id, users.* FROM unnest($1) AS own (id) \
         CROSS JOIN LATERAL ( \
           SELECT chat_id, user_id, seq FROM members \
           WHERE chat_id = own.id AND status = $4 AND user_id <> $2 ORDER BY seq LIMIT $3) AS first \
         JOIN users ON users.id = first.user_id ORDER BY first.seq",
    )
    .bind::<Array<BigInt>, _>(chat_ids)
    .bind::<BigInt, _>(user_id)
    .bind::<BigInt, _>(i64::try_from(limit).unwrap_or(i64::MAX))
    .bind::<MembershipStatusColumn, _>(status)
    .load(connection)
    .await?;
    for UserInChat { chat_id, user } in rows {
        users.entry(chat_id).or_default().push(user.into_user());
    }
    Ok(users)
}

/// A chat that a client follows, and its head.
#[derive(QueryableByName)]
pub struct ChatHead {
    #[diesel(sql_type = BigInt)]
    pub chat_id: ChatId,
    #[diesel(sql_type = BigInt)]
    pub head: Head,
}

/// The heads of those chats that the user is a member of.
pub async fn heads_for_user(
    connection: &mut AsyncPgConnection,
    user_id: UserId,
    chat_ids: &[ChatId],
) -> Result<Vec<ChatHead>, StoreError> {
    let heads = sql_query(
        "SELECT chats.id AS chat_id, chats.head FROM chats \
         JOIN members ON members.chat_id = chats.id AND members.user_id = $1 AND members.status = 'member' \
         WHERE chats.id = ANY ($2) AND chats.deleted_at IS NULL",
    )
    .bind::<BigInt, _>(user_id)
    .bind::<Array<BigInt>, _>(chat_ids)
    .load(connection)
    .await?;
    Ok(heads)
}
