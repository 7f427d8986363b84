//! Joining a chat by any of its URIs.

use std::{net::IpAddr, sync::Arc};

use actix_web::{
    HttpRequest,
    web::{Data, Json, Path},
};
use futures_util::FutureExt;
use shared::{
    chat::{JoinChat, JoinResponse},
    id::{ChatId, UserId},
    member::{MembershipStatus, Role},
    paths,
    problem::{FieldCode, ProblemCode},
    user::User,
};

use crate::{
    auth::{
        Authenticated, Authorized, ChatReader,
        policy::extractors::{find_chat_id, limit_uri_probing},
    },
    chat::{self, join::JoinOutcome},
    error::{ApiError, Rejection},
    http::extract::{
        body::{FieldReader, FromFields},
        client_ip::client_ip,
    },
    rate_limit::{IpLimit, UserLimit},
    state::AppState,
    store,
};

/// Joins the chat, and returns its members and settings. Joining again changes nothing. Moderators may add another user.
#[utoipa::path(
    patch, path = paths::CHAT, operation_id = "joinChat",
    request_body = JoinChat,
    responses((status = 200, body = JoinResponse), (status = 403), (status = 409)),
)]
pub async fn join(
    app: Data<AppState>,
    request: HttpRequest,
    uri: Path<String>,
    Authorized(Authenticated { user, .. }, join): Authorized<Authenticated, JoinChat>,
) -> Result<Json<JoinResponse>, ApiError> {
    let (client_ip, app) = (client_ip(&request, &app.config), app.into_inner());
    let own_name = store::users::normalize_username(&user.username);
    if let Some(username) = join.username.filter(|name| store::users::normalize_username(name) != own_name) {
        check_limits(&app, user.id, client_ip)?;
        let (reader, added) = add_user(&app, &user, &uri, &username).await?;
        return Ok(Json(load_response(&app, reader, Some(added)).await?));
    }
    let joined = join_self(&app, &user, &uri, client_ip).await;
    let reader = limit_uri_probing(&app.auth, client_ip, joined)?;
    Ok(Json(load_response(&app, ChatReader { user, ..reader }, None).await?))
}

fn check_limits(app: &AppState, user_id: UserId, client_ip: IpAddr) -> Result<(), ApiError> {
    app.rate_limits.check_user(UserLimit::Join, user_id)?;
    app.rate_limits.check_ip(IpLimit::Join, client_ip)
}

async fn join_self(
    app: &Arc<AppState>,
    user: &User,
    uri: &str,
    client_ip: IpAddr,
) -> Result<ChatReader, ApiError> {
    match ChatReader::find(&app.auth, user.id, uri).await {
        Err(error) if error.code() == ProblemCode::ChatNotFound => {
            let chat_id = find_chat_id(&app.auth, uri).await?;
            check_limits(app, user.id, client_ip)?;
            join_by_uri(app, chat_id, user, uri).await
        }
        // An invite link may grant a higher role.
        Ok(reader) if *uri != reader.chat.uri && reader.role < Role::Moderator => {
            join_by_uri(app, reader.chat.id, user, uri).await
        }
        found => found,
    }
}

async fn join_by_uri(
    app: &Arc<AppState>,
    chat_id: ChatId,
    user: &User,
    uri: &str,
) -> Result<ChatReader, ApiError> {
    match app.chats.join(chat_id, uri.to_owned(), user.clone()).await? {
        JoinOutcome::Joined => ChatReader::find_by_id(&app.auth, user.id, chat_id).await,
        JoinOutcome::Pending => Err(ProblemCode::JoinPending.into()),
    }
}

/// Adds another user, for a moderator. Others get the same error whether the chat exists or not.
async fn add_user(
    app: &Arc<AppState>,
    actor: &User,
    uri: &str,
    username: &str,
) -> Result<(ChatReader, User), ApiError> {
    let reader = match ChatReader::find(&app.auth, actor.id, uri).await {
        Ok(reader) if reader.role >= Role::Moderator => reader,
        Err(error) if error.code() != ProblemCode::ChatNotFound => return Err(error),
        _ => {
            let rejection = Rejection::new(ProblemCode::Forbidden);
            return Err(rejection.detail("You can only join as yourself.").into());
        }
    };
    let found = store::users::find_by_username(&mut *app.db.get().await?, username).await?;
    let user = found.ok_or_else(|| Rejection::field("username", FieldCode::NotAChoice))?;
    let (actor_id, added) = (actor.id, user.clone());
    let addition = app.chats.run_transaction(actor_id, reader.chat.id, move |transaction| {
        async move { chat::join::add_member(transaction, actor_id, &added).await }.boxed()
    });
    addition.await?;
    Ok((reader, user))
}

/// The chat as the caller sees it after they or another user joined.
async fn load_response(
    app: &AppState,
    ChatReader { user: caller, chat, .. }: ChatReader,
    added: Option<User>,
) -> Result<JoinResponse, ApiError> {
    let mut connection = app.db.get().await?;
    // The head is read first, so that it is not newer than the members.
    let chat = store::chats::find_active(&mut connection, chat.id).await?;
    let statuses = [MembershipStatus::Member, MembershipStatus::Pending, MembershipStatus::Banned];
    let listed = store::members::list_by_status(&mut connection, chat.id, &statuses).await?;
    let (mut members, former_members): (Vec<_>, Vec<_>) =
        listed.into_iter().partition(|member| member.status.is_member());
    if let Some(own) = members.iter_mut().find(|member| member.user.id == caller.id) {
        own.user.email.clone_from(&caller.email);
    }
    let user = added.unwrap_or(caller);
    let (status, message) = ("SUCCESS".to_owned(), format!("{} joined the chat", user.username));
    let settings = chat.settings();
    Ok(JoinResponse {
        status,
        uri: chat.uri,
        epoch: app.epoch,
        head: chat.head,
        chat: settings,
        members,
        former_members,
        message,
        user,
    })
}

impl FromFields for JoinChat {
    fn from_fields(fields: &mut FieldReader) -> Self {
        Self { username: fields.optional_text("username", |_| Ok(())) }
    }
}
