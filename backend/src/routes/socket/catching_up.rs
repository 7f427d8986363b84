//! Telling a client what it missed. It listens first and reads second, so that nothing falls between; while it reads it
//! hears no news, and it reads on until there is nothing new.

use shared::{changes::Since, problem::ProblemCode};
use uuid::Uuid;

use super::{
    super::changes,
    conversation::{Conversation, Subscription, Turn},
};
use crate::{
    db::{self, chats::Address},
    hub::audience::Missed,
    problem::Error,
};

impl Conversation {
    /// Listens to a chat that was asked for by this address: from the number that the client knows, or from where the chat
    /// stands.
    pub async fn begin(
        &mut self,
        chat: Address,
        uri: String,
        after: Option<i64>,
        epoch: Option<Uuid>,
    ) -> Turn {
        let chat_id = chat.id;
        self.note(chat_id, &uri, false);
        self.app.hub.subscribe(&chat, &uri, self.id, &self.session, after.unwrap_or_default());
        let after = match after {
            Some(after) => after,
            None => match self.head(chat_id).await {
                Ok(head) => head,
                Err(error) => return self.give_up(chat_id, &uri, &error),
            },
        };
        self.catch_up(chat_id, &uri, Since { after, epoch }).await
    }

    /// After news was left out.
    pub async fn catch_up_everywhere(&mut self) -> Turn {
        let chats: Vec<_> = self.chats.iter().map(|chat| (chat.chat_id, chat.uri.clone())).collect();
        for (chat_id, uri) in chats {
            match self.app.hub.missed(chat_id, self.id) {
                Some(Missed::After(after)) => {
                    self.catch_up(chat_id, &uri, Since { after, epoch: None }).await?;
                }
                // It may have read before that happened.
                Some(Missed::Unknown) => self.app.hub.is_on_its_own(chat_id, self.id),
                None => {}
            }
        }
        Turn::Continue(())
    }

    /// Notes that the client listens to a chat, which it may have followed before.
    pub fn note(&mut self, chat_id: i64, uri: &str, followed: bool) {
        if let Some(chat) = self.chats.iter_mut().find(|chat| chat.chat_id == chat_id) {
            chat.followed |= followed;
            uri.clone_into(&mut chat.uri);
        } else {
            let uri = uri.to_owned();
            self.chats.push(Subscription { chat_id, uri, typed: None, read: 0, followed });
        }
    }

    pub async fn catch_up(&mut self, chat_id: i64, uri: &str, mut since: Since) -> Turn {
        loop {
            // Whoever lost their place in the chat meanwhile is told nothing of it.
            if let Err(error) = self.find(uri).await {
                self.lose(chat_id, uri, &error);
                return Turn::Continue(());
            }
            let changes = match changes::read(&self.app, chat_id, since).await {
                Ok(changes) => changes,
                Err(error) => return self.give_up(chat_id, uri, &error),
            };
            let (head, more) = (changes.head, changes.more);
            self.app.hub.tell_read(chat_id, &self.session, changes);
            self.drained().await?;
            if !more && self.app.hub.has_read(chat_id, self.id, head) {
                return Turn::Continue(());
            }
            since.after = head;
        }
    }

    /// Waits until the client has taken what was sent, so that no more than one page is on its way.
    async fn drained(&self) -> Turn {
        while self.session.is_blocked() && !self.session.is_ended() {
            tokio::select! {
                writable = self.session.stream.writable() => self.resume(&writable)?,
                () = self.session.woken() => {}
            }
        }
        let is_over = self.session.is_ended() || self.session.is_broken();
        if is_over { Turn::Break(()) } else { Turn::Continue(()) }
    }

    /// The client has to read for itself, or may not.
    fn give_up(&mut self, chat_id: i64, uri: &str, error: &Error) -> Turn {
        let code = error.problem().code;
        if code == ProblemCode::StartAfresh || code.is_passing() {
            self.app.hub.is_on_its_own(chat_id, self.id);
        } else {
            self.lose(chat_id, uri, error);
        }
        Turn::Continue(())
    }

    /// Listens no more: unless it is sure that somebody is in the chat, they hear nothing of it, nor under which address it is.
    pub fn lose(&mut self, chat_id: i64, uri: &str, error: &Error) {
        let listens = self.app.hub.missed(chat_id, self.id).is_some();
        let name = if listens { self.app.hub.name_of(chat_id) } else { None };
        self.leave_chat(chat_id);
        self.refuse(None, Some(name.unwrap_or_else(|| uri.to_owned())), error);
    }

    pub async fn head(&self, chat_id: i64) -> Result<i64, Error> {
        Ok(db::chats::read(&mut *self.app.db.get().await?, chat_id).await?.head)
    }
}
