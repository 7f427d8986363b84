//! One's chats as plain data, kept true by what is heard of them.

use shared::{
    changes::Changes,
    member::{Member, Standing},
    message::Message,
    socket::Followed,
    timeline::{Verdict, judge},
    your_chats::{UNREAD_MAX, YourChat, YourChats},
};
use uuid::Uuid;

/// What became of something that was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// Nothing is different.
    Known,
    /// The list has taken it in.
    Applied,
    /// The list cannot tell all that follows from it, and is to be read again.
    Doubtful,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    epoch: Uuid,
    /// Oneself.
    me: i64,
    /// Newest first.
    entries: Vec<Entry>,
}

/// A chat of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub chat: YourChat,
    /// The head when the list was read: what is unread up to there is known by its number only.
    listed: i64,
    /// The places of others' messages that were heard of since.
    heard: Vec<i64>,
}

impl List {
    pub fn new(read: YourChats, me: i64) -> Self {
        Self { epoch: read.epoch, me, entries: read.chats.into_iter().map(Entry::new).collect() }
    }

    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub fn find(&self, uri: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.chat.uri == uri)
    }

    fn find_mut(&mut self, uri: &str) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.chat.uri == uri)
    }

    /// In which epoch, and from where, each chat is to be listened to.
    pub fn followed(&self) -> (Uuid, Vec<Followed>) {
        let followed = |entry: &Entry| Followed { uri: entry.chat.uri.clone(), after: entry.chat.head };
        (self.epoch, self.entries.iter().map(followed).collect())
    }

    /// Follows the rule of [`shared::timeline`]. A chat in which something was said comes to the top.
    pub fn hear(&mut self, changes: &Changes) -> Told {
        let me = self.me;
        let Some(entry) = self.find_mut(&changes.uri) else { return Told::Known };
        let verdict = judge(entry.chat.head, changes.after, changes.head);
        if changes.epoch != self.epoch || verdict == Verdict::Fetch {
            return Told::Doubtful;
        }
        if verdict == Verdict::Ignore {
            return Told::Known;
        }
        let Some(entry) = self.find_mut(&changes.uri) else { return Told::Known };
        let before = entry.chat.head;
        let sure = entry.apply(changes, me);
        if changes.messages.iter().any(|message| message.seq > before && is_said(message)) {
            self.raise(&changes.uri);
        }
        if sure { Told::Applied } else { Told::Doubtful }
    }

    fn raise(&mut self, uri: &str) {
        if let Some(place) = self.entries.iter().position(|entry| entry.chat.uri == uri)
            && let Some(upper) = self.entries.get_mut(..=place)
        {
            upper.rotate_right(1);
        }
    }

    /// One has read a chat up to here, on this device or another.
    pub fn read(&mut self, uri: &str, seq: i64) -> Told {
        self.find_mut(uri).map_or(Told::Known, |entry| entry.read(seq))
    }

    pub fn mute(&mut self, uri: &str, muted: bool) {
        if let Some(entry) = self.find_mut(uri) {
            entry.chat.muted = muted;
        }
    }

    pub fn rename(&mut self, uri: &str, to: &str) {
        if let Some(entry) = self.find_mut(uri) {
            to.clone_into(&mut entry.chat.uri);
        }
    }

    pub fn remove(&mut self, uri: &str) {
        self.entries.retain(|entry| entry.chat.uri != uri);
    }

    /// How many messages wait to be read in all chats that one wants to hear of.
    pub fn unread(&self) -> usize {
        let heeded = self.entries.iter().filter(|entry| !entry.chat.muted);
        heeded.map(|entry| usize::try_from(entry.chat.unread).unwrap_or_default()).sum()
    }
}

impl Entry {
    fn new(chat: YourChat) -> Self {
        Self { listed: chat.head, heard: Vec::new(), chat }
    }

    /// Whether all that follows from the changes is known.
    fn apply(&mut self, changes: &Changes, me: i64) -> bool {
        let mut sure = true;
        let before = self.chat.head;
        self.chat.head = changes.head;
        if let Some(chat) = &changes.chat
            && chat.revision >= self.chat.chat.revision
        {
            // What has vanished is not unread any more.
            sure &= chat.kept_from <= self.chat.read_seq || self.chat.unread == 0;
            self.chat.chat.clone_from(chat);
        }
        for member in &changes.members {
            sure &= self.meet(member, me);
        }
        for message in &changes.messages {
            sure &= if message.seq > before { self.receive(message, me) } else { self.alter(message) };
        }
        sure
    }

    /// A membership is as it says. Only in a chat of which one knows everybody does that tell how many there are now.
    fn meet(&mut self, member: &Member, me: i64) -> bool {
        let complete = self.knows_everyone();
        if member.user.id == me {
            self.chat.role = member.role;
            return true;
        }
        let known = self.chat.others.iter().position(|other| other.id == member.user.id);
        match (known, member.standing) {
            (Some(place), Standing::In) => {
                if let Some(other) = self.chat.others.get_mut(place) {
                    other.clone_from(&member.user);
                }
                true
            }
            (Some(place), _) => {
                self.chat.others.remove(place);
                self.chat.members = self.chat.members.saturating_sub(1);
                complete
            }
            (None, Standing::In) if complete => {
                self.chat.others.push(member.user.clone());
                self.chat.members += 1;
                true
            }
            (None, Standing::In) => false,
            (None, _) => complete,
        }
    }

    fn knows_everyone(&self) -> bool {
        usize::try_from(self.chat.members).is_ok_and(|members| members <= self.chat.others.len() + 1)
    }

    /// Something new was said or done.
    fn receive(&mut self, message: &Message, me: i64) -> bool {
        if !is_said(message) {
            return true;
        }
        self.chat.last = Some(message.clone());
        if message.user.id != me && message.seq > self.chat.read_seq {
            self.heard.push(message.seq);
            self.chat.unread = self.chat.unread.saturating_add(1).min(UNREAD_MAX);
        }
        true
    }

    /// Something that was said before is different now.
    fn alter(&mut self, message: &Message) -> bool {
        if let Some(last) = &mut self.chat.last
            && last.seq == message.seq
        {
            last.clone_from(message);
        }
        if message.deleted {
            self.heard.retain(|seq| *seq != message.seq);
        }
        // What is the last one now, and how many are unread, the server counts.
        !message.deleted
    }

    fn read(&mut self, seq: i64) -> Told {
        if seq <= self.chat.read_seq {
            return Told::Known;
        }
        self.chat.read_seq = seq;
        self.heard.retain(|heard| *heard > seq);
        let left = u32::try_from(self.heard.len()).unwrap_or(UNREAD_MAX).min(UNREAD_MAX);
        let all = self.chat.last.as_ref().is_none_or(|last| last.seq <= seq);
        if all || seq >= self.listed {
            self.chat.unread = left;
            Told::Applied
        } else {
            Told::Doubtful
        }
    }
}

fn is_said(message: &Message) -> bool {
    message.event.is_none() && !message.deleted
}
