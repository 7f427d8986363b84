//! Transferring the ownership of a chat.

use actix_web::web::{Data, Json};
use futures_util::FutureExt;
use shared::{
    id::UserId,
    member::{Member, TransferOwnership},
    paths,
};

use crate::{
    auth::{Authorized, ChatOwner},
    chat::ownership,
    error::ApiError,
    http::extract::body::{FieldReader, FromFields},
    rate_limit::UserLimit,
    state::AppState,
};

/// Transfers the ownership to another member. Returns the new owner.
#[utoipa::path(
    put, path = paths::CHAT_OWNER, operation_id = "transferOwnership",
    request_body = TransferOwnership,
    responses((status = 200, body = Member), (status = 409)),
)]
pub async fn transfer(
    app: Data<AppState>,
    Authorized(ChatOwner { user, chat }, transfer): Authorized<ChatOwner, TransferOwnership>,
) -> Result<Json<Member>, ApiError> {
    app.rate_limits.check_user(UserLimit::ChatChange, user.id)?;
    let owned_max = app.rate_limits.owned_chats_max();
    let owner = app.chats.run_transaction(user.id, chat.id, move |transaction| {
        ownership::transfer(transaction, user.id, transfer.user_id, owned_max).boxed()
    });
    Ok(Json(owner.await?))
}

impl FromFields for TransferOwnership {
    fn from_fields(fields: &mut FieldReader) -> Self {
        Self { user_id: UserId::new(fields.number("user_id", 1..=i64::MAX)) }
    }
}
