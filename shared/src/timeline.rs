//! What a reader knows of a chat, and the one rule by which it stays equal to what every other reader knows.
//!
//! A chat's head rises by one with every durable change. Changes come as `(after, head]` and may be lost, doubled or
//! overtaken on their way; [`judge`] decides what to do with each. The browser, a bot, a socket of the server and a
//! node that listens to another node all follow it.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::{
    changes::{Changes, Since},
    chat::{Chat, Joined},
    event::Person,
    member::{Member, Standing},
    message::{History, Message},
    user::User,
};

/// What is to be done with changes that were heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They begin after what is known: something was missed, fetch the changes after the known head.
    Fetch,
    /// They end at or before what is known: nothing is new.
    Ignore,
    /// They continue what is known.
    Apply,
}

/// The rule: what a reader who knows a chat up to `known` does with changes of `(after, head]`.
pub const fn judge(known: i64, after: i64, head: i64) -> Verdict {
    if after > known {
        Verdict::Fetch
    } else if head <= known {
        Verdict::Ignore
    } else {
        Verdict::Apply
    }
}

/// What became of changes that were handed to [`Timeline::hear`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// They are part of the timeline now.
    Applied,
    /// They were known already.
    Known,
    /// Something before them is missing: fetch the changes since [`Timeline::since`].
    Missed,
    /// They are of another epoch or chat: throw the timeline away and open the chat afresh.
    Foreign,
}

/// A chat as a reader knows it: a stretch of its messages without gaps, its members, and its head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeline {
    uri: String,
    epoch: Uuid,
    head: i64,
    chat: Chat,
    members: BTreeMap<i64, Member>,
    messages: BTreeMap<i64, Message>,
    earlier: bool,
}

impl Timeline {
    /// The chat as it was joined, with its newest page. The two were read one after the other, so they are sure to hold
    /// together only up to the lower of their heads; what came after is heard again and does no harm.
    pub fn open(joined: Joined, newest: History) -> Self {
        let mut members = BTreeMap::new();
        for member in joined.members.into_iter().chain(joined.others) {
            members.insert(member.user.id, member);
        }
        Self {
            uri: joined.uri,
            epoch: joined.epoch,
            head: joined.head.min(newest.head),
            chat: joined.chat,
            members,
            messages: by_seq(newest.messages),
            earlier: newest.earlier,
        }
    }

    /// Follows the rule.
    pub fn hear(&mut self, changes: Changes) -> Heard {
        if changes.epoch != self.epoch || changes.uri != self.uri {
            return Heard::Foreign;
        }
        match judge(self.head, changes.after, changes.head) {
            Verdict::Fetch => Heard::Missed,
            Verdict::Ignore => Heard::Known,
            Verdict::Apply => {
                self.apply(changes);
                Heard::Applied
            }
        }
    }

    fn apply(&mut self, changes: Changes) {
        self.head = changes.head;
        if let Some(chat) = changes.chat
            && chat.revision >= self.chat.revision
        {
            self.chat = chat;
            self.forget_vanished();
        }
        for member in changes.members {
            let known = self.members.get(&member.user.id);
            if known.is_none_or(|known| known.revision <= member.revision) {
                self.members.insert(member.user.id, member);
            }
        }
        // A message older than the oldest one here is not part of the stretch: taking it would tear a gap.
        let oldest = if self.earlier { self.oldest() } else { None };
        for message in changes.messages {
            let known = self.messages.get(&message.seq);
            if oldest.is_none_or(|oldest| message.seq >= oldest)
                && known.is_none_or(|known| known.revision <= message.revision)
            {
                self.messages.insert(message.seq, message);
            }
        }
    }

    /// What is older than the chat keeps is gone here as well.
    fn forget_vanished(&mut self) {
        self.messages = self.messages.split_off(&self.chat.kept_from);
        if self.oldest().is_none_or(|oldest| oldest <= self.chat.kept_from) {
            self.earlier = false;
        }
    }

    /// The chat has another address.
    pub fn move_to(&mut self, uri: String) {
        self.uri = uri;
    }

    /// Takes in the page that ends just before [`Timeline::oldest`]. True if the changes since [`Timeline::since`] are to
    /// be fetched: messages of the page may have changed after it was read, which was not heard of here.
    #[must_use]
    pub fn extend_back(&mut self, page: History) -> bool {
        if page.epoch != self.epoch || page.uri != self.uri {
            return false;
        }
        self.earlier = page.earlier;
        for (seq, message) in by_seq(page.messages) {
            let known = self.messages.get(&seq);
            if known.is_none_or(|known| known.revision <= message.revision) {
                self.messages.insert(seq, message);
            }
        }
        self.forget_vanished();
        let is_behind = page.head < self.head;
        self.head = self.head.min(page.head);
        is_behind
    }

    /// Where to go on listening.
    pub fn since(&self) -> Since {
        Since { after: self.head, epoch: Some(self.epoch) }
    }

    /// The chat's address.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// The number up to which the chat is known.
    pub fn head(&self) -> i64 {
        self.head
    }

    /// The chat's settings.
    pub fn chat(&self) -> &Chat {
        &self.chat
    }

    /// The messages, oldest first.
    pub fn messages(&self) -> impl DoubleEndedIterator<Item = &Message> + ExactSizeIterator {
        self.messages.values()
    }

    /// The message at this place.
    pub fn message(&self, seq: i64) -> Option<&Message> {
        self.messages.get(&seq)
    }

    /// The oldest message's place.
    pub fn oldest(&self) -> Option<i64> {
        self.messages.keys().next().copied()
    }

    /// Whether there are messages before the oldest one here.
    pub fn has_earlier(&self) -> bool {
        self.earlier
    }

    /// Everyone in the chat, the owner first, then in the order in which they joined.
    pub fn members(&self) -> Vec<&Member> {
        let mut members = self.standing(Standing::In);
        members.sort_by_key(|member| (std::cmp::Reverse(member.role), member.seq));
        members
    }

    /// Everyone of this standing, in the order in which they came to it.
    pub fn standing(&self, standing: Standing) -> Vec<&Member> {
        let mut found: Vec<_> = self.members.values().filter(|member| member.standing == standing).collect();
        found.sort_by_key(|member| member.revision);
        found
    }

    /// What is known of this user, whatever their standing.
    pub fn member(&self, user_id: i64) -> Option<&Member> {
        self.members.get(&user_id)
    }

    /// Who said it, under the name they have now rather than the one they had when the message came in.
    pub fn author<'a>(&'a self, message: &'a Message) -> &'a User {
        self.members.get(&message.user.id).map_or(&message.user, |member| &member.user)
    }

    /// What somebody in an event is called now.
    pub fn name_of<'a>(&'a self, person: &'a Person) -> &'a str {
        self.members.get(&person.id).map_or(person.name.as_str(), |member| member.user.name())
    }
}

fn by_seq(messages: Vec<Message>) -> BTreeMap<i64, Message> {
    let mut sorted = BTreeMap::new();
    for message in messages {
        sorted.insert(message.seq, message);
    }
    sorted
}

#[cfg(test)]
mod tests;
