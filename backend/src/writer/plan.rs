//! What a batch will store: which numbers go to whom, and what was stored before.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use shared::{message::Message, user::User};
use uuid::Uuid;

use super::Post;
use crate::db::{
    chats::{Locked, Raised},
    messages::NewMessage,
};

/// What becomes of one post.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The message at this place of [`Plan::messages`].
    Stored(usize),
    /// It was stored before.
    Known(Box<Message>),
    /// The id was used before, for another text.
    Reused,
    /// The chat has ended.
    Gone,
}

/// What the database held when the batch began, by chat, author and the client's id.
pub type Known = HashMap<(i64, i64, Uuid), Message>;

/// A batch with its numbers.
pub struct Plan {
    /// One for each post, in their order.
    pub outcomes: Vec<Outcome>,
    pub messages: Vec<NewMessage>,
    /// The ids that the database gave to the messages.
    pub ids: Vec<i64>,
    /// Chats in which something changes, and those in which nothing does.
    pub raised: Vec<Raised>,
    pub unchanged: Vec<Raised>,
}

impl Plan {
    pub fn of<'a>(
        posts: impl Iterator<Item = (i64, &'a User, &'a Post)>,
        chats: Vec<Locked>,
        known: Known,
        now: DateTime<Utc>,
    ) -> Self {
        let mut draft = Draft {
            heads: chats.into_iter().map(|chat| (chat.id, chat.raised_by(0))).collect(),
            known,
            fresh: HashMap::new(),
            messages: Vec::new(),
            now,
        };
        let outcomes = posts.map(|(chat_id, user, post)| draft.place(chat_id, user, post)).collect();
        let (mut raised, unchanged): (Vec<_>, Vec<_>) =
            draft.heads.into_values().partition(|chat| chat.head > chat.after);
        raised.sort_by_key(|chat| chat.chat_id);
        Self { outcomes, messages: draft.messages, ids: Vec::new(), raised, unchanged }
    }
}

struct Draft {
    heads: HashMap<i64, Raised>,
    known: Known,
    /// Posts of this batch, by the same key as the known ones: a client may send one twice at once.
    fresh: HashMap<(i64, i64, Uuid), usize>,
    messages: Vec<NewMessage>,
    now: DateTime<Utc>,
}

impl Draft {
    fn place(&mut self, chat_id: i64, user: &User, post: &Post) -> Outcome {
        let Some(chat) = self.heads.get_mut(&chat_id) else { return Outcome::Gone };
        let Post { client_id, message } = post;
        let key = (chat_id, user.id, *client_id);
        if let Some(stored) = self.known.get(&key) {
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
        let (seq, created_at) = (chat.head, self.now);
        self.messages.push(NewMessage { chat_id, user, client_id, message, seq, created_at });
        Outcome::Stored(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: i64) -> User {
        let (username, email) = (format!("user{id}"), "kept@private.example".into());
        User { id, username, email, ..User::default() }
    }

    fn post(client_id: u128, message: &str) -> Post {
        Post { client_id: Uuid::from_u128(client_id), message: message.into() }
    }

    fn plan(posts: &[(i64, User, Post)], known: Known) -> Plan {
        let chats = [(1, 10), (2, 20)].map(|(id, head)| Locked { id, uri: format!("chat{id}"), head });
        let posts = posts.iter().map(|(chat, user, post)| (*chat, user, post));
        Plan::of(posts, chats.into(), known, DateTime::UNIX_EPOCH)
    }

    #[test]
    fn every_message_of_a_chat_takes_its_next_number() {
        let posts = [(1, user(1), post(1, "a")), (2, user(1), post(2, "b")), (1, user(3), post(3, "c"))];
        let plan = plan(&posts, Known::default());
        assert_eq!(
            plan.messages.iter().map(|m| (m.chat_id, m.seq)).collect::<Vec<_>>(),
            [(1, 11), (2, 21), (1, 12)]
        );
        let raised: Vec<_> = plan.raised.iter().map(|chat| (chat.chat_id, chat.after, chat.head)).collect();
        assert_eq!(raised, [(1, 10, 12), (2, 20, 21)]);
    }

    #[test]
    fn what_is_sent_twice_is_stored_once() {
        let posts = [
            (1, user(1), post(1, "a")),
            (1, user(1), post(1, "a")),
            (1, user(1), post(1, "other")),
            (1, user(2), post(1, "a")),
        ];
        let plan = plan(&posts, Known::default());
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
        let known = Known::from([((1, 1, Uuid::from_u128(1)), stored.clone())]);
        let posts = [(1, user(1), post(1, "a")), (1, user(1), post(1, "b"))];
        let plan = plan(&posts, known);
        assert_eq!(plan.outcomes, [Outcome::Known(Box::new(stored)), Outcome::Reused]);
        assert!(plan.raised.is_empty() && plan.messages.is_empty());
    }

    #[test]
    fn a_chat_that_is_gone_takes_nothing() {
        let plan = plan(&[(9, user(1), post(1, "a"))], Known::default());
        assert_eq!(plan.outcomes, [Outcome::Gone]);
    }
}
