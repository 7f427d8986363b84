//! The preview of a chat for users who are not members yet.

use chrono::Utc;
use diesel_async::AsyncPgConnection;
use shared::{
    chat::{ChatPreview, is_valid_uri},
    id::{ChatId, UserId},
    member::MembershipStatus,
    problem::ProblemCode,
    user::User,
};

use super::{
    access_link::find_access_link,
    join::{check_not_banned, check_rejection, resolve_role},
};
use crate::{
    error::ApiError,
    store::{
        Db, chat_links, chats,
        members::{self, Membership},
        users,
    },
};

/// The preview of the chat to which the URI leads. Rejects banned users and closed links.
/// `present_users` returns some of the users who have a chat open.
pub async fn load(
    db: &Db,
    uri: &str,
    user: Option<&User>,
    present_users: impl FnOnce(ChatId) -> Vec<UserId>,
) -> Result<ChatPreview, ApiError> {
    if !is_valid_uri(uri) {
        return Err(ProblemCode::ChatNotFound.into());
    }
    let connection = &mut *db.get().await?;
    let chat_id = chat_links::find_chat_id(connection, uri).await?.ok_or(ProblemCode::ChatNotFound)?;
    let chat = chats::find_active(connection, chat_id).await?;
    let link = find_access_link(connection, &chat, uri, user.map(|user| user.id)).await?;
    let membership = match user {
        Some(user) => find_membership_unless_banned(connection, chat_id, user.id).await?,
        None => None,
    };
    let rejection = check_rejection(membership.as_ref(), Utc::now()).err();
    let present = present_users(chat_id);
    let status = membership.map(|membership| membership.status);
    let current = membership.filter(|membership| membership.status.is_member());
    if !matches!(status, Some(MembershipStatus::Member | MembershipStatus::Pending)) {
        link.check_open()?;
    }
    Ok(ChatPreview {
        // Only members may learn the current URI.
        uri: current.map_or(uri, |_| chat.uri.as_str()).to_owned(),
        members: members::count(connection, chat_id).await?,
        member_sample: users::find_many(connection, &present).await?,
        role: current.map_or_else(|| resolve_role(link, membership.as_ref()), |membership| membership.role),
        approval_required: chat.approval_required,
        guests_allowed: chat.guests_allowed,
        closed: chat.closed,
        status,
        retry_after: rejection.and_then(|error| error.problem().retry_after),
        name: chat.name,
        topic: chat.topic,
    })
}

async fn find_membership_unless_banned(
    connection: &mut AsyncPgConnection,
    chat_id: ChatId,
    user_id: UserId,
) -> Result<Option<Membership>, ApiError> {
    let membership = members::find_membership(connection, chat_id, user_id).await?;
    if membership.is_none_or(|membership| !membership.status.is_member()) {
        check_not_banned(connection, chat_id, user_id, membership.as_ref()).await?;
    }
    Ok(membership)
}
