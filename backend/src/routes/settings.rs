//! The settings of a chat.

use actix_web::web::{Data, Json};
use futures_util::FutureExt;
use shared::{
    chat::{ChangeSettings, Chat, LIFE_MAX, RETENTION_MAX, SLOW_MAX, check_name, check_topic},
    member::Role,
};

use crate::{
    app::App,
    auth::Moderator,
    body::{Body, Fields, FromFields},
    problem::Error,
};

/// Changes what is given and different.
#[utoipa::path(
    patch, path = "/api/chats/{uri}/settings/",
    request_body = ChangeSettings,
    responses((status = 200, body = Chat)),
)]
pub async fn change(
    app: Data<App>,
    Moderator { user, chat }: Moderator,
    Body(wanted): Body<ChangeSettings>,
) -> Result<Json<Chat>, Error> {
    let settings = app.act(chat.id, move |turn| {
        async move {
            turn.check_role(user.id, least_role(&wanted)).await?;
            turn.set(user.id, wanted).await
        }
        .boxed()
    });
    Ok(Json(settings.await?))
}

/// Who may change all that is given.
fn least_role(wanted: &ChangeSettings) -> Role {
    let ChangeSettings { closed, guests, retention_days, expires_in, .. } = wanted;
    let is_owners = closed.is_some() || guests.is_some() || retention_days.is_some() || expires_in.is_some();
    if is_owners { Role::Owner } else { Role::Moderator }
}

impl FromFields for ChangeSettings {
    fn from_fields(fields: &mut Fields) -> Self {
        let mut number = |field: &str, most: i64| fields.optional_number(field, 0..=most);
        let slow_seconds = number("slow_seconds", SLOW_MAX.into());
        let retention_days = number("retention_days", RETENTION_MAX.into());
        let expires_in = number("expires_in", i64::try_from(LIFE_MAX).unwrap_or(i64::MAX));
        Self {
            name: fields.optional_text("name", check_name),
            topic: fields.optional_text("topic", check_topic),
            closed: fields.optional_switch("closed"),
            link_open: fields.optional_switch("link_open"),
            guests: fields.optional_switch("guests"),
            approval: fields.optional_switch("approval"),
            slow_seconds: slow_seconds.and_then(|seconds| seconds.try_into().ok()),
            retention_days: retention_days.and_then(|days| days.try_into().ok()),
            expires_in: expires_in.and_then(|seconds| seconds.try_into().ok()),
        }
    }
}
