//! Decides what a batch stores: assigns sequence numbers and recognises posts that were stored before.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use shared::{
    file::MessageFile,
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
    files::UploadedFiles,
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
    /// Those of the files of posts that no message has.
    pub files: UploadedFiles,
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
        LockedState { chats, roles, existing, reply_targets, files }: LockedState,
        now: DateTime<Utc>,
    ) -> Self {
        let mut builder = PlanBuilder {
            closed: chats.iter().filter(|chat| chat.closed).map(|chat| chat.id).collect(),
            heads: chats.into_iter().map(|chat| (chat.id, chat.advance(0))).collect(),
            roles,
            existing,
            reply_targets,
            files,
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

    /// The files of the inserted messages.
    pub fn posted_files(&self) -> Vec<(Uuid, MessageId)> {
        let of_message = |(message, id): (&NewMessage, &MessageId)| {
            let id = *id;
            message.files.iter().map(|file| (file.id, id)).collect::<Vec<_>>()
        };
        self.messages.iter().zip(&self.ids).flat_map(of_message).collect()
    }
}

struct PlanBuilder {
    heads: HashMap<ChatId, HeadAdvance>,
    closed: HashSet<ChatId>,
    roles: HashMap<(ChatId, UserId), Role>,
    existing: ExistingMessages,
    reply_targets: HashSet<(ChatId, Seq)>,
    files: UploadedFiles,
    /// Indices of this batch's messages, by the same key: a client may send a post twice at once.
    added: HashMap<(ChatId, UserId, Uuid), usize>,
    messages: Vec<NewMessage>,
    now: DateTime<Utc>,
}

impl PlanBuilder {
    fn add(&mut self, chat_id: ChatId, user: &User, post: &Post) -> PostOutcome {
        let key = (chat_id, user.id, post.client_id);
        if let Some(outcome) = self.find_posted(key, post) {
            return outcome;
        }
        if let Err(code) = self.check_permission(chat_id, user.id) {
            return PostOutcome::Rejected(code);
        }
        if post.reply_to.is_some_and(|seq| !self.reply_targets.contains(&(chat_id, seq))) {
            return PostOutcome::Rejected(ProblemCode::ReplyTargetNotFound);
        }
        let Some(files) = self.take_files(chat_id, user.id, &post.files) else {
            return PostOutcome::Rejected(ProblemCode::FileNotFound);
        };
        let index = self.messages.len();
        self.added.insert(key, index);
        let Post { client_id, reply_to, .. } = *post;
        let (user, message, mentions) = (user.clone(), post.message.clone(), post.mentions.clone());
        let (seq, created_at) = (self.next_seq(chat_id), self.now);
        let new =
            NewMessage { chat_id, user, client_id, message, reply_to, mentions, files, seq, created_at };
        self.messages.push(new);
        PostOutcome::Stored(index)
    }

    fn next_seq(&mut self, chat_id: ChatId) -> Seq {
        self.heads
            .get_mut(&chat_id)
            .map(|chat| {
                chat.head = chat.head.advance(1);
                chat.head.as_seq()
            })
            .unwrap_or_default()
    }

    /// The outcome if a message with this key was stored before, or is in this batch.
    fn find_posted(&self, key: (ChatId, UserId, Uuid), post: &Post) -> Option<PostOutcome> {
        let (outcome, is_same) = if let Some(sent) = self.existing.get(&key) {
            let is_same = sent.is_same(&post.message, post.reply_to, &post.files);
            (PostOutcome::Existing(Box::new(sent.message.clone())), is_same)
        } else {
            let index = *self.added.get(&key)?;
            let first = self.messages.get(index)?;
            let file_ids = first.files.iter().map(|file| &file.id);
            let is_same = first.message == post.message && first.reply_to == post.reply_to;
            (PostOutcome::Repeated(index), is_same && file_ids.eq(&post.files))
        };
        Some(if is_same { outcome } else { PostOutcome::Rejected(ProblemCode::ClientIdConflict) })
    }

    /// Takes the files for a message, or none if one is missing. No other message gets them then.
    fn take_files(&mut self, chat_id: ChatId, user_id: UserId, ids: &[Uuid]) -> Option<Vec<MessageFile>> {
        let key = |id: &Uuid| (chat_id, user_id, *id);
        let is_repeated = ids.iter().enumerate().any(|(index, id)| ids.iter().take(index).any(|it| it == id));
        if is_repeated || !ids.iter().all(|id| self.files.contains_key(&key(id))) {
            return None;
        }
        ids.iter().map(|id| self.files.remove(&key(id))).collect()
    }

    /// Since the post was accepted, its author may have been removed or the chat closed.
    fn check_permission(&self, chat_id: ChatId, user_id: UserId) -> Result<(), ProblemCode> {
        if !self.heads.contains_key(&chat_id) {
            return Err(ProblemCode::ChatDeleted);
        }
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
        let (client_id, mentions) = (Uuid::from_u128(client_id), Mentions::default());
        Post { client_id, message: message.into(), reply_to: None, mentions, files: Vec::new() }
    }

    fn reply(client_id: u128, reply_to: i64) -> Post {
        Post { reply_to: Some(Seq::new(reply_to)), ..post(client_id, "yes") }
    }

    fn file(id: u128) -> MessageFile {
        let (name, media_type) = ("plan.txt".into(), "application/octet-stream".into());
        MessageFile { id: Uuid::from_u128(id), name, size: 3, media_type, image: None }
    }

    fn post_with_files(client_id: u128, ids: &[u128]) -> Post {
        Post { files: ids.iter().copied().map(Uuid::from_u128).collect(), ..post(client_id, "") }
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
        let files = [(1, 1, 7), (1, 1, 8), (1, 2, 9)].map(|(chat, user, id)| {
            let file = file(id);
            ((ChatId::new(chat), UserId::new(user), file.id), file)
        });
        let state = LockedState { chats: chats.into(), roles, existing, reply_targets, files: files.into() };
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
            files: Vec::new(),
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
    fn plan_gives_file_to_one_message() {
        let posts = [
            (1, user(1), post_with_files(1, &[8, 7])),
            (1, user(1), post_with_files(1, &[8, 7])),
            (1, user(1), post_with_files(1, &[7, 8])),
            (1, user(1), post_with_files(2, &[7])),
            (1, user(1), post_with_files(3, &[9])),
            (1, user(2), post_with_files(1, &[9, 9])),
            (1, user(2), post_with_files(2, &[9])),
        ];
        let plan = plan(&posts, ExistingMessages::default());
        let [conflict, missing] =
            [ProblemCode::ClientIdConflict, ProblemCode::FileNotFound].map(PostOutcome::Rejected);
        let [first, second] = [PostOutcome::Stored(0), PostOutcome::Stored(1)];
        let repeated = PostOutcome::Repeated(0);
        assert_eq!(
            plan.outcomes,
            [first, repeated, conflict, missing.clone(), missing.clone(), missing, second]
        );
        assert_eq!(plan.messages[0].files, [file(8), file(7)]);
        assert_eq!(plan.advanced[0].head, Head::new(12));
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
