//! Decides what a batch stores: assigns sequence numbers and recognises posts that were stored before.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use shared::{
    id::{ChatId, MessageId, Seq, UserId},
    member::Role,
    message::Message,
    problem::ProblemCode,
    user::User,
};
use uuid::Uuid;

use super::Post;
use crate::store::{
    chats::{HeadAdvance, LockedChat},
    messages::{NewMessage, SentMessage},
};

/// The result of one post.
#[derive(Clone, Debug, PartialEq)]
pub enum PostOutcome {
    /// Stored as the message at this index of [`BatchPlan::messages`].
    Stored(usize),
    /// The same post as an earlier one of the batch, which is stored as the message at this index.
    Repeated(usize),
    /// Stored before.
    Existing(Box<Message>),
    Rejected(ProblemCode),
}

/// Messages stored before the batch, by chat, author and client id.
pub type ExistingMessages = HashMap<(ChatId, UserId, Uuid), SentMessage>;

/// What the database says about the chats of a batch, under their locks.
pub struct LockedState {
    /// The chats that are not deleted.
    pub chats: Vec<LockedChat>,
    pub roles: HashMap<(ChatId, UserId), Role>,
    pub existing: ExistingMessages,
    /// Those of the messages that posts reply to which exist.
    pub reply_targets: HashSet<(ChatId, Seq)>,
}

/// A batch with its sequence numbers.
pub struct BatchPlan {
    /// One per post, in their order.
    pub outcomes: Vec<PostOutcome>,
    pub messages: Vec<NewMessage>,
    /// The database ids of the messages, once they are inserted.
    pub ids: Vec<MessageId>,
    /// The chats that get messages.
    pub advanced: Vec<HeadAdvance>,
    /// The chats that do not change.
    pub unchanged: Vec<HeadAdvance>,
}

impl BatchPlan {
    pub fn new<'a>(
        posts: impl Iterator<Item = (ChatId, &'a User, &'a Post)>,
        LockedState { chats, roles, existing, reply_targets }: LockedState,
        now: DateTime<Utc>,
    ) -> Self {
        let mut builder = PlanBuilder {
            closed: chats.iter().filter(|chat| chat.closed).map(|chat| chat.id).collect(),
            heads: chats.into_iter().map(|chat| (chat.id, chat.advance(0))).collect(),
            roles,
            existing,
            reply_targets,
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
    heads: HashMap<ChatId, HeadAdvance>,
    closed: HashSet<ChatId>,
    roles: HashMap<(ChatId, UserId), Role>,
    existing: ExistingMessages,
    reply_targets: HashSet<(ChatId, Seq)>,
    /// Indices of this batch's messages, by the same key: a client may send a post twice at once.
    added: HashMap<(ChatId, UserId, Uuid), usize>,
    messages: Vec<NewMessage>,
    now: DateTime<Utc>,
}

impl PlanBuilder {
    fn add(&mut self, chat_id: ChatId, user: &User, post: &Post) -> PostOutcome {
        let permission = self.check_permission(chat_id, user.id);
        let has_target = post.reply_to.is_none_or(|seq| self.reply_targets.contains(&(chat_id, seq)));
        let Some(chat) = self.heads.get_mut(&chat_id) else {
            return PostOutcome::Rejected(ProblemCode::ChatDeleted);
        };
        let Post { client_id, message, reply_to, mentions } = post;
        let key = (chat_id, user.id, *client_id);
        let conflict = PostOutcome::Rejected(ProblemCode::ClientIdConflict);
        if let Some(sent) = self.existing.get(&key) {
            return if sent.is_same(message, *reply_to) {
                PostOutcome::Existing(Box::new(sent.message.clone()))
            } else {
                conflict
            };
        }
        if let Some(index) = self.added.get(&key) {
            let first = self.messages.get(*index);
            let is_same = first.is_some_and(|it| it.message == *message && it.reply_to == *reply_to);
            return if is_same { PostOutcome::Repeated(*index) } else { conflict };
        }
        if let Err(code) = permission {
            return PostOutcome::Rejected(code);
        }
        if !has_target {
            return PostOutcome::Rejected(ProblemCode::ReplyTargetNotFound);
        }
        chat.head = chat.head.advance(1);
        let index = self.messages.len();
        self.added.insert(key, index);
        let (user, client_id, reply_to) = (user.clone(), *client_id, *reply_to);
        let (message, mentions) = (message.clone(), mentions.clone());
        let (seq, created_at) = (chat.head.as_seq(), self.now);
        let new = NewMessage { chat_id, user, client_id, message, reply_to, mentions, seq, created_at };
        self.messages.push(new);
        PostOutcome::Stored(index)
    }

    /// Since the post was accepted, its author may have been removed or the chat closed.
    fn check_permission(&self, chat_id: ChatId, user_id: UserId) -> Result<(), ProblemCode> {
        let role = self.roles.get(&(chat_id, user_id)).ok_or(ProblemCode::ChatNotFound)?;
        if *role < Role::Writer {
            return Err(ProblemCode::Forbidden);
        }
        if self.closed.contains(&chat_id) { Err(ProblemCode::ChatClosed) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use shared::{id::Head, mentions::Mentions};

    use super::*;

    fn user(id: i64) -> User {
        let (username, email) = (format!("user{id}"), "kept@private.example".into());
        User { id: UserId::new(id), username, email, ..User::default() }
    }

    fn post(client_id: u128, message: &str) -> Post {
        let mentions = Mentions::default();
        Post { client_id: Uuid::from_u128(client_id), message: message.into(), reply_to: None, mentions }
    }

    fn reply(client_id: u128, reply_to: i64) -> Post {
        Post { reply_to: Some(Seq::new(reply_to)), ..post(client_id, "yes") }
    }

    fn plan(posts: &[(i64, User, Post)], existing: ExistingMessages) -> BatchPlan {
        let chats = [(1, 10, false), (2, 20, false), (3, 30, true)].map(|(id, head, closed)| LockedChat {
            id: ChatId::new(id),
            head: Head::new(head),
            closed,
        });
        let roles = [(1, 1), (1, 2), (1, 3), (2, 1), (3, 1)];
        let mut roles: HashMap<_, _> = roles.map(|(chat, user)| (key(chat, user), Role::Writer)).into();
        roles.insert(key(2, 2), Role::Reader);
        let posts = posts.iter().map(|(chat, user, post)| (ChatId::new(*chat), user, post));
        let reply_targets = HashSet::from([(ChatId::new(1), Seq::new(5))]);
        let state = LockedState { chats: chats.into(), roles, existing, reply_targets };
        BatchPlan::new(posts, state, DateTime::UNIX_EPOCH)
    }

    fn key(chat: i64, user: i64) -> (ChatId, UserId) {
        (ChatId::new(chat), UserId::new(user))
    }

    #[test]
    fn plan_numbers_messages_per_chat() {
        let posts = [(1, user(1), post(1, "a")), (2, user(1), post(2, "b")), (1, user(3), post(3, "c"))];
        let plan = plan(&posts, ExistingMessages::default());
        assert_eq!(
            plan.messages.iter().map(|m| (m.chat_id.get(), m.seq.get())).collect::<Vec<_>>(),
            [(1, 11), (2, 21), (1, 12)]
        );
        let advanced: Vec<_> = plan
            .advanced
            .iter()
            .map(|chat| (chat.chat_id.get(), chat.after.get(), chat.head.get()))
            .collect();
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
                PostOutcome::Repeated(0),
                PostOutcome::Rejected(ProblemCode::ClientIdConflict),
                PostOutcome::Stored(1)
            ]
        );
        assert_eq!(plan.advanced[0].head, Head::new(12));
    }

    #[test]
    fn plan_with_existing_message_changes_nothing() {
        let stored = NewMessage {
            chat_id: ChatId::new(1),
            user: user(1),
            client_id: Uuid::from_u128(1),
            message: "a".into(),
            reply_to: None,
            mentions: Mentions::default(),
            seq: Seq::new(5),
            created_at: DateTime::UNIX_EPOCH,
        }
        .stored_as(MessageId::new(50));
        let sent = SentMessage { message: stored.clone(), reply_to: None, text_checksum: None };
        let existing = ExistingMessages::from([((ChatId::new(1), UserId::new(1), stored.client_id), sent)]);
        let same_text = Post { message: "a".into(), ..reply(1, 5) };
        let posts = [(1, user(1), post(1, "a")), (1, user(1), post(1, "b")), (1, user(1), same_text)];
        let plan = plan(&posts, existing);
        let conflict = PostOutcome::Rejected(ProblemCode::ClientIdConflict);
        assert_eq!(plan.outcomes, [PostOutcome::Existing(Box::new(stored)), conflict.clone(), conflict]);
        assert!(plan.advanced.is_empty() && plan.messages.is_empty());
    }

    #[test]
    fn plan_rejects_replies_to_nothing() {
        let posts = [(1, user(1), reply(1, 6)), (1, user(1), reply(2, 5)), (2, user(1), reply(3, 5))];
        let plan = plan(&posts, ExistingMessages::default());
        let rejected = PostOutcome::Rejected(ProblemCode::ReplyTargetNotFound);
        assert_eq!(plan.outcomes, [rejected.clone(), PostOutcome::Stored(0), rejected]);
        assert_eq!(plan.messages[0].reply_to, Some(Seq::new(5)));
    }

    #[test]
    fn plan_rejects_posts_without_permission() {
        let of = |chat, author| (chat, user(author), post(1, "a"));
        let plan = plan(&[of(9, 1), of(1, 9), of(2, 2), of(3, 1), of(1, 1)], ExistingMessages::default());
        let rejected = [
            ProblemCode::ChatDeleted,
            ProblemCode::ChatNotFound,
            ProblemCode::Forbidden,
            ProblemCode::ChatClosed,
        ];
        assert_eq!(plan.outcomes[..4], rejected.map(PostOutcome::Rejected));
        assert_eq!(plan.outcomes[4], PostOutcome::Stored(0));
    }
}
