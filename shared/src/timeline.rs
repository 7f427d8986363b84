//! The client's copy of a chat, kept consistent with the server by the [sync rule](crate::sync).

use std::{cmp::Reverse, collections::BTreeMap};

use uuid::Uuid;

use crate::{
    changes::{Changes, ChangesQuery},
    chat::{Chat, JoinResponse},
    event::UserRef,
    id::{Head, Seq, UserId},
    member::{Member, MembershipStatus, Role, distinct_name},
    mentions::{HERE, Mentions},
    message::{Message, MessagePage},
    sync::{ApplyResult, SyncAction, classify},
    user::User,
};

/// A part of the chat with more messages is shortened by [`Timeline::drop_distant`]. Small in tests.
const PART_MAX: usize = if cfg!(test) { 12 } else { 1_500 };
/// As many of the newest messages are kept then, and as many before and after those in view.
const KEPT: usize = if cfg!(test) { 3 } else { 300 };

/// A chat as a client knows it: its newest messages, perhaps a part further up, its members, and its head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeline {
    epoch: Uuid,
    head: Head,
    chat: Chat,
    members: BTreeMap<UserId, Member>,
    messages: BTreeMap<Seq, Message>,
    /// Between the part further up and the newest messages.
    gap: Option<Gap>,
    /// Whether there are messages before the first one here.
    earlier: bool,
    /// Messages that are not loaded and that others reply to, as far as they were asked for.
    quoted: BTreeMap<Seq, Message>,
    /// Those of them that do not exist any more.
    gone: Vec<Seq>,
}

/// Messages that are not loaded: those between these two, which are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Gap {
    after: Seq,
    before: Seq,
}

/// A range of loaded messages without a gap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// The sequence numbers of its messages.
    pub seqs: Vec<Seq>,
    /// Where it ends, exclusively; `None` if it has the newest messages.
    pub end: Option<Seq>,
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
            gap: None,
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
        for message in changes.messages {
            if let Some(quoted) = self.quoted.get_mut(&message.seq)
                && quoted.revision <= message.revision
            {
                quoted.clone_from(&message);
            }
            if self.is_loaded(message.seq) {
                self.insert(message);
            }
        }
    }

    /// Unless a later state of the message is known.
    fn insert(&mut self, message: Message) {
        let current = self.messages.get(&message.seq);
        if current.is_none_or(|current| current.revision <= message.revision) {
            self.messages.insert(message.seq, message);
        }
    }

    /// Whether the message with this `seq` is here, if it exists.
    fn is_loaded(&self, seq: Seq) -> bool {
        let is_earlier = self.earlier && self.oldest_seq().is_some_and(|oldest| seq < oldest);
        let is_in_gap = self.gap.is_some_and(|gap| gap.after < seq && seq < gap.before);
        !is_earlier && !is_in_gap
    }

    /// Drops messages that the chat no longer retains.
    fn drop_expired(&mut self) {
        self.quoted = self.quoted.split_off(&self.chat.first_retained_seq);
        self.messages = self.messages.split_off(&self.chat.first_retained_seq);
        if self.gap.is_some_and(|gap| gap.after < self.chat.first_retained_seq) {
            (self.gap, self.earlier) = (None, true);
        }
        if self.oldest_seq().is_none_or(|oldest| oldest <= self.chat.first_retained_seq) {
            self.earlier = false;
        }
    }

    /// Adds the page before the message `before`, if that is the oldest one still. Returns whether the changes after
    /// [`Timeline::changes_query`] must be fetched again, because messages of the page may have changed since it was read.
    #[must_use]
    pub fn prepend_page(&mut self, before: Seq, page: MessagePage) -> bool {
        if !self.is_own(&page) || self.oldest_seq() != Some(before) {
            return false;
        }
        self.earlier = page.earlier;
        self.insert_page(page)
    }

    /// Adds the page after the message `after`, if the part further up ends there still. Returns the same as
    /// [`Timeline::prepend_page`].
    #[must_use]
    pub fn append_page(&mut self, after: Seq, page: MessagePage) -> bool {
        let Some(gap) = self.gap.filter(|gap| gap.after == after && self.is_own(&page)) else { return false };
        let last = page.messages.last().map(|message| message.seq);
        self.gap = last.filter(|last| *last < gap.before).map(|last| Gap { after: last, ..gap });
        self.insert_page(page)
    }

    /// Replaces the part further up by this page, unless that is a part of the newest messages. Returns the same as
    /// [`Timeline::prepend_page`].
    #[must_use]
    pub fn replace_part(&mut self, page: MessagePage) -> bool {
        let newest = self.part(Seq::MAX).seqs.first().copied();
        let (Some(before), true) = (newest, self.is_own(&page)) else { return false };
        let (Some(first), Some(last)) = (page.messages.first(), page.messages.last()) else { return false };
        let (first, after) = (first.seq, last.seq);
        self.drop_part();
        self.gap = (after < before).then_some(Gap { after, before });
        if first <= before {
            self.earlier = page.earlier;
        }
        self.insert_page(page)
    }

    /// Drops the part further up.
    pub fn drop_part(&mut self) {
        if let Some(gap) = self.gap.take() {
            self.messages = self.messages.split_off(&gap.before);
            self.earlier = true;
        }
    }

    fn is_own(&self, page: &MessagePage) -> bool {
        page.epoch == self.epoch && page.id == self.chat.id
    }

    /// Returns whether the changes must be fetched again.
    fn insert_page(&mut self, page: MessagePage) -> bool {
        for message in page.messages {
            self.insert(message);
        }
        self.drop_expired();
        let is_behind = page.head < self.head;
        self.head = self.head.min(page.head);
        is_behind
    }

    /// Drops messages that are far from those in view, so that a chat of any length takes the same memory.
    pub fn drop_distant(&mut self, first_in_view: Seq, last_in_view: Seq) {
        let Part { seqs, end } = self.part(first_in_view);
        if seqs.len() <= PART_MAX {
            return;
        }
        if end.is_none() {
            self.drop_part();
        }
        let first = seqs.partition_point(|seq| *seq < first_in_view).saturating_sub(KEPT);
        let last = seqs.partition_point(|seq| *seq <= last_in_view) + KEPT;
        let newest = if end.is_none() { seqs.len() - KEPT } else { seqs.len() };
        for (index, seq) in seqs.iter().enumerate() {
            if index < first || (last <= index && index < newest) {
                self.messages.remove(seq);
            }
        }
        self.earlier |= first > 0;
        if last < newest
            && let Some(after) = seqs.get(last - 1).copied()
            && let Some(before) = self.gap.map(|gap| gap.before).or_else(|| seqs.get(newest).copied())
        {
            self.gap = Some(Gap { after, before });
        }
    }

    /// Adds a message that others reply to and that is not loaded, from a page that contains it unless it does not exist any more. Returns
    /// whether the changes must be fetched again, as [`Timeline::prepend_page`] does.
    #[must_use]
    pub fn add_quoted(&mut self, seq: Seq, page: MessagePage) -> bool {
        if !self.is_own(&page) {
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

    /// The message with this `seq`, also if it is not among the loaded ones. The outer `None` means that it has to be added
    /// with [`Timeline::add_quoted`] first, the inner one that it does not exist any more.
    pub fn quoted(&self, seq: Seq) -> Option<Option<&Message>> {
        let message = self.messages.get(&seq).or_else(|| self.quoted.get(&seq));
        let is_gone = self.is_loaded(seq) || seq < self.chat.first_retained_seq || self.gone.contains(&seq);
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

    /// The first message after `after` that is wanted; `None` as long as there may be an earlier one that is not loaded.
    pub fn first_after(&self, after: Seq, is_wanted: impl Fn(&Message) -> bool) -> Option<&Message> {
        let found = self.messages().find(|message| message.seq > after && is_wanted(message))?;
        let is_cut = self.earlier && self.oldest_seq().is_some_and(|oldest| after < oldest);
        let has_gap = self.gap.is_some_and(|gap| after < gap.before && gap.after < found.seq);
        if is_cut || has_gap { None } else { Some(found) }
    }

    /// The part of the loaded messages that this `seq` belongs to.
    pub fn part(&self, seq: Seq) -> Part {
        let (start, end) = match self.gap {
            Some(gap) if seq < gap.before => {
                (Seq::default(), Some(Seq::new(gap.after.get().saturating_add(1))))
            }
            Some(gap) => (gap.before, None),
            None => (Seq::default(), None),
        };
        let is_before_end = |seq: &Seq| end.is_none_or(|end| *seq < end);
        Part {
            seqs: self.messages.range(start..).map(|(seq, _)| *seq).take_while(is_before_end).collect(),
            end,
        }
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

    /// The name of a user, with the username if another member has the same name: see [`distinct_name`].
    pub fn distinct_name(&self, user: &User) -> String {
        distinct_name(user, self.members.get(&user.id), self.members.values())
    }

    /// The current name of a user in an event.
    pub fn current_name<'a>(&'a self, user: &'a UserRef) -> &'a str {
        self.members.get(&user.id).map_or(user.name.as_str(), |member| member.user.name())
    }

    /// The mentions with these ids: those of members, and [`HERE`].
    pub fn mentions_in(&self, ids: impl Iterator<Item = i64>) -> Mentions {
        let mut mentions = Mentions::default();
        for id in ids {
            let member = self.members.get(&UserId::new(id)).filter(|member| member.status.is_member());
            mentions.users.extend(member.map(UserRef::from));
            mentions.here |= id == HERE;
        }
        mentions
    }

    /// Whom a message mentions, under their current names.
    pub fn mentions(&self, message: &Message) -> Mentions {
        let mut mentions = message.mentions.clone();
        for user in &mut mentions.users {
            user.name = self.current_name(user).to_owned();
        }
        mentions
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
