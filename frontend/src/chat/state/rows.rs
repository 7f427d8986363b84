//! Turns messages into rows: where an author's group begins and ends, and where a day does.

use shared::{
    id::{Seq, UserId},
    problem::ProblemCode,
};
use uuid::Uuid;

/// Consecutive messages of one author within this, in milliseconds, form a group.
const GROUP_GAP: i64 = 5 * 60 * 1_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeliveryStatus {
    Sending,
    /// Slow mode holds it back.
    Held,
    /// The server cannot be reached.
    Offline,
    Sent,
    Failed(ProblemCode),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageKind {
    Text,
    Event,
    /// Stands for so many deleted messages.
    Deleted(usize),
}

/// A message as it is shown, whether it is stored or pending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageItem {
    pub kind: MessageKind,
    pub client_id: Uuid,
    /// 0 while the message is pending.
    pub seq: Seq,
    pub revision: Seq,
    pub author_id: UserId,
    pub name: String,
    /// The file name of the author's avatar; empty without one.
    pub avatar: String,
    pub text: String,
    /// Milliseconds since 1970.
    pub sent_at: i64,
    pub is_own: bool,
    pub is_deletable: bool,
    pub status: DeliveryStatus,
}

#[expect(clippy::struct_excessive_bools, reason = "they are independent")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListRow {
    pub item: MessageItem,
    pub starts_group: bool,
    pub ends_group: bool,
    pub starts_day: bool,
    /// Whether the unread line stands above it.
    pub is_first_unread: bool,
}

/// While the key of a row stays equal, its element stays too.
pub type RowKey = (Uuid, MessageKind, Seq, DeliveryStatus, [String; 2], [bool; 5]);

impl ListRow {
    pub fn key(&self) -> RowKey {
        let flags = [
            self.starts_group,
            self.ends_group,
            self.starts_day,
            self.is_first_unread,
            self.item.is_deletable,
        ];
        let MessageItem { client_id, kind, revision, status, .. } = self.item;
        // The text of an event names users, whose names may have changed.
        let names = if kind == MessageKind::Event { &self.item.text } else { &self.item.name };
        (client_id, kind, revision, status, [names.clone(), self.item.avatar.clone()], flags)
    }
}

/// `day` returns the number of the local day of a time.
pub fn build_rows(
    items: Vec<MessageItem>,
    first_unread: Option<Uuid>,
    day: impl Fn(i64) -> i64,
) -> Vec<ListRow> {
    let mut rows: Vec<ListRow> = Vec::with_capacity(items.len());
    for item in items {
        let is_first_unread = first_unread == Some(item.client_id);
        let mut last = rows.last_mut();
        if let Some(last) = &mut last
            && !is_first_unread
            && absorb_deleted(&mut last.item, &item, &day)
        {
            continue;
        }
        let starts_day = last.as_ref().is_none_or(|last| day(last.item.sent_at) < day(item.sent_at));
        let starts_group = is_first_unread
            || starts_day
            || last.as_ref().is_none_or(|last| !is_same_group(&last.item, &item));
        if let Some(last) = last {
            last.ends_group = starts_group;
        }
        rows.push(ListRow { item, starts_group, ends_group: true, starts_day, is_first_unread });
    }
    rows
}

fn is_same_group(one: &MessageItem, next: &MessageItem) -> bool {
    let has_event = one.kind == MessageKind::Event || next.kind == MessageKind::Event;
    !has_event && one.author_id == next.author_id && (next.sent_at - one.sent_at) < GROUP_GAP
}

/// One row stands for consecutive deleted messages of an author, so that deleted messages do not fill the chat.
fn absorb_deleted(one: &mut MessageItem, next: &MessageItem, day: impl Fn(i64) -> i64) -> bool {
    match (one.kind, next.kind) {
        (MessageKind::Deleted(count), MessageKind::Deleted(more))
            if one.author_id == next.author_id && day(one.sent_at) == day(next.sent_at) =>
        {
            one.kind = MessageKind::Deleted(count + more);
            true
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;
    const DAY: i64 = 24 * 60 * MINUTE;

    fn item(author_id: i64, sent_at: i64) -> MessageItem {
        MessageItem {
            kind: MessageKind::Text,
            client_id: Uuid::nil(),
            seq: Seq::new(1),
            revision: Seq::new(1),
            author_id: UserId::new(author_id),
            name: "ada".into(),
            avatar: String::new(),
            text: "tea?".into(),
            sent_at,
            is_own: false,
            is_deletable: false,
            status: DeliveryStatus::Sent,
        }
    }

    fn flags(items: Vec<MessageItem>) -> Vec<(bool, bool, bool)> {
        let day = |at: i64| at.div_euclid(DAY);
        let rows = build_rows(items, None, day);
        rows.iter().map(|row| (row.starts_group, row.ends_group, row.starts_day)).collect()
    }

    #[test]
    fn messages_within_five_minutes_are_grouped() {
        assert_eq!(
            flags(vec![item(1, 0), item(1, MINUTE), item(2, 2 * MINUTE), item(2, 7 * MINUTE)]),
            [(true, false, true), (false, true, false), (true, true, false), (true, true, false)]
        );
    }

    #[test]
    fn event_splits_a_group() {
        let event = MessageItem { kind: MessageKind::Event, ..item(1, MINUTE) };
        assert_eq!(
            flags(vec![item(1, 0), event, item(1, 2 * MINUTE)]),
            [(true, true, true), (true, true, false), (true, true, false)]
        );
    }

    #[test]
    fn deleted_messages_of_one_author_collapse() {
        let deleted = |author| MessageItem { kind: MessageKind::Deleted(1), ..item(author, 0) };
        let items = vec![deleted(1), deleted(1), item(1, 0), deleted(1), deleted(2)];
        let rows = build_rows(items, None, |_| 0);
        let kinds: Vec<_> = rows.iter().map(|row| row.item.kind).collect();
        assert_eq!(
            kinds,
            [MessageKind::Deleted(2), MessageKind::Text, MessageKind::Deleted(1), MessageKind::Deleted(1)]
        );
    }

    #[test]
    fn local_midnight_starts_day_and_group() {
        assert_eq!(
            flags(vec![item(1, DAY - MINUTE), item(1, DAY + MINUTE)]),
            [(true, true, true), (true, true, true)]
        );
    }

    #[test]
    fn clock_that_went_back_starts_no_day() {
        assert_eq!(flags(vec![item(1, DAY), item(1, DAY - 1)]), [(true, false, true), (false, true, false)]);
    }
}
