//! Changing the settings of a chat.

use actix_web::web::{Data, Json};
use futures_util::FutureExt;
use shared::{
    chat::{
        Chat, LIFETIME_SECONDS_MAX, RETENTION_DAYS_MAX, SLOW_MODE_SECONDS_MAX, UpdateChatSettings,
        check_chat_name, check_topic,
    },
    paths,
};

use crate::{
    auth::{Authorized, ChatModerator},
    chat::settings,
    error::ApiError,
    http::extract::body::{FieldReader, FromFields},
    rate_limit::UserLimit,
    state::AppState,
};

/// Changes the given settings. Some of them require the owner.
#[utoipa::path(
    patch, path = paths::CHAT_SETTINGS, operation_id = "updateChatSettings",
    request_body = UpdateChatSettings,
    responses((status = 200, body = Chat)),
)]
pub async fn update(
    app: Data<AppState>,
    Authorized(ChatModerator { user, chat }, update): Authorized<ChatModerator, UpdateChatSettings>,
) -> Result<Json<Chat>, ApiError> {
    app.rate_limits.check_user(UserLimit::ChatChange, user.id)?;
    let settings = app.chats.run_transaction(user.id, chat.id, move |transaction| {
        settings::update(transaction, user.id, update).boxed()
    });
    Ok(Json(settings.await?))
}

impl FromFields for UpdateChatSettings {
    fn from_fields(fields: &mut FieldReader) -> Self {
        let mut number = |field: &str, maximum: i64| fields.optional_number(field, 0..=maximum);
        let slow_mode_seconds = number("slow_mode_seconds", SLOW_MODE_SECONDS_MAX.into());
        let retention_days = number("retention_days", RETENTION_DAYS_MAX.into());
        let expires_in = number("expires_in", i64::try_from(LIFETIME_SECONDS_MAX).unwrap_or(i64::MAX));
        Self {
            name: fields.optional_text("name", check_chat_name),
            topic: fields.optional_text("topic", check_topic),
            closed: fields.optional_bool("closed"),
            link_open: fields.optional_bool("link_open"),
            guests_allowed: fields.optional_bool("guests_allowed"),
            approval_required: fields.optional_bool("approval_required"),
            edit_window: fields.optional_choice("edit_window"),
            export_allowed: fields.optional_bool("export_allowed"),
            slow_mode_seconds: slow_mode_seconds.and_then(|seconds| seconds.try_into().ok()),
            retention_days: retention_days.and_then(|days| days.try_into().ok()),
            expires_in: expires_in.and_then(|seconds| seconds.try_into().ok()),
        }
    }
}
