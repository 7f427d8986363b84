//! A client's copy of the chat: the real [`Timeline`] in a form that the checker can hash and share between states.

use std::{
    array,
    hash::{Hash, Hasher},
    sync::Arc,
};

use chrono::DateTime;
use shared::{
    changes::Changes,
    chat::{Chat, JoinResponse},
    id::{ChatId, Head, MessageId, UserId},
    mentions::Mentions,
    message::{Message, MessagePage, Reaction},
    sync::ApplyResult,
    timeline::Timeline,
    user::User,
};
use uuid::Uuid;

use crate::server::{Author, CLIENTS_MAX, Row};

const CHAT_ID: ChatId = ChatId::new(1);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View(Arc<Timeline>);

impl View {
    pub fn empty() -> Self {
        Self::open(Head::default(), &[])
    }

    /// The view of a client that joins when the server has this head.
    pub fn open(head: Head, rows: &[Row]) -> Self {
        let joined = JoinResponse {
            status: String::new(),
            uri: String::new(),
            epoch: Uuid::nil(),
            head,
            chat: Chat::new(CHAT_ID, DateTime::UNIX_EPOCH),
            members: Vec::new(),
            former_members: Vec::new(),
            message: String::new(),
            user: User::default(),
        };
        let page = MessagePage {
            id: CHAT_ID,
            uri: String::new(),
            epoch: Uuid::nil(),
            head,
            earlier: false,
            messages: rows.iter().map(message).collect(),
        };
        Self(Arc::new(Timeline::open(joined, page)))
    }

    pub fn apply(&mut self, after: Head, head: Head, rows: &[Row]) -> ApplyResult {
        let changes = Changes {
            chat_id: CHAT_ID,
            epoch: Uuid::nil(),
            after,
            head,
            more: false,
            chat: None,
            members: Vec::new(),
            messages: rows.iter().map(message).collect(),
        };
        Arc::make_mut(&mut self.0).apply(changes)
    }

    pub fn head(&self) -> Head {
        self.0.head()
    }

    pub fn rows(&self) -> impl ExactSizeIterator<Item = Row> {
        self.0.messages().map(|message| Row {
            reactions: array::from_fn(|client| {
                message.reactions.iter().any(|it| it.users == [user_id(client)])
            }),
            seq: message.seq,
            author: message.user.id.get().try_into().unwrap(),
            revision: message.revision,
            is_edited: message.edited_at.is_some(),
        })
    }
}

impl Hash for View {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.head().hash(state);
        self.rows().for_each(|row| row.hash(state));
    }
}

fn message(row: &Row) -> Message {
    Message {
        id: MessageId::new(row.seq.get()),
        seq: row.seq,
        revision: row.revision,
        client_id: Uuid::from_u128(row.author as u128),
        created_at: DateTime::UNIX_EPOCH,
        user: User { id: user_id(row.author), ..User::default() },
        message: String::new(),
        reply_to: None,
        mentions: Mentions::default(),
        files: Vec::new(),
        edited_at: row.is_edited.then_some(DateTime::UNIX_EPOCH),
        event: None,
        deleted: false,
        reactions: (0..CLIENTS_MAX).filter(|client| row.reactions[*client]).map(reaction).collect(),
    }
}

fn user_id(client: Author) -> UserId {
    UserId::new(client.try_into().unwrap())
}

/// Each client has its own emoji, so that the order does not matter.
fn reaction(client: Author) -> Reaction {
    Reaction { emoji: client.to_string(), count: 1, users: vec![user_id(client)] }
}
