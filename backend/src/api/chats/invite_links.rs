//! Invite links.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Json},
};
use futures_util::FutureExt;
use shared::{
    chat::LIFETIME_SECONDS_MAX,
    id::LinkId,
    invite_link::{
        CreateInviteLink, INVITE_LINK_USES_MAX, InviteLinkCreated, InviteLinkUse, InviteLinksResponse,
        check_label,
    },
    member::Role,
    paths,
    problem::FieldCode,
};

use super::generate_uri;
use crate::{
    auth::{Authorized, ChatModerator},
    chat::invite_links,
    error::ApiError,
    http::extract::{
        body::{FieldReader, FromFields},
        path_parameter,
    },
    rate_limit::UserLimit,
    state::AppState,
    store,
};

/// Lists the invite links, newest first.
#[utoipa::path(
    get, path = paths::CHAT_LINKS, operation_id = "listInviteLinks",
    responses((status = 200, body = InviteLinksResponse)),
)]
pub async fn list(
    app: Data<AppState>,
    ChatModerator { chat, .. }: ChatModerator,
) -> Result<Json<InviteLinksResponse>, ApiError> {
    let links = store::invite_links::list_for_chat(&mut *app.db.get().await?, chat.id).await?;
    Ok(Json(InviteLinksResponse { links }))
}

/// Creates an invite link. Only this response contains its secret.
#[utoipa::path(
    post, path = paths::CHAT_LINKS, operation_id = "createInviteLink",
    request_body = CreateInviteLink,
    responses((status = 201, body = InviteLinkCreated), (status = 409)),
)]
pub async fn create(
    app: Data<AppState>,
    Authorized(ChatModerator { user, chat }, request): Authorized<ChatModerator, CreateInviteLink>,
) -> Result<HttpResponse, ApiError> {
    app.rate_limits.check_user(UserLimit::ChatChange, user.id)?;
    let secret = generate_uri();
    let stored_secret = secret.clone();
    let link = app.chats.run_transaction(user.id, chat.id, move |transaction| {
        async move { invite_links::create(transaction, user.id, &stored_secret, request).await }.boxed()
    });
    Ok(HttpResponse::Created().json(InviteLinkCreated { link: link.await?, secret }))
}

/// Revokes an invite link. Revoking it again changes nothing.
#[utoipa::path(
    delete, path = paths::CHAT_LINK, operation_id = "revokeInviteLink",
    responses((status = 204)),
)]
pub async fn revoke(
    app: Data<AppState>,
    ChatModerator { user, chat }: ChatModerator,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let link_id = path_parameter(&request, "link_id").map(LinkId::new)?;
    app.rate_limits.check_user(UserLimit::ChatChange, user.id)?;
    let revocation = app.chats.run_transaction(user.id, chat.id, move |transaction| {
        invite_links::revoke(transaction, user.id, link_id).boxed()
    });
    revocation.await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Lists the members who joined with an invite link.
#[utoipa::path(
    get, path = paths::CHAT_LINK_MEMBERS, operation_id = "listInviteLinkMembers",
    responses((status = 200, body = InviteLinkUse)),
)]
pub async fn list_members(
    app: Data<AppState>,
    ChatModerator { chat, .. }: ChatModerator,
    request: HttpRequest,
) -> Result<Json<InviteLinkUse>, ApiError> {
    let link_id = path_parameter(&request, "link_id").map(LinkId::new)?;
    let mut connection = app.db.get().await?;
    let link = store::invite_links::find(&mut connection, chat.id, link_id).await?;
    let members = store::invite_links::list_members(&mut connection, chat.id, link.id).await?;
    Ok(Json(InviteLinkUse { members }))
}

impl FromFields for CreateInviteLink {
    fn from_fields(fields: &mut FieldReader) -> Self {
        let label = fields.optional_text("label", check_label).unwrap_or_default();
        let role = match fields.text("role", check_role).as_str() {
            "reader" => Role::Reader,
            "moderator" => Role::Moderator,
            _ => Role::Writer,
        };
        let mut number = |field, maximum: u64| {
            fields
                .optional_number(field, 1..=i64::try_from(maximum).unwrap_or(i64::MAX))
                .map(i64::unsigned_abs)
        };
        let expires_in = number("expires_in", LIFETIME_SECONDS_MAX);
        let max_uses =
            number("max_uses", INVITE_LINK_USES_MAX.into()).and_then(|uses| u32::try_from(uses).ok());
        Self { label, role, expires_in, max_uses }
    }
}

fn check_role(role: &str) -> Result<(), FieldCode> {
    if ["reader", "writer", "moderator"].contains(&role) { Ok(()) } else { Err(FieldCode::NotAChoice) }
}
