//! Following chats: a client hears of all its chats without having them open. However many they are, two queries tell
//! where they stand, and only those in which something was missed are read.

use std::collections::{BTreeSet, HashMap};

use shared::{
    changes::Since,
    chat::is_uri,
    problem::ProblemCode,
    socket::{FOLLOWED_MAX, Followed},
};
use uuid::Uuid;

use super::{
    conversation::{Conversation, Turn},
    listening::{CHATS_MAX, too_many_chats},
};
use crate::{
    auth::membership::guessing_is_limited,
    db::{self, your_chats::Heard},
    problem::{Error, Refusal},
};

/// Chats by the address that the client knows.
type Chats = HashMap<String, Heard>;

impl Conversation {
    /// Listens to all of them first, and reads where they stand second.
    pub async fn follow(&mut self, epoch: Uuid, chats: Vec<Followed>) -> Turn {
        if chats.len() > FOLLOWED_MAX {
            let detail = format!("One frame follows at most {FOLLOWED_MAX} chats.");
            self.refuse(None, None, &Refusal::new(ProblemCode::Malformed).detail(detail).into());
            return Turn::Continue(());
        }
        let found = match self.find_all(&chats).await {
            Ok(found) => found,
            Err(error) => {
                self.refuse(None, None, &error);
                return Turn::Continue(());
            }
        };
        let began = self.listen_aside(&chats, &found);
        let stand = match self.find_all(&chats).await {
            Ok(stand) => stand,
            Err(error) => {
                for (asked, chat_id) in &began {
                    self.lose(*chat_id, asked, &error);
                }
                return Turn::Continue(());
            }
        };
        self.tell_all_missed(epoch, chats, &began, &stand).await
    }

    async fn find_all(&self, chats: &[Followed]) -> Result<Chats, Error> {
        let named = chats.iter().map(|chat| chat.uri.as_str()).filter(|uri| is_uri(uri));
        let addresses: Vec<_> = named.collect::<BTreeSet<_>>().into_iter().collect();
        let mut connection = self.app.db.get().await?;
        let found = db::your_chats::heads(&mut connection, self.session.user_id(), &addresses).await?;
        Ok(found.into_iter().map(|chat| (chat.asked.clone(), chat)).collect())
    }

    /// Begins to listen; returns those that the client does not have open anyway, by the address that it knows.
    fn listen_aside(&mut self, chats: &[Followed], found: &Chats) -> HashMap<String, i64> {
        let mut began = HashMap::new();
        for Followed { uri: asked, after } in chats {
            let Some(chat) = found.get(asked).map(Heard::address) else {
                self.refuse_unknown(asked);
                continue;
            };
            if self.app.hub.is_here(chat.id, self.id) {
                self.note(chat.id, asked, true);
            } else if self.chats.len() < CHATS_MAX || self.chats.iter().any(|known| known.chat_id == chat.id)
            {
                self.note(chat.id, asked, true);
                self.app.hub.listen_aside(&chat, asked, self.id, &self.session, (*after).max(0));
                began.insert(asked.clone(), chat.id);
            } else {
                self.refuse(None, Some(asked.clone()), &too_many_chats());
            }
        }
        began
    }

    async fn tell_all_missed(
        &mut self,
        epoch: Uuid,
        chats: Vec<Followed>,
        began: &HashMap<String, i64>,
        stand: &Chats,
    ) -> Turn {
        for Followed { uri, after } in chats {
            let Some(chat_id) = began.get(&uri) else { continue };
            if let Some(chat) = stand.get(&uri) {
                self.tell_missed(chat, Since { after: after.max(0), epoch: Some(epoch) }).await?;
            } else {
                // They lost their place before they listened, and so did not hear of it.
                self.leave_chat(*chat_id);
                self.refuse_unknown(&uri);
            }
        }
        Turn::Continue(())
    }

    async fn tell_missed(&mut self, chat: &Heard, since: Since) -> Turn {
        let Heard { chat_id, asked, head, .. } = chat;
        if since.epoch != Some(self.app.epoch) || since.after > *head {
            self.app.hub.is_on_its_own(*chat_id, self.id);
        } else if since.after < *head || !self.app.hub.has_read(*chat_id, self.id, *head) {
            return self.catch_up(*chat_id, asked, since).await;
        }
        Turn::Continue(())
    }

    /// Counts as a guess, as everywhere.
    fn refuse_unknown(&self, uri: &str) {
        let unknown = Err::<(), _>(ProblemCode::ChatNotFound.into());
        if let Err(error) = guessing_is_limited(&self.app, self.session.address(), unknown) {
            self.refuse(None, Some(uri.to_owned()), &error);
        }
    }
}
