//! The chat list as plain data, kept up to date by what the server sends about its chats.

use shared::{
    changes::Changes,
    chat_list::{ChatListResponse, ChatSummary, JOIN_REQUESTS_MAX, UNREAD_MAX},
    id::{ChatId, Head, Seq, UserId},
    member::{Member, MembershipStatus, Role},
    message::Message,
    socket::FollowedChat,
    sync::{SyncAction, classify},
};
use uuid::Uuid;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpdateResult {
    Unchanged,
    Applied,
    /// The list cannot derive all consequences and has to be fetched again.
    NeedsRefresh,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatList {
    epoch: Uuid,
    user_id: UserId,
    /// Newest first.
    entries: Vec<ChatEntry>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatEntry {
    pub chat: ChatSummary,
    /// The head when the list was fetched: of the unread messages up to it, only the number is known.
    fetched_head: Head,
    /// The unread messages that arrived since, and whether they mention the user.
    unread: Vec<(Seq, bool)>,
}

impl ChatList {
    pub fn new(response: ChatListResponse, user_id: UserId) -> Self {
        let entries = response.chats.into_iter().map(ChatEntry::new).collect();
        Self { epoch: response.epoch, user_id, entries }
    }

    pub fn epoch(&self) -> Uuid {
        self.epoch
    }

    pub fn entries(&self) -> &[ChatEntry] {
        &self.entries
    }

    pub fn find(&self, uri: &str) -> Option<&ChatEntry> {
        self.entries.iter().find(|entry| entry.chat.uri == uri)
    }

    pub fn contains(&self, chat_id: ChatId) -> bool {
        self.entries.iter().any(|entry| entry.chat_id() == chat_id)
    }

    fn find_mut(&mut self, chat_id: ChatId) -> Option<&mut ChatEntry> {
        self.entries.iter_mut().find(|entry| entry.chat_id() == chat_id)
    }

    /// The chats with the heads from which they are followed.
    pub fn followed_chats(&self) -> Vec<FollowedChat> {
        let followed = |entry: &ChatEntry| FollowedChat { chat_id: entry.chat_id(), after: entry.chat.head };
        self.entries.iter().map(followed).collect()
    }

    /// Follows the rule of [`shared::sync`]. A chat with a new message moves to the top.
    pub fn apply(&mut self, changes: &Changes) -> UpdateResult {
        let (epoch, user_id) = (self.epoch, self.user_id);
        let Some(entry) = self.find_mut(changes.chat_id) else { return UpdateResult::Unchanged };
        let action = classify(entry.chat.head, changes.after, changes.head);
        if changes.epoch != epoch || action == SyncAction::Fetch {
            return UpdateResult::NeedsRefresh;
        }
        if action == SyncAction::Ignore {
            return UpdateResult::Unchanged;
        }
        let last_before = entry.chat.head.as_seq();
        let is_complete = entry.apply(changes, user_id);
        if changes.messages.iter().any(|message| message.seq > last_before && is_text(message)) {
            self.move_to_top(changes.chat_id);
        }
        if is_complete { UpdateResult::Applied } else { UpdateResult::NeedsRefresh }
    }

    fn move_to_top(&mut self, chat_id: ChatId) {
        if let Some(index) = self.entries.iter().position(|entry| entry.chat_id() == chat_id)
            && let Some(upper) = self.entries.get_mut(..=index)
        {
            upper.rotate_right(1);
        }
    }

    /// The user has read the chat up to `seq`, on this device or another.
    pub fn mark_read(&mut self, chat_id: ChatId, seq: Seq) -> UpdateResult {
        self.find_mut(chat_id).map_or(UpdateResult::Unchanged, |entry| entry.mark_read(seq))
    }

    pub fn set_muted(&mut self, uri: &str, is_muted: bool) {
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.chat.uri == uri) {
            entry.chat.muted = is_muted;
        }
    }

    pub fn remove(&mut self, chat_id: ChatId) -> UpdateResult {
        let before = self.entries.len();
        self.entries.retain(|entry| entry.chat_id() != chat_id);
        if self.entries.len() < before { UpdateResult::Applied } else { UpdateResult::Unchanged }
    }

    /// The number of unread messages in all chats that are not muted.
    pub fn unread_count(&self) -> usize {
        let audible = self.entries.iter().filter(|entry| !entry.chat.muted);
        audible.map(|entry| usize::try_from(entry.chat.unread).unwrap_or_default()).sum()
    }
}

impl ChatEntry {
    fn new(chat: ChatSummary) -> Self {
        Self { fetched_head: chat.head, unread: Vec::new(), chat }
    }

    fn chat_id(&self) -> ChatId {
        self.chat.chat.id
    }

    /// Returns whether all consequences of the changes are known.
    fn apply(&mut self, changes: &Changes, user_id: UserId) -> bool {
        let mut is_complete = true;
        let last_before = self.chat.head.as_seq();
        self.chat.head = changes.head;
        if let Some(chat) = &changes.chat
            && chat.revision >= self.chat.chat.revision
        {
            // Expired messages are no longer unread.
            is_complete &= chat.first_retained_seq <= self.chat.read_seq || self.chat.unread == 0;
            self.chat.uri.clone_from(&chat.uri);
            self.chat.chat.clone_from(chat);
        }
        let waiting = self.chat.join_requests.len();
        for member in &changes.members {
            if let Some(last) = &mut self.chat.last_message {
                last.rename(&member.user);
            }
            is_complete &= self.apply_member(member, user_id);
        }
        // The server lists only the first of them.
        is_complete &= waiting < JOIN_REQUESTS_MAX || self.chat.join_requests.len() >= waiting;
        for message in &changes.messages {
            is_complete &= if message.seq > last_before {
                self.add_message(message, user_id);
                true
            } else {
                self.update_message(message, user_id)
            };
        }
        is_complete
    }

    /// Returns whether the number of members is known, which is so only if all members are, and who waits to join.
    fn apply_member(&mut self, member: &Member, user_id: UserId) -> bool {
        let knows_all = self.knows_all_members();
        if member.user.id == user_id {
            let was_moderator = self.chat.role >= Role::Moderator;
            self.chat.role = member.role;
            return was_moderator == (member.role >= Role::Moderator);
        }
        let was_pending = self.update_join_requests(member);
        let known = self.chat.other_members.iter().position(|other| other.id == member.user.id);
        match (known, member.status) {
            (Some(index), MembershipStatus::Member) => {
                if let Some(other) = self.chat.other_members.get_mut(index) {
                    other.clone_from(&member.user);
                }
                true
            }
            (Some(index), _) => {
                self.chat.other_members.remove(index);
                self.chat.members = self.chat.members.saturating_sub(1);
                knows_all
            }
            (None, MembershipStatus::Member) if knows_all => {
                self.chat.other_members.push(member.user.clone());
                self.chat.members += 1;
                true
            }
            (None, MembershipStatus::Member) => false,
            (None, _) => knows_all || was_pending,
        }
    }

    /// Returns whether the user was waiting to join.
    fn update_join_requests(&mut self, member: &Member) -> bool {
        let requests = &mut self.chat.join_requests;
        let before = requests.len();
        requests.retain(|user| user.id != member.user.id);
        let was_pending = requests.len() < before;
        if member.status == MembershipStatus::Pending && self.chat.role >= Role::Moderator {
            requests.push(member.user.clone());
        }
        was_pending
    }

    fn knows_all_members(&self) -> bool {
        usize::try_from(self.chat.members).is_ok_and(|members| members <= self.chat.other_members.len() + 1)
    }

    fn add_message(&mut self, message: &Message, user_id: UserId) {
        if !is_text(message) {
            return;
        }
        self.chat.last_message = Some(message.clone());
        if message.user.id != user_id && message.seq > self.chat.read_seq {
            let is_mention = message.mentions.includes(user_id);
            self.unread.push((message.seq, is_mention));
            self.chat.unread = add_one(self.chat.unread);
            if is_mention {
                self.chat.unread_mentions = add_one(self.chat.unread_mentions);
            }
        }
    }

    /// Returns `false` for a deleted message, and for an edit that may change who is mentioned: which message is the last now,
    /// and how many are unread, only the server knows.
    fn update_message(&mut self, message: &Message, user_id: UserId) -> bool {
        if let Some(last) = &mut self.chat.last_message
            && last.seq == message.seq
        {
            last.clone_from(message);
        }
        if message.deleted {
            self.unread.retain(|(seq, _)| *seq != message.seq);
        }
        let is_unread_edit = message.edited_at.is_some() && message.seq > self.chat.read_seq;
        let may_mention = self.chat.unread_mentions > 0 || message.mentions.includes(user_id);
        !(message.deleted || is_unread_edit && may_mention)
    }

    fn mark_read(&mut self, seq: Seq) -> UpdateResult {
        if seq <= self.chat.read_seq {
            return UpdateResult::Unchanged;
        }
        self.chat.read_seq = seq;
        self.unread.retain(|(unread, _)| *unread > seq);
        let has_read_all = self.chat.last_message.as_ref().is_none_or(|last| last.seq <= seq);
        if has_read_all || seq >= self.fetched_head.as_seq() {
            self.chat.unread = capped(self.unread.len());
            self.chat.unread_mentions =
                capped(self.unread.iter().filter(|(_, is_mention)| *is_mention).count());
            UpdateResult::Applied
        } else {
            UpdateResult::NeedsRefresh
        }
    }
}

fn add_one(count: u32) -> u32 {
    count.saturating_add(1).min(UNREAD_MAX)
}

fn capped(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(UNREAD_MAX).min(UNREAD_MAX)
}

fn is_text(message: &Message) -> bool {
    message.event.is_none() && !message.deleted
}
