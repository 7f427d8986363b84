//! Turns messages into rows: where an author's group begins and ends, and where a day does.

use shared::{
    file::MessageFile,
    id::{Seq, UserId},
    mentions::Mentions,
    problem::ProblemCode,
};
use uuid::Uuid;

use super::{quotes::Quote, reactions::Reactions};

/// Consecutive messages of one author within this, in milliseconds, form a group.
const GROUP_GAP: i64 = 5 * 60 * 1_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryStatus {
    Sending,
    /// Its files are uploaded.
    Uploading,
    /// Slow mode holds it back.
    Held,
    /// The server cannot be reached.
    Offline,
    Sent,
    Failed(ProblemCode),
    /// It is sent, and could not be deleted. No code: the server could not be reached.
    NotDeleted(Option<ProblemCode>),
}

impl DeliveryStatus {
    /// Whether the message waits for more than the next answer of the server.
    fn is_stuck(self) -> bool {
        matches!(self, Self::Uploading | Self::Held | Self::Offline | Self::Failed(_))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    Text,
    Event,
    /// Stands for so many deleted messages.
    Deleted(usize),
    /// The user deletes it, and can still undo that.
    Undoable,
}

/// A message as it is shown, whether it is stored or pending.
#[expect(clippy::struct_excessive_bools, reason = "they are independent")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageItem {
    pub kind: MessageKind,
    pub client_id: Uuid,
    /// 0 while the message is pending.
    pub seq: Seq,
    pub author_id: UserId,
    pub name: String,
    /// The file name of the author's avatar; empty without one.
    pub avatar: String,
    pub text: String,
    pub files: Vec<MessageFile>,
    /// Whom it mentions, under their current names.
    pub mentions: Mentions,
    /// Whether it is from someone else and mentions the user.
    pub mentions_me: bool,
    /// The message that it replies to.
    pub quote: Option<Quote>,
    /// Milliseconds since 1970.
    pub sent_at: i64,
    pub is_own: bool,
    /// When it was last edited, in milliseconds since 1970.
    pub edited_at: Option<i64>,
    pub is_deletable: bool,
    pub is_pinned: bool,
    pub status: DeliveryStatus,
    /// Whether it is pending and has files.
    pub has_pending_files: bool,
    pub reactions: Reactions,
}

/// While the key of an item stays equal, its elements stay in the page.
pub type ItemKey = (UserId, Uuid, bool);

impl MessageItem {
    pub fn key(&self) -> ItemKey {
        (self.author_id, self.client_id, self.is_own)
    }

    /// The id of its element.
    pub fn element_id(&self) -> String {
        element_id(self.client_id)
    }
}

pub fn element_id(client_id: Uuid) -> String {
    format!("m-{client_id}")
}

/// The id of the label above the first message of a day, which was sent at this time.
pub fn day_id(sent_at: i64) -> String {
    format!("day-{sent_at}")
}

/// The inverse of [`day_id`].
pub fn parse_day_id(id: &str) -> Option<i64> {
    id.strip_prefix("day-")?.parse().ok()
}

/// What depends on the neighbours of a message.
#[expect(clippy::struct_excessive_bools, reason = "they are independent")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowLayout {
    pub starts_group: bool,
    pub ends_group: bool,
    pub starts_day: bool,
    /// Whether the unread line stands above it.
    pub is_first_unread: bool,
    /// Whether it is the first message that could not be sent so far: read receipts stand above it.
    pub is_first_unsent: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListRow {
    pub item: MessageItem,
    pub layout: RowLayout,
}

/// `day` returns the number of the local day of a time.
pub fn build_rows(
    items: Vec<MessageItem>,
    first_unread: Option<Uuid>,
    day: impl Fn(i64) -> i64,
) -> Vec<ListRow> {
    let mut rows: Vec<ListRow> = Vec::with_capacity(items.len());
    let mut has_unsent = false;
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
            last.layout.ends_group = starts_group;
        }
        let is_first_unsent = item.status.is_stuck() && !has_unsent;
        has_unsent |= is_first_unsent;
        let layout =
            RowLayout { starts_group, ends_group: true, starts_day, is_first_unread, is_first_unsent };
        rows.push(ListRow { item, layout });
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
            author_id: UserId::new(author_id),
            name: "ada".into(),
            avatar: String::new(),
            text: "tea?".into(),
            files: Vec::new(),
            mentions: Mentions::default(),
            mentions_me: false,
            quote: None,
            sent_at,
            is_own: false,
            edited_at: None,
            is_deletable: false,
            is_pinned: false,
            status: DeliveryStatus::Sent,
            has_pending_files: false,
            reactions: Reactions::default(),
        }
    }

    fn flags(items: Vec<MessageItem>) -> Vec<(bool, bool, bool)> {
        let day = |at: i64| at.div_euclid(DAY);
        let rows = build_rows(items, None, day);
        let flags = |row: &ListRow| (row.layout.starts_group, row.layout.ends_group, row.layout.starts_day);
        rows.iter().map(flags).collect()
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
    fn first_stuck_message_is_first_unsent() {
        let with_status = |status| MessageItem { status, ..item(1, 0) };
        let statuses =
            [DeliveryStatus::Sent, DeliveryStatus::Sending, DeliveryStatus::Offline, DeliveryStatus::Held];
        let rows = build_rows(statuses.map(with_status).into(), None, |_| 0);
        let is_first: Vec<_> = rows.iter().map(|row| row.layout.is_first_unsent).collect();
        assert_eq!(is_first, [false, false, true, false]);
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
