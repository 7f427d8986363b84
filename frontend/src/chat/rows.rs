//! From messages to rows: where an author's group begins and ends, and where a day does.

use shared::problem::ProblemCode;
use uuid::Uuid;

/// Messages of one author that follow each other within this, in milliseconds, stand together.
const TOGETHER: i64 = 5 * 60 * 1_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    Sending,
    Sent,
    Failed(ProblemCode),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Said,
    /// A quiet line: what was done.
    Event,
    /// What is left of so many messages that were deleted.
    Deleted(usize),
}

/// A message as it is shown, stored or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub kind: Kind,
    pub client_id: Uuid,
    /// Its place; none before it is stored.
    pub seq: i64,
    pub revision: i64,
    pub author: i64,
    pub name: String,
    /// The name of the author's picture; empty without one.
    pub picture: String,
    pub text: String,
    /// Milliseconds since 1970.
    pub at: i64,
    pub own: bool,
    /// Whether it may be deleted.
    pub deletable: bool,
    pub phase: Phase,
}

#[expect(clippy::struct_excessive_bools, reason = "each is seen by itself")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub item: Item,
    /// The first of its author's group,
    pub opens: bool,
    /// and the last.
    pub closes: bool,
    /// The first of its day.
    pub new_day: bool,
    /// The first that was not read when the person came.
    pub new: bool,
}

/// What a row's element is kept by: while this stays equal, so does what is seen.
pub type Key = (Uuid, Kind, i64, Phase, [String; 2], [bool; 5]);

impl Row {
    pub fn key(&self) -> Key {
        let flags = [self.opens, self.closes, self.new_day, self.new, self.item.deletable];
        let Item { client_id, kind, revision, phase, .. } = self.item;
        // A line names people, each of whom may be called something else by now.
        let names = if kind == Kind::Event { &self.item.text } else { &self.item.name };
        (client_id, kind, revision, phase, [names.clone(), self.item.picture.clone()], flags)
    }
}

/// `first_new` is the first that was not read. `day` tells the local day that a moment lies in.
pub fn rows(items: Vec<Item>, first_new: Option<Uuid>, day: impl Fn(i64) -> i64) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::with_capacity(items.len());
    for item in items {
        let new = first_new == Some(item.client_id);
        let mut last = rows.last_mut();
        if let Some(last) = &mut last
            && !new
            && absorbs(&mut last.item, &item, &day)
        {
            continue;
        }
        let new_day = last.as_ref().is_none_or(|last| day(last.item.at) < day(item.at));
        let opens = new || new_day || last.as_ref().is_none_or(|last| !together(&last.item, &item));
        if let Some(last) = last {
            last.closes = opens;
        }
        rows.push(Row { item, opens, closes: true, new_day, new });
    }
    rows
}

fn together(one: &Item, next: &Item) -> bool {
    let parts = one.kind == Kind::Event || next.kind == Kind::Event;
    !parts && one.author == next.author && (next.at - one.at) < TOGETHER
}

/// One tombstone stands for all that follow it: what was deleted is not to fill the chat once more.
fn absorbs(one: &mut Item, next: &Item, day: impl Fn(i64) -> i64) -> bool {
    match (one.kind, next.kind) {
        (Kind::Deleted(count), Kind::Deleted(more))
            if one.author == next.author && day(one.at) == day(next.at) =>
        {
            one.kind = Kind::Deleted(count + more);
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

    fn item(author: i64, at: i64) -> Item {
        Item {
            kind: Kind::Said,
            client_id: Uuid::nil(),
            seq: 1,
            revision: 1,
            author,
            name: "ada".into(),
            picture: String::new(),
            text: "tea?".into(),
            at,
            own: false,
            deletable: false,
            phase: Phase::Sent,
        }
    }

    fn flags(items: Vec<Item>) -> Vec<(bool, bool, bool)> {
        let day = |at: i64| at.div_euclid(DAY);
        rows(items, None, day).iter().map(|row| (row.opens, row.closes, row.new_day)).collect()
    }

    #[test]
    fn an_authors_messages_within_five_minutes_stand_together() {
        assert_eq!(
            flags(vec![item(1, 0), item(1, MINUTE), item(2, 2 * MINUTE), item(2, 7 * MINUTE)]),
            [(true, false, true), (false, true, false), (true, true, false), (true, true, false)]
        );
    }

    #[test]
    fn what_was_done_parts_a_group() {
        let done = Item { kind: Kind::Event, ..item(1, MINUTE) };
        assert_eq!(
            flags(vec![item(1, 0), done, item(1, 2 * MINUTE)]),
            [(true, true, true), (true, true, false), (true, true, false)]
        );
    }

    #[test]
    fn many_messages_of_one_author_that_were_deleted_leave_one_tombstone() {
        let deleted = |author| Item { kind: Kind::Deleted(1), ..item(author, 0) };
        let rows = rows(vec![deleted(1), deleted(1), item(1, 0), deleted(1), deleted(2)], None, |_| 0);
        let kinds: Vec<_> = rows.iter().map(|row| row.item.kind).collect();
        assert_eq!(kinds, [Kind::Deleted(2), Kind::Said, Kind::Deleted(1), Kind::Deleted(1)]);
    }

    #[test]
    fn a_day_begins_at_local_midnight_and_parts_a_group() {
        assert_eq!(
            flags(vec![item(1, DAY - MINUTE), item(1, DAY + MINUTE)]),
            [(true, true, true), (true, true, true)]
        );
    }

    #[test]
    fn a_clock_that_went_back_begins_no_day() {
        assert_eq!(flags(vec![item(1, DAY), item(1, DAY - 1)]), [(true, false, true), (false, true, false)]);
    }
}
