//! Decides what a batch stores: assigns sequence numbers and recognises posts that were stored before.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use shared::{message::Message, user::User};
use uuid::Uuid;

use super::Post;
use crate::store::{
    chats::{HeadAdvance, LockedChat},
    messages::NewMessage,
};

/// The result of one post.
#[derive(Clone, Debug, PartialEq)]
pub enum PostOutcome {
    /// Stored as the message at this index of [`BatchPlan::messages`].
    Stored(usize),
    /// Stored before.
    Existing(Box<Message>),
    /// The `client_id` was used before for another text.
    ClientIdConflict,
    ChatDeleted,
}

/// Messages stored before the batch, by chat id, author id and client id.
pub type ExistingMessages = HashMap<(i64, i64, Uuid), Message>;

/// A batch with its sequence numbers.
pub struct BatchPlan {
    /// One per post, in their order.
    pub outcomes: Vec<PostOutcome>,
    pub messages: Vec<NewMessage>,
    /// The database ids of the messages, once they are inserted.
    pub ids: Vec<i64>,
    /// The chats that get messages.
    pub advanced: Vec<HeadAdvance>,
    /// The chats that do not change.
    pub unchanged: Vec<HeadAdvance>,
}

impl BatchPlan {
    pub fn new<'a>(
        posts: impl Iterator<Item = (i64, &'a User, &'a Post)>,
        chats: Vec<LockedChat>,
        existing: ExistingMessages,
        now: DateTime<Utc>,
    ) -> Self {
        let mut builder = PlanBuilder {
            heads: chats.into_iter().map(|chat| (chat.id, chat.advance(0))).collect(),
            existing,
            added: HashMap::new(),
            messages: Vec::new(),
            now,
        };
        let outcomes = posts.map(|(chat_id, user, post)| builder.add(chat_id, user, post)).collect();
        let (mut advanced, unchanged): (Vec<_>, Vec<_>) =
            builder.heads.into_values().partition(|chat| chat.head > chat.after);
        advanced.sort_by_key(|chat| chat.chat_id);
        Self { outcomes, messages: builder.messages, ids: Vec::new(), advanced, unchanged }
    }
}

struct PlanBuilder {
    heads: HashMap<i64, HeadAdvance>,
    existing: ExistingMessages,
    /// Indices of this batch's messages, by the same key: a client may send a post twice at once.
    added: HashMap<(i64, i64, Uuid), usize>,
    messages: Vec<NewMessage>,
    now: DateTime<Utc>,
}

impl PlanBuilder {
    fn add(&mut self, chat_id: i64, user: &User, post: &Post) -> PostOutcome {
        let Some(chat) = self.heads.get_mut(&chat_id) else { return PostOutcome::ChatDeleted };
        let Post { client_id, message } = post;
        let key = (chat_id, user.id, *client_id);
        if let Some(stored) = self.existing.get(&key) {
            // The text of a deleted message is not known any more.
            let is_same = stored.deleted || stored.message == *message;
            return if is_same {
                PostOutcome::Existing(Box::new(stored.clone()))
            } else {
                PostOutcome::ClientIdConflict
            };
        }
        if let Some(index) = self.added.get(&key) {
            let is_same = self.messages.get(*index).is_some_and(|first| first.message == *message);
            return if is_same { PostOutcome::Stored(*index) } else { PostOutcome::ClientIdConflict };
        }
        chat.head += 1;
        let index = self.messages.len();
        self.added.insert(key, index);
        let (user, client_id, message) = (user.clone(), *client_id, message.clone());
        let (seq, created_at) = (chat.head, self.now);
        self.messages.push(NewMessage { chat_id, user, client_id, message, seq, created_at });
        PostOutcome::Stored(index)
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

    fn plan(posts: &[(i64, User, Post)], existing: ExistingMessages) -> BatchPlan {
        let chats = [(1, 10), (2, 20)].map(|(id, head)| LockedChat { id, head });
        let posts = posts.iter().map(|(chat, user, post)| (*chat, user, post));
        BatchPlan::new(posts, chats.into(), existing, DateTime::UNIX_EPOCH)
    }

    #[test]
    fn plan_numbers_messages_per_chat() {
        let posts = [(1, user(1), post(1, "a")), (2, user(1), post(2, "b")), (1, user(3), post(3, "c"))];
        let plan = plan(&posts, ExistingMessages::default());
        assert_eq!(
            plan.messages.iter().map(|m| (m.chat_id, m.seq)).collect::<Vec<_>>(),
            [(1, 11), (2, 21), (1, 12)]
        );
        let advanced: Vec<_> =
            plan.advanced.iter().map(|chat| (chat.chat_id, chat.after, chat.head)).collect();
        assert_eq!(advanced, [(1, 10, 12), (2, 20, 21)]);
    }

    #[test]
    fn plan_stores_repeated_post_once() {
        let posts = [
            (1, user(1), post(1, "a")),
            (1, user(1), post(1, "a")),
            (1, user(1), post(1, "other")),
            (1, user(2), post(1, "a")),
        ];
        let plan = plan(&posts, ExistingMessages::default());
        assert_eq!(
            plan.outcomes,
            [
                PostOutcome::Stored(0),
                PostOutcome::Stored(0),
                PostOutcome::ClientIdConflict,
                PostOutcome::Stored(1)
            ]
        );
        assert_eq!(plan.advanced[0].head, 12);
    }

    #[test]
    fn plan_with_existing_message_changes_nothing() {
        let stored = NewMessage {
            chat_id: 1,
            user: user(1),
            client_id: Uuid::from_u128(1),
            message: "a".into(),
            seq: 5,
            created_at: DateTime::UNIX_EPOCH,
        }
        .stored_as(50);
        let existing = ExistingMessages::from([((1, 1, Uuid::from_u128(1)), stored.clone())]);
        let posts = [(1, user(1), post(1, "a")), (1, user(1), post(1, "b"))];
        let plan = plan(&posts, existing);
        assert_eq!(plan.outcomes, [PostOutcome::Existing(Box::new(stored)), PostOutcome::ClientIdConflict]);
        assert!(plan.advanced.is_empty() && plan.messages.is_empty());
    }

    #[test]
    fn plan_rejects_post_to_deleted_chat() {
        let plan = plan(&[(9, user(1), post(1, "a"))], ExistingMessages::default());
        assert_eq!(plan.outcomes, [PostOutcome::ChatDeleted]);
    }
}
