//! The settings of a chat, and the rotation of its URI.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use shared::{
    chat::{Chat, UpdateChatSettings},
    event::Event,
    id::UserId,
    member::Role,
};

use super::transaction::ChatTransaction;
use crate::{
    error::ApiError,
    store::chats::{self, SettingsColumns},
};

/// Changes the settings that differ, with an event for each; returns the new settings.
pub async fn update(
    transaction: &mut ChatTransaction<'_>,
    actor_id: UserId,
    update: UpdateChatSettings,
) -> Result<Chat, ApiError> {
    transaction.require_role(actor_id, least_role(&update)).await?;
    let current = transaction.chat.settings();
    let SettingsDiff { columns, events } = SettingsDiff::new(&current, update, Utc::now());
    if events.is_empty() {
        return Ok(current);
    }
    chats::update_settings(transaction.connection, current.id, columns).await?;
    transaction.bump_settings_revision().await?;
    for event in &events {
        transaction.append_event(actor_id, event).await?;
    }
    Ok(chats::find(transaction.connection, current.id).await?.settings())
}

/// Gives the chat another URI. Members keep access; the old URI admits no new members.
pub async fn rotate_uri(
    transaction: &mut ChatTransaction<'_>,
    actor_id: UserId,
    uri: &str,
) -> Result<(), ApiError> {
    transaction.require_role(actor_id, Role::Moderator).await?;
    chats::rotate_uri(transaction.connection, &transaction.chat, uri).await?;
    // Caches of the settings include the URI.
    transaction.bump_settings_revision().await?;
    transaction.append_event(actor_id, &Event::UriRotated).await
}

/// The role that may change everything in the update.
fn least_role(update: &UpdateChatSettings) -> Role {
    let needs_owner = update.closed.is_some()
        || update.guests_allowed.is_some()
        || update.edit_window.is_some()
        || update.export_allowed.is_some()
        || update.retention_days.is_some()
        || update.expires_in.is_some();
    if needs_owner { Role::Owner } else { Role::Moderator }
}

/// The settings that differ from the current ones, as columns and as events.
#[derive(Debug, Default, PartialEq)]
struct SettingsDiff {
    columns: SettingsColumns,
    events: Vec<Event>,
}

impl SettingsDiff {
    fn new(current: &Chat, update: UpdateChatSettings, now: DateTime<Utc>) -> Self {
        let retention_days = update.retention_days.map(|days| Some(days).filter(|days| *days > 0));
        let expires_at = update.expires_in.map(|seconds| expiry(now, seconds));
        let mut diff = Self::default();
        let Self { columns, events } = &mut diff;
        columns.name = changed(&current.name, update.name);
        columns.topic = changed(&current.topic, update.topic);
        columns.closed = changed(&current.closed, update.closed);
        columns.link_open = changed(&current.link_open, update.link_open);
        columns.guests_allowed = changed(&current.guests_allowed, update.guests_allowed);
        columns.approval_required = changed(&current.approval_required, update.approval_required);
        columns.expires_at = changed(&current.expires_at, expires_at);
        let slow_mode_seconds = changed(&current.slow_mode_seconds, update.slow_mode_seconds);
        columns.slow_mode_seconds = slow_mode_seconds.map(to_column);
        let retention_days = changed(&current.retention_days, retention_days);
        columns.retention_days = retention_days.map(|days| days.map(to_column));
        columns.edit_window = changed(&current.edit_window, update.edit_window);
        columns.export_allowed = changed(&current.export_allowed, update.export_allowed);
        events.extend(columns.name.clone().map(|name| Event::Named { name }));
        events.extend(columns.topic.clone().map(|topic| Event::Topic { topic }));
        events.extend(columns.closed.map(|closed| Event::Closed { closed }));
        events.extend(columns.link_open.map(|open| Event::LinkOpen { open }));
        events.extend(columns.guests_allowed.map(|allowed| Event::Guests { allowed }));
        events.extend(columns.approval_required.map(|required| Event::Approval { required }));
        events.extend(columns.expires_at.map(|at| Event::Expires { at }));
        events.extend(slow_mode_seconds.map(|seconds| Event::SlowMode { seconds }));
        events.extend(columns.edit_window.map(|edit_window| Event::EditWindow { edit_window }));
        events.extend(columns.export_allowed.map(|allowed| Event::Export { allowed }));
        events.extend(retention_days.map(|days| Event::Retention { days }));
        diff
    }
}

fn changed<T: PartialEq>(current: &T, new: Option<T>) -> Option<T> {
    new.filter(|new| new != current)
}

fn expiry(now: DateTime<Utc>, seconds: u64) -> Option<DateTime<Utc>> {
    let lifetime = TimeDelta::try_seconds(i64::try_from(seconds).ok()?).filter(|life| !life.is_zero())?;
    now.checked_add_signed(lifetime).map(|end| end.trunc_subsecs(3))
}

/// PostgreSQL has no unsigned integers.
fn to_column(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use shared::{chat::EditWindow, id::ChatId};

    use super::*;

    fn tea() -> Chat {
        Chat { name: "tea".into(), slow_mode_seconds: 5, ..Chat::new(ChatId::new(1), DateTime::UNIX_EPOCH) }
    }

    #[test]
    fn equal_settings_make_no_difference() {
        let update = UpdateChatSettings {
            name: Some("tea".into()),
            topic: Some(String::new()),
            closed: Some(false),
            link_open: Some(true),
            guests_allowed: Some(true),
            approval_required: Some(false),
            slow_mode_seconds: Some(5),
            edit_window: Some(EditWindow::Always),
            export_allowed: Some(false),
            retention_days: Some(0),
            expires_in: Some(0),
        };
        assert_eq!(SettingsDiff::new(&tea(), update, DateTime::UNIX_EPOCH), SettingsDiff::default());
    }

    #[test]
    fn each_difference_is_a_column_and_an_event() {
        let update = UpdateChatSettings {
            name: Some(String::new()),
            slow_mode_seconds: Some(0),
            edit_window: Some(EditWindow::Never),
            export_allowed: Some(true),
            retention_days: Some(30),
            expires_in: Some(60),
            guests_allowed: Some(true),
            ..UpdateChatSettings::default()
        };
        let SettingsDiff { columns, events } = SettingsDiff::new(&tea(), update, DateTime::UNIX_EPOCH);
        let end = Some(DateTime::UNIX_EPOCH + TimeDelta::minutes(1));
        let expected = SettingsColumns {
            name: Some(String::new()),
            slow_mode_seconds: Some(0),
            edit_window: Some(EditWindow::Never),
            export_allowed: Some(true),
            retention_days: Some(Some(30)),
            expires_at: Some(end),
            ..SettingsColumns::default()
        };
        assert_eq!(columns, expected);
        let expected = [
            Event::Named { name: String::new() },
            Event::Expires { at: end },
            Event::SlowMode { seconds: 0 },
            Event::EditWindow { edit_window: EditWindow::Never },
            Event::Export { allowed: true },
            Event::Retention { days: Some(30) },
        ];
        assert_eq!(events, expected);
    }
}
