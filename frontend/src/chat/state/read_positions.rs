//! How far the user and other members have read, and the line above the first unread message.

use shared::{
    chat_list::{MemberReadPosition, ReadPositionsResponse},
    id::{Seq, UserId},
    message::Message,
    timeline::Timeline,
    user::User,
};

/// In a chat with more members, it is not shown who has read the last message.
const SEEN_BY_MEMBERS_MAX: usize = 12;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadPositions {
    user_id: UserId,
    /// At most one for each user. A map would add 1 KB to the client.
    positions: Vec<MemberReadPosition>,
    /// Where the user left off: later messages are below the unread line.
    pub left_off: Option<Seq>,
    /// Whether the unread line has been in view.
    pub is_line_seen: bool,
}

impl ReadPositions {
    /// `listed` is the user's position according to the chat list.
    pub fn new(response: &ReadPositionsResponse, user_id: UserId, listed: Option<Seq>) -> Self {
        let positions = response.positions.clone();
        let mut read = Self { user_id, positions, left_off: None, is_line_seen: false };
        if read.get(user_id) == Seq::default() {
            read.advance(user_id, listed.unwrap_or_default());
        }
        // To a user who has read nothing, everything is new: they get no line.
        read.left_off = Some(read.get(user_id)).filter(|seq| *seq > Seq::default());
        read
    }

    /// 0 if the user has read nothing.
    pub fn get(&self, user_id: UserId) -> Seq {
        let position = self.positions.iter().find(|position| position.user_id == user_id);
        position.map(|position| position.seq).unwrap_or_default()
    }

    /// Positions never go back. If the user has read on another device, the line follows, unless it has been in view here.
    pub fn advance(&mut self, user_id: UserId, seq: Seq) {
        match self.positions.iter_mut().find(|position| position.user_id == user_id) {
            Some(position) => position.seq = seq.max(position.seq),
            None => self.positions.push(MemberReadPosition { user_id, seq }),
        }
        if user_id == self.user_id && !self.is_line_seen {
            self.left_off = self.left_off.map(|left_off| left_off.max(seq));
        }
    }

    /// Whether there is an unread line that has not been in view.
    pub fn has_unseen_line(&self, timeline: &Timeline, user_id: UserId) -> bool {
        let Some(left_off) = self.left_off.filter(|_| !self.is_line_seen) else { return false };
        timeline.messages().rev().any(|message| message.seq > left_off && is_unread_by(message, user_id))
    }

    /// The sequence number of the message below the unread line: the first unread one after [`ReadPositions::left_off`].
    /// `None` as long as there may be an earlier one that is not loaded.
    pub fn first_unread(&self, timeline: &Timeline, user_id: UserId) -> Option<Seq> {
        let left_off = self.left_off?;
        timeline.first_after(left_off, |message| is_unread_by(message, user_id)).map(|message| message.seq)
    }

    /// The others who have read the last message, in a chat with few members.
    pub fn seen_by(&self, timeline: &Timeline, user_id: UserId) -> Vec<User> {
        let Some(last) = timeline.messages().next_back() else { return Vec::new() };
        let members = timeline.members();
        if members.len() > SEEN_BY_MEMBERS_MAX {
            return Vec::new();
        }
        let others = members.into_iter().filter(|m| m.user.id != user_id && m.user.id != last.user.id);
        let has_read = |id| self.get(id) >= last.seq;
        others.filter(|m| has_read(m.user.id)).map(|member| member.user.clone()).collect()
    }
}

/// Whether the message counts as unread: another user's text that is not deleted.
pub fn is_unread_by(message: &Message, user_id: UserId) -> bool {
    message.user.id != user_id && message.event.is_none() && !message.deleted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_follows_other_devices_until_seen() {
        let [user_id, other] = [1, 2].map(UserId::new);
        let response = ReadPositionsResponse { positions: Vec::new() };
        let mut positions = ReadPositions::new(&response, user_id, Some(Seq::new(3)));
        positions.advance(other, Seq::new(9));
        assert_eq!((positions.left_off, positions.get(user_id)), (Some(Seq::new(3)), Seq::new(3)));
        positions.advance(user_id, Seq::new(5));
        assert_eq!(positions.left_off, Some(Seq::new(5)));
        positions.is_line_seen = true;
        positions.advance(user_id, Seq::new(6));
        assert_eq!((positions.left_off, positions.get(user_id)), (Some(Seq::new(5)), Seq::new(6)));
    }
}
