//! What a batch will store: which numbers go to whom, and what was stored before.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use shared::{
    member::{Member, Role, Standing},
    message::Message,
    user::User,
};
use uuid::Uuid;

use super::Act;
use crate::db::{
    chats::{Locked, Raised},
    members::NewMember,
    messages::NewMessage,
};

/// What becomes of one act.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The message at this place of [`Plan::messages`].
    Stored(usize),
    /// It was stored before.
    Known(Box<Message>),
    Joined,
    /// The id was used before, for another text.
    Reused,
    /// The chat has ended.
    Gone,
}

/// What the database held when the batch began.
#[derive(Default)]
pub struct Known {
    /// By chat, author and the client's id.
    pub messages: HashMap<(i64, i64, Uuid), Message>,
    /// Chat and user.
    pub members: HashSet<(i64, i64)>,
}

/// Somebody who comes into a chat.
pub struct Joining {
    pub chat_id: i64,
    pub member: Member,
}

impl Joining {
    pub fn row(&self) -> NewMember {
        let Member { ref user, role, seq, created_at, .. } = self.member;
        NewMember { chat_id: self.chat_id, user_id: user.id, role, seq, created_at }
    }
}

/// A batch with its numbers.
pub struct Plan {
    /// One for each act, in their order.
    pub outcomes: Vec<Outcome>,
    pub members: Vec<Joining>,
    pub messages: Vec<NewMessage>,
    /// The ids that the database gave to the messages.
    pub ids: Vec<i64>,
    /// Chats in which something changes, and those in which nothing does.
    pub raised: Vec<Raised>,
    pub unchanged: Vec<Raised>,
}

impl Plan {
    pub fn of<'a>(
        acts: impl Iterator<Item = (i64, &'a User, &'a Act)>,
        chats: Vec<Locked>,
        known: Known,
        now: DateTime<Utc>,
    ) -> Self {
        let mut draft = Draft {
            heads: chats.into_iter().map(|chat| (chat.id, chat.raised_by(0))).collect(),
            known,
            fresh: HashMap::new(),
            members: Vec::new(),
            messages: Vec::new(),
            now,
        };
        let outcomes = acts.map(|(chat_id, user, act)| draft.place(chat_id, user, act)).collect();
        let (mut raised, unchanged): (Vec<_>, Vec<_>) =
            draft.heads.into_values().partition(|chat| chat.head > chat.after);
        raised.sort_by_key(|chat| chat.chat_id);
        let (members, messages) = (draft.members, draft.messages);
        Self { outcomes, members, messages, ids: Vec::new(), raised, unchanged }
    }
}

struct Draft {
    heads: HashMap<i64, Raised>,
    known: Known,
    /// Posts of this batch, by the same key as the known ones: a client may send one twice at once.
    fresh: HashMap<(i64, i64, Uuid), usize>,
    members: Vec<Joining>,
    messages: Vec<NewMessage>,
    now: DateTime<Utc>,
}

impl Draft {
    fn place(&mut self, chat_id: i64, user: &User, act: &Act) -> Outcome {
        let Some(chat) = self.heads.get_mut(&chat_id) else { return Outcome::Gone };
        match act {
            Act::Join if !self.known.members.insert((chat_id, user.id)) => Outcome::Joined,
            Act::Join => {
                chat.head += 1;
                let user = user.public();
                let (role, seq) = (Role::Writer, chat.head);
                let (standing, created_at) = (Standing::In, self.now);
                let member = Member { user, role, standing, seq, revision: seq, created_at };
                self.members.push(Joining { chat_id, member });
                Outcome::Joined
            }
            Act::Post { client_id, message } => {
                let key = (chat_id, user.id, *client_id);
                if let Some(stored) = self.known.messages.get(&key) {
                    // Of a deleted message nobody knows the text any more.
                    let same = stored.deleted || stored.message == *message;
                    return if same { Outcome::Known(Box::new(stored.clone())) } else { Outcome::Reused };
                }
                if let Some(place) = self.fresh.get(&key) {
                    let same = self.messages.get(*place).is_some_and(|first| first.message == *message);
                    return if same { Outcome::Stored(*place) } else { Outcome::Reused };
                }
                chat.head += 1;
                let place = self.messages.len();
                self.fresh.insert(key, place);
                let (user, client_id, message) = (user.clone(), *client_id, message.clone());
                self.messages.push(NewMessage {
                    chat_id,
                    user,
                    client_id,
                    message,
                    seq: chat.head,
                    created_at: self.now,
                });
                Outcome::Stored(place)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: i64) -> User {
        let (username, email) = (format!("user{id}"), "kept@private.example".into());
        User { id, username, email, ..User::default() }
    }

    fn post(client_id: u128, message: &str) -> Act {
        Act::Post { client_id: Uuid::from_u128(client_id), message: message.into() }
    }

    fn plan(acts: &[(i64, User, Act)], known: Known) -> Plan {
        let chats = [(1, 10), (2, 20)].map(|(id, head)| Locked { id, uri: format!("chat{id}"), head });
        let acts = acts.iter().map(|(chat, user, act)| (*chat, user, act));
        Plan::of(acts, chats.into(), known, DateTime::UNIX_EPOCH)
    }

    #[test]
    fn every_change_of_a_chat_takes_its_next_number() {
        let acts = [
            (1, user(1), post(1, "a")),
            (2, user(1), post(2, "b")),
            (1, user(3), Act::Join),
            (1, user(3), post(3, "c")),
        ];
        let plan = plan(&acts, Known::default());
        assert_eq!(
            plan.messages.iter().map(|m| (m.chat_id, m.seq)).collect::<Vec<_>>(),
            [(1, 11), (2, 21), (1, 13)]
        );
        assert_eq!(plan.members[0].member.seq, 12);
        assert_eq!(plan.members[0].member.user.email, "");
        let raised: Vec<_> = plan.raised.iter().map(|chat| (chat.chat_id, chat.after, chat.head)).collect();
        assert_eq!(raised, [(1, 10, 13), (2, 20, 21)]);
    }

    #[test]
    fn what_is_sent_twice_is_stored_once() {
        let acts = [
            (1, user(1), post(1, "a")),
            (1, user(1), post(1, "a")),
            (1, user(1), post(1, "other")),
            (1, user(2), post(1, "a")),
        ];
        let plan = plan(&acts, Known::default());
        assert_eq!(
            plan.outcomes,
            [Outcome::Stored(0), Outcome::Stored(0), Outcome::Reused, Outcome::Stored(1)]
        );
        assert_eq!(plan.raised[0].head, 12);
    }

    #[test]
    fn what_was_stored_before_changes_nothing() {
        let stored = NewMessage {
            chat_id: 1,
            user: user(1),
            client_id: Uuid::from_u128(1),
            message: "a".into(),
            seq: 5,
            created_at: DateTime::UNIX_EPOCH,
        }
        .stored_as(50);
        let known = Known {
            messages: HashMap::from([((1, 1, Uuid::from_u128(1)), stored.clone())]),
            members: HashSet::from([(1, 1)]),
        };
        let acts = [(1, user(1), post(1, "a")), (1, user(1), post(1, "b")), (1, user(1), Act::Join)];
        let plan = plan(&acts, known);
        assert_eq!(plan.outcomes, [Outcome::Known(Box::new(stored)), Outcome::Reused, Outcome::Joined]);
        assert!(plan.raised.is_empty() && plan.messages.is_empty() && plan.members.is_empty());
    }

    #[test]
    fn a_chat_that_is_gone_takes_nothing() {
        let plan = plan(&[(9, user(1), post(1, "a"))], Known::default());
        assert_eq!(plan.outcomes, [Outcome::Gone]);
    }
}
