//! The settings of a chat: the columns of its row that its keepers set.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use shared::{
    chat::{ChangeSettings, Chat},
    event::Event,
};

use super::{
    chats,
    schema::chats::{self as table},
    turn::Turn,
};
use crate::problem::Error;

/// The columns that are set anew.
#[derive(Clone, Debug, Default, PartialEq, AsChangeset)]
#[diesel(table_name = table)]
#[expect(clippy::option_option, reason = "nothing to set, or nothing set")]
struct Columns {
    name: Option<String>,
    topic: Option<String>,
    closed: Option<bool>,
    link_open: Option<bool>,
    guests: Option<bool>,
    approval: Option<bool>,
    slow_seconds: Option<i32>,
    retention_days: Option<Option<i32>>,
    expires_at: Option<Option<DateTime<Utc>>>,
}

/// What really becomes different, and how it is said.
#[derive(Debug, Default, PartialEq)]
struct Difference {
    columns: Columns,
    events: Vec<Event>,
}

impl Difference {
    fn between(chat: &Chat, wanted: ChangeSettings, now: DateTime<Utc>) -> Self {
        let mut all = Self::default();
        let days = wanted.retention_days.map(|days| Some(days).filter(|days| *days > 0));
        let ends = wanted.expires_in.map(|seconds| expiry(now, seconds));
        let Columns {
            name,
            topic,
            closed,
            link_open,
            guests,
            approval,
            slow_seconds,
            retention_days,
            expires_at,
        } = &mut all.columns;
        let mut events = [
            changed(name, &chat.name, wanted.name, |name| Event::Named { name }),
            changed(topic, &chat.topic, wanted.topic, |topic| Event::Topic { topic }),
            changed(closed, &chat.closed, wanted.closed, |closed| Event::Closed { closed }),
            changed(link_open, &chat.link_open, wanted.link_open, |open| Event::LinkOpen { open }),
            changed(guests, &chat.guests, wanted.guests, |welcome| Event::Guests { welcome }),
            changed(approval, &chat.approval, wanted.approval, |on| Event::Approval { on }),
            changed(expires_at, &chat.expires_at, ends, |at| Event::Expires { at }),
        ];
        all.events.extend(events.iter_mut().filter_map(Option::take));
        // The database has no numbers without a sign.
        if let Some(seconds) = wanted.slow_seconds.filter(|seconds| *seconds != chat.slow_seconds) {
            *slow_seconds = Some(signed(seconds));
            all.events.push(Event::Slow { seconds });
        }
        if let Some(days) = days.filter(|days| *days != chat.retention_days) {
            *retention_days = Some(days.map(signed));
            all.events.push(Event::Retention { days });
        }
        all
    }
}

/// Sets a column if that makes a difference.
fn changed<T: PartialEq + Clone>(
    column: &mut Option<T>,
    now: &T,
    wanted: Option<T>,
    event: impl FnOnce(T) -> Event,
) -> Option<Event> {
    *column = wanted.filter(|wanted| wanted != now);
    column.clone().map(event)
}

fn expiry(now: DateTime<Utc>, seconds: u64) -> Option<DateTime<Utc>> {
    let life = TimeDelta::try_seconds(i64::try_from(seconds).ok()?).filter(|life| !life.is_zero())?;
    now.checked_add_signed(life).map(|end| end.trunc_subsecs(3))
}

fn signed(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

impl Turn<'_> {
    /// The chat keeps its messages from this place on.
    pub(super) async fn keep_from(&mut self, seq: i64) -> Result<(), Error> {
        diesel::update(table::table.find(self.chat.id))
            .set(table::kept_from.eq(seq))
            .execute(self.connection)
            .await?;
        self.touch_chat().await
    }

    /// Changes what is different, and says each of it; returns the settings as they are then.
    pub async fn set(&mut self, actor_id: i64, wanted: ChangeSettings) -> Result<Chat, Error> {
        let Difference { columns, events } = Difference::between(&self.chat.settings(), wanted, Utc::now());
        if events.is_empty() {
            return Ok(self.chat.settings());
        }
        diesel::update(table::table.find(self.chat.id)).set(columns).execute(self.connection).await?;
        self.touch_chat().await?;
        for event in &events {
            self.say(actor_id, event).await?;
        }
        Ok(chats::row(self.connection, self.chat.id).await?.settings())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tea() -> Chat {
        Chat { name: "tea".into(), slow_seconds: 5, ..Chat::started(1, DateTime::UNIX_EPOCH) }
    }

    #[test]
    fn what_is_as_it_was_is_no_difference() {
        let wanted = ChangeSettings {
            name: Some("tea".into()),
            topic: Some(String::new()),
            closed: Some(false),
            link_open: Some(true),
            guests: Some(true),
            approval: Some(false),
            slow_seconds: Some(5),
            retention_days: Some(0),
            expires_in: Some(0),
        };
        assert_eq!(Difference::between(&tea(), wanted, DateTime::UNIX_EPOCH), Difference::default());
    }

    #[test]
    fn each_difference_is_a_column_and_a_line() {
        let wanted = ChangeSettings {
            name: Some(String::new()),
            slow_seconds: Some(0),
            retention_days: Some(30),
            expires_in: Some(60),
            guests: Some(true),
            ..ChangeSettings::default()
        };
        let Difference { columns, events } = Difference::between(&tea(), wanted, DateTime::UNIX_EPOCH);
        let end = Some(DateTime::UNIX_EPOCH + TimeDelta::minutes(1));
        let expected = Columns {
            name: Some(String::new()),
            slow_seconds: Some(0),
            retention_days: Some(Some(30)),
            expires_at: Some(end),
            ..Columns::default()
        };
        assert_eq!(columns, expected);
        let said = [
            Event::Named { name: String::new() },
            Event::Expires { at: end },
            Event::Slow { seconds: 0 },
            Event::Retention { days: Some(30) },
        ];
        assert_eq!(events, said);
    }
}
