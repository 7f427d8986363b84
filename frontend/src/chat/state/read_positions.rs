//! How far the user and other members have read, and the line above the first unread message.

use std::collections::BTreeMap;

use shared::{
    chat_list::ReadPositionsResponse,
    id::{Seq, UserId},
    message::Message,
    timeline::Timeline,
    user::User,
};

/// In a chat with more members, it is not shown who has read the last message.
const SEEN_BY_MEMBERS_MAX: usize = 12;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadPositions {
    /// The read position of each user.
    by_user: BTreeMap<UserId, Seq>,
    /// Where the user left off: later messages are below the unread line.
    pub left_off: Option<Seq>,
    /// Whether the unread line has been in view.
    pub is_line_seen: bool,
}

impl ReadPositions {
    /// `listed` is the user's position according to the chat list.
    pub fn new(response: &ReadPositionsResponse, user_id: UserId, listed: Option<Seq>) -> Self {
        let by_user: BTreeMap<_, _> = response.positions.iter().map(|p| (p.user_id, p.seq)).collect();
        let own = by_user.get(&user_id).copied().or(listed);
        // To a user who has read nothing, everything is new: they get no line.
        Self { by_user, left_off: own.filter(|seq| *seq > Seq::default()), is_line_seen: false }
    }

    /// Positions never go back.
    pub fn advance(&mut self, user_id: UserId, seq: Seq) {
        let position = self.by_user.entry(user_id).or_default();
        *position = seq.max(*position);
    }

    /// Whether there is an unread line that has not been in view.
    pub fn has_unseen_line(&self, timeline: &Timeline, user_id: UserId) -> bool {
        let Some(left_off) = self.left_off.filter(|_| !self.is_line_seen) else { return false };
        timeline.messages().rev().any(|message| message.seq > left_off && is_unread_by(message, user_id))
    }

    /// The sequence number of the message below the unread line.
    pub fn first_unread(&self, timeline: &Timeline, user_id: UserId) -> Option<Seq> {
        let messages = timeline
            .messages()
            .map(|message| Candidate { seq: message.seq, is_unread: is_unread_by(message, user_id) });
        let oldest = timeline.oldest_seq().filter(|_| timeline.has_earlier());
        find_first_unread(messages, oldest, self.left_off?)
    }

    /// The others who have read the last message, in a chat with few members.
    pub fn seen_by(&self, timeline: &Timeline, user_id: UserId) -> Vec<User> {
        let Some(last) = timeline.messages().next_back() else { return Vec::new() };
        let members = timeline.members();
        if members.len() > SEEN_BY_MEMBERS_MAX {
            return Vec::new();
        }
        let others = members.into_iter().filter(|m| m.user.id != user_id && m.user.id != last.user.id);
        let has_read = |id| self.by_user.get(&id).is_some_and(|seq| *seq >= last.seq);
        others.filter(|m| has_read(m.user.id)).map(|member| member.user.clone()).collect()
    }
}

/// Whether the message counts as unread: another user's text that is not deleted.
pub fn is_unread_by(message: &Message, user_id: UserId) -> bool {
    message.user.id != user_id && message.event.is_none() && !message.deleted
}

#[derive(Clone, Copy)]
struct Candidate {
    seq: Seq,
    is_unread: bool,
}

/// The first unread message after `left_off`. `oldest` is the oldest loaded message, if there are earlier ones: as long
/// as the first unread message may be among those, the result is `None`.
fn find_first_unread(
    mut messages: impl Iterator<Item = Candidate>,
    oldest: Option<Seq>,
    left_off: Seq,
) -> Option<Seq> {
    let is_loaded = oldest.is_none_or(|oldest| oldest <= left_off);
    let first = messages.find(|message| message.seq > left_off && message.is_unread)?;
    is_loaded.then_some(first.seq)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn message(seq: i64, is_unread: bool) -> Candidate {
        Candidate { seq: Seq::new(seq), is_unread }
    }

    /// Message 4 is the user's own.
    const CHAT: [Candidate; 4] = [message(3, true), message(4, false), message(5, true), message(6, true)];

    fn first_unread(oldest: Option<i64>, left_off: i64) -> Option<i64> {
        find_first_unread(CHAT.into_iter(), oldest.map(Seq::new), Seq::new(left_off)).map(Seq::get)
    }

    #[test]
    fn first_unread_skips_own_messages() {
        assert_eq!(first_unread(Some(3), 3), Some(5), "the user's own is not unread");
        assert_eq!(first_unread(Some(3), 5), Some(6));
        assert_eq!(first_unread(Some(3), 6), None);
    }

    #[test]
    fn first_unread_is_none_if_it_may_not_be_loaded() {
        assert_eq!(first_unread(Some(3), 1), None);
        assert_eq!(first_unread(None, 1), Some(3));
    }
}
