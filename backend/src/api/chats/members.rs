//! Moderating members, and leaving a chat.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Json, Path},
};
use futures_util::FutureExt;
use shared::{
    chat::is_valid_uri,
    id::UserId,
    member::{Member, MembershipStatus, Role, UpdateMember},
    paths,
    problem::{FieldCode, ProblemCode},
};

use crate::{
    auth::{Authenticated, Authorized, ChatModerator, policy::extractors::limit_uri_probing},
    chat::moderation::{self, MembershipAction},
    error::{ApiError, Rejection},
    http::extract::{
        body::{FieldReader, FromFields},
        client_ip::client_ip,
        path_parameter,
    },
    rate_limit::UserLimit,
    state::AppState,
    store,
};

/// Changes the role or the membership status of a user.
#[utoipa::path(
    put, path = paths::CHAT_MEMBER, operation_id = "updateMember",
    request_body = UpdateMember,
    responses((status = 200, body = Member), (status = 409)),
)]
pub async fn update(
    app: Data<AppState>,
    request: HttpRequest,
    Authorized(ChatModerator { user, chat }, update): Authorized<ChatModerator, UpdateMember>,
) -> Result<Json<Member>, ApiError> {
    let (action, target_id) = (parse_action(update)?, path_parameter(&request, "user_id").map(UserId::new)?);
    app.rate_limits.check_user(UserLimit::ChatChange, user.id)?;
    let changed = app.chats.run_transaction(user.id, chat.id, move |transaction| {
        moderation::moderate(transaction, user.id, target_id, action).boxed()
    });
    Ok(Json(changed.await?))
}

fn parse_action(update: UpdateMember) -> Result<MembershipAction, Rejection> {
    let invalid = |field, code| Err(Rejection::field(field, code));
    match (update.role, update.status) {
        (None, None) => invalid("status", FieldCode::Required),
        // One change at a time. The ownership is transferred by another route.
        (Some(_), Some(_)) | (Some(Role::Owner), None) => invalid("role", FieldCode::NotAChoice),
        (Some(role), None) => Ok(MembershipAction::SetRole(role)),
        (None, Some(status)) => match status {
            MembershipStatus::Member => Ok(MembershipAction::Admit),
            MembershipStatus::Rejected => Ok(MembershipAction::Reject),
            MembershipStatus::Removed => Ok(MembershipAction::Remove),
            MembershipStatus::Banned => Ok(MembershipAction::Ban),
            MembershipStatus::Left => Ok(MembershipAction::Unban),
            MembershipStatus::Pending => invalid("status", FieldCode::NotAChoice),
        },
    }
}

/// Leaves the chat, or withdraws a join request. No chat extractor, because users with a join request are not members.
#[utoipa::path(
    delete, path = paths::CHAT_MY_MEMBERSHIP, operation_id = "leaveChat",
    responses((status = 204), (status = 409)),
)]
pub async fn leave(
    app: Data<AppState>,
    Authenticated { user, .. }: Authenticated,
    uri: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    app.rate_limits.check_user(UserLimit::ChatChange, user.id)?;
    let chat_id = if is_valid_uri(&uri) {
        store::chat_links::find_chat_id(&mut *app.db.get().await?, &uri).await?
    } else {
        None
    };
    let result = match chat_id {
        Some(chat_id) => {
            app.chats
                .run_transaction(user.id, chat_id, move |transaction| {
                    moderation::leave(transaction, user.id).boxed()
                })
                .await
        }
        None => Err(ProblemCode::ChatNotFound.into()),
    };
    limit_uri_probing(&app.auth, client_ip(&request, &app.config), result)?;
    Ok(HttpResponse::NoContent().finish())
}

impl FromFields for UpdateMember {
    fn from_fields(fields: &mut FieldReader) -> Self {
        Self { role: fields.optional_choice("role"), status: fields.optional_choice("status") }
    }
}
