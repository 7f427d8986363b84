//! The client's copy of a chat, kept consistent with the server by the [sync rule](crate::sync).

use std::{cmp::Reverse, collections::BTreeMap};

use uuid::Uuid;

use crate::{
    changes::{Changes, ChangesQuery},
    chat::{Chat, JoinResponse},
    event::UserRef,
    id::{Head, Seq, UserId},
    member::{Member, MembershipStatus, Role},
    message::{Message, MessagePage},
    sync::{ApplyResult, SyncAction, classify},
    user::User,
};

/// A chat as a client knows it: a range of its messages without gaps, its members, and its head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeline {
    epoch: Uuid,
    head: Head,
    chat: Chat,
    members: BTreeMap<UserId, Member>,
    messages: BTreeMap<Seq, Message>,
    earlier: bool,
    /// Earlier messages that later ones reply to, as far as they were asked for.
    quoted: BTreeMap<Seq, Message>,
    /// Those of them that do not exist any more.
    gone: Vec<Seq>,
}

impl Timeline {
    /// Combines a join response and the newest page. They were read one after the other, so both are complete only up
    /// to the lower of their heads; applying later changes again is harmless.
    pub fn open(joined: JoinResponse, newest: MessagePage) -> Self {
        let mut members = BTreeMap::new();
        for member in joined.members.into_iter().chain(joined.former_members) {
            members.insert(member.user.id, member);
        }
        Self {
            epoch: joined.epoch,
            head: joined.head.min(newest.head),
            chat: joined.chat,
            members,
            messages: index_by_seq(newest.messages),
            earlier: newest.earlier,
            quoted: BTreeMap::new(),
            gone: Vec::new(),
        }
    }

    /// Applies changes by the sync rule.
    pub fn apply(&mut self, changes: Changes) -> ApplyResult {
        if changes.epoch != self.epoch || changes.chat_id != self.chat.id {
            return ApplyResult::Mismatch;
        }
        match classify(self.head, changes.after, changes.head) {
            SyncAction::Fetch => ApplyResult::Gap,
            SyncAction::Ignore => ApplyResult::Ignored,
            SyncAction::Apply => {
                self.merge(changes);
                ApplyResult::Applied
            }
        }
    }

    fn merge(&mut self, changes: Changes) {
        self.head = changes.head;
        if let Some(chat) = changes.chat
            && chat.revision >= self.chat.revision
        {
            self.chat = chat;
            self.drop_expired();
        }
        for member in changes.members {
            let current = self.members.get(&member.user.id);
            if current.is_none_or(|current| current.revision <= member.revision) {
                self.members.insert(member.user.id, member);
            }
        }
        // A message before the oldest one here would leave a gap.
        let oldest = if self.earlier { self.oldest_seq() } else { None };
        for message in changes.messages {
            if let Some(quoted) = self.quoted.get_mut(&message.seq)
                && quoted.revision <= message.revision
            {
                quoted.clone_from(&message);
            }
            let current = self.messages.get(&message.seq);
            if oldest.is_none_or(|oldest| message.seq >= oldest)
                && current.is_none_or(|current| current.revision <= message.revision)
            {
                self.messages.insert(message.seq, message);
            }
        }
    }

    /// Drops messages that the chat no longer retains.
    fn drop_expired(&mut self) {
        self.quoted = self.quoted.split_off(&self.chat.first_retained_seq);
        self.messages = self.messages.split_off(&self.chat.first_retained_seq);
        if self.oldest_seq().is_none_or(|oldest| oldest <= self.chat.first_retained_seq) {
            self.earlier = false;
        }
    }

    /// Adds the page before [`Timeline::oldest_seq`]. Returns whether the changes after [`Timeline::changes_query`]
    /// must be fetched again, because messages of the page may have changed since it was read.
    #[must_use]
    pub fn prepend_page(&mut self, page: MessagePage) -> bool {
        if page.epoch != self.epoch || page.id != self.chat.id {
            return false;
        }
        self.earlier = page.earlier;
        for (seq, message) in index_by_seq(page.messages) {
            let current = self.messages.get(&seq);
            if current.is_none_or(|current| current.revision <= message.revision) {
                self.messages.insert(seq, message);
            }
        }
        self.drop_expired();
        let is_behind = page.head < self.head;
        self.head = self.head.min(page.head);
        is_behind
    }

    /// Adds an earlier message that others reply to, from a page that contains it unless it does not exist any more. Returns
    /// whether the changes must be fetched again, as [`Timeline::prepend_page`] does.
    #[must_use]
    pub fn add_quoted(&mut self, seq: Seq, page: MessagePage) -> bool {
        if page.epoch != self.epoch || page.id != self.chat.id {
            return false;
        }
        match page.messages.into_iter().find(|message| message.seq == seq) {
            Some(message) => drop(self.quoted.insert(seq, message)),
            None => self.gone.push(seq),
        }
        let is_behind = page.head < self.head;
        self.head = self.head.min(page.head);
        is_behind
    }

    /// The message with this `seq`, also if it is before the loaded ones. The outer `None` means that it has to be added
    /// with [`Timeline::add_quoted`] first, the inner one that it does not exist any more.
    pub fn quoted(&self, seq: Seq) -> Option<Option<&Message>> {
        let message = self.messages.get(&seq).or_else(|| self.quoted.get(&seq));
        let is_gone = !self.earlier || seq < self.chat.first_retained_seq || self.gone.contains(&seq);
        if message.is_some() || is_gone { Some(message) } else { None }
    }

    /// The query for the changes after the current head.
    pub fn changes_query(&self) -> ChangesQuery {
        ChangesQuery { after: self.head, epoch: Some(self.epoch) }
    }

    /// The chat's current URI.
    pub fn uri(&self) -> &str {
        &self.chat.uri
    }

    /// The head up to which the timeline is complete.
    pub fn head(&self) -> Head {
        self.head
    }

    /// The chat and its settings.
    pub fn chat(&self) -> &Chat {
        &self.chat
    }

    /// Oldest first.
    pub fn messages(&self) -> impl DoubleEndedIterator<Item = &Message> + ExactSizeIterator {
        self.messages.values()
    }

    /// The message with this `seq`.
    pub fn message(&self, seq: Seq) -> Option<&Message> {
        self.messages.get(&seq)
    }

    /// The oldest message's `seq`.
    pub fn oldest_seq(&self) -> Option<Seq> {
        self.messages.keys().next().copied()
    }

    /// Whether the server has messages before the oldest one here.
    pub fn has_earlier(&self) -> bool {
        self.earlier
    }

    /// All members: the owner first, then by the time they joined.
    pub fn members(&self) -> Vec<&Member> {
        self.sorted_members(MembershipStatus::Member, |member| (Reverse(member.role), member.seq))
    }

    /// All users with this status, by the time they got it.
    pub fn members_with_status(&self, status: MembershipStatus) -> Vec<&Member> {
        self.sorted_members(status, |member| (Reverse(Role::Reader), member.revision))
    }

    /// One function for both orders: each sort adds 1 KB to the client.
    fn sorted_members(
        &self,
        status: MembershipStatus,
        key: fn(&Member) -> (Reverse<Role>, Seq),
    ) -> Vec<&Member> {
        let mut members: Vec<_> = self.members.values().filter(|member| member.status == status).collect();
        members.sort_by_key(|member| key(member));
        members
    }

    /// The user's entry, whatever their status.
    pub fn member(&self, user_id: UserId) -> Option<&Member> {
        self.members.get(&user_id)
    }

    /// The author of a message, under their current name.
    pub fn author<'a>(&'a self, message: &'a Message) -> &'a User {
        self.members.get(&message.user.id).map_or(&message.user, |member| &member.user)
    }

    /// The name of a user, with the username if a member of a higher role, or who joined earlier, has the same name.
    pub fn distinct_name(&self, user: &User) -> String {
        let rank = |member: &Member| (Reverse(member.role), member.seq);
        let own = self.members.get(&user.id).filter(|own| own.status.is_member()).map(rank);
        let is_name_of_other = self.members.values().any(|other| {
            other.user.id != user.id
                && other.status.is_member()
                && own.is_none_or(|own| rank(other) < own)
                && other.user.name().eq_ignore_ascii_case(user.name())
        });
        let name = user.name();
        if is_name_of_other { format!("{name} ({})", user.username) } else { name.to_owned() }
    }

    /// The current name of a user in an event.
    pub fn current_name<'a>(&'a self, user: &'a UserRef) -> &'a str {
        self.members.get(&user.id).map_or(user.name.as_str(), |member| member.user.name())
    }
}

fn index_by_seq(messages: Vec<Message>) -> BTreeMap<Seq, Message> {
    let mut sorted = BTreeMap::new();
    for message in messages {
        sorted.insert(message.seq, message);
    }
    sorted
}

#[cfg(test)]
mod tests;
