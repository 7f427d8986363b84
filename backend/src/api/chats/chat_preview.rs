//! The preview of a chat for non-members. Has no side effects.

use actix_web::{
    HttpRequest,
    web::{Data, Json, Path},
};
use shared::{
    chat::{ChatPreview, MEMBER_SAMPLE_MAX},
    paths,
};

use crate::{
    auth::{MaybeAuthenticated, policy::extractors::limit_uri_probing},
    chat::preview,
    error::ApiError,
    http::extract::client_ip::client_ip,
    state::AppState,
};

/// Shows a preview of the chat, also to non-members.
#[utoipa::path(
    get, path = paths::CHAT, operation_id = "previewChat",
    responses((status = 200, body = ChatPreview), (status = 403)),
)]
pub async fn show(
    app: Data<AppState>,
    request: HttpRequest,
    uri: Path<String>,
    MaybeAuthenticated(user): MaybeAuthenticated,
) -> Result<Json<ChatPreview>, ApiError> {
    let present_users = |chat_id| app.hub.present_users(chat_id, MEMBER_SAMPLE_MAX);
    let found = preview::load(&app.db, &uri, user.as_ref(), present_users).await;
    limit_uri_probing(&app.auth, client_ip(&request, &app.config), found).map(Json)
}
