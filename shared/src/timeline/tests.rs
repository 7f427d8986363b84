use proptest::prelude::*;

use super::*;
use crate::{
    id::{ChatId, MessageId},
    member::Role,
    message::Reaction,
    time::DateTime,
};

const EPOCH: Uuid = Uuid::from_u128(7);
const CHAT_ID: ChatId = ChatId::new(1);
const PAGE: usize = 5;

/// A model of the server: every change increments the head.
struct Server {
    head: Head,
    members: BTreeMap<UserId, Member>,
    messages: BTreeMap<Seq, Message>,
}

impl Server {
    fn with_owner() -> Self {
        let mut server = Self { head: Head::default(), members: BTreeMap::new(), messages: BTreeMap::new() };
        server.join(UserId::new(1), Role::Owner);
        server
    }

    fn advance_head(&mut self) -> Seq {
        self.head = self.head.advance(1);
        self.head.as_seq()
    }

    fn join(&mut self, id: UserId, role: Role) {
        let seq = self.advance_head();
        let (user, created_at) = (user(id, "first"), DateTime::UNIX_EPOCH);
        let member = Member { user, role, status: MembershipStatus::Member, seq, revision: seq, created_at };
        self.members.insert(id, member);
    }

    fn rename(&mut self, id: UserId, name: &str) {
        let revision = self.advance_head();
        if let Some(member) = self.members.get_mut(&id) {
            member.user = user(id, name);
            member.revision = revision;
        }
    }

    fn post(&mut self, id: UserId) {
        let seq = self.advance_head();
        let message = Message {
            id: MessageId::new(seq.get()),
            seq,
            revision: seq,
            client_id: Uuid::from_u128(u128::from(seq.get().unsigned_abs())),
            created_at: DateTime::UNIX_EPOCH,
            user: self.members[&id].user.clone(),
            message: format!("message {seq}"),
            reply_to: None,
            mentions: Mentions::default(),
            edited_at: None,
            event: None,
            deleted: false,
            files: Vec::new(),
            reactions: Vec::new(),
        };
        self.messages.insert(seq, message);
    }

    fn edit(&mut self, nth: usize) {
        let Some(seq) = self.messages.keys().nth(nth % self.messages.len().max(1)).copied() else { return };
        let revision = self.advance_head();
        if let Some(message) = self.messages.get_mut(&seq) {
            message.revision = revision;
            message.message.push('!');
        }
    }

    /// Adds a reaction, or takes it back.
    fn react(&mut self, id: UserId, nth: usize) {
        let Some(seq) = self.messages.keys().nth(nth % self.messages.len().max(1)).copied() else { return };
        let revision = self.advance_head();
        let Some(message) = self.messages.get_mut(&seq) else { return };
        message.revision = revision;
        let mut users = message.reactions.pop().map(|reaction| reaction.users).unwrap_or_default();
        match users.iter().position(|user| *user == id) {
            Some(place) => drop(users.remove(place)),
            None => users.push(id),
        }
        if !users.is_empty() {
            let (emoji, count) = ("👍".into(), users.len().try_into().unwrap());
            message.reactions.push(Reaction { emoji, count, users });
        }
    }

    fn changes(&self, after: Head) -> Changes {
        Changes {
            chat_id: CHAT_ID,
            epoch: EPOCH,
            after,
            head: self.head,
            more: false,
            chat: None,
            members: self.members.values().filter(|m| m.revision > after.as_seq()).cloned().collect(),
            messages: self.messages.values().filter(|m| m.revision > after.as_seq()).cloned().collect(),
        }
    }

    fn open(&self) -> Timeline {
        let messages: Vec<_> = self.messages.values().cloned().collect();
        let start = messages.len().saturating_sub(PAGE);
        let joined = JoinResponse {
            status: "SUCCESS".into(),
            uri: "tea".into(),
            epoch: EPOCH,
            head: self.head,
            chat: Chat::new(CHAT_ID, DateTime::UNIX_EPOCH),
            members: self.members.values().cloned().collect(),
            former_members: Vec::new(),
            message: "ada joined the chat".into(),
            user: user(UserId::new(1), "first"),
        };
        Timeline::open(joined, self.page(&messages[start..], start > 0))
    }

    fn page(&self, messages: &[Message], earlier: bool) -> MessagePage {
        MessagePage {
            id: CHAT_ID,
            uri: "tea".into(),
            epoch: EPOCH,
            head: self.head,
            earlier,
            messages: messages.to_vec(),
        }
    }

    fn page_before(&self, seq: Seq) -> MessagePage {
        let messages: Vec<_> = self.messages.range(..seq).map(|(_, m)| m.clone()).collect();
        let start = messages.len().saturating_sub(PAGE);
        self.page(&messages[start..], start > 0)
    }

    fn page_after(&self, seq: Seq) -> MessagePage {
        let is_after = |message: &&Message| message.seq > seq;
        let messages: Vec<_> = self.messages.values().filter(is_after).take(PAGE).cloned().collect();
        self.page(&messages, true)
    }

    /// Begins two messages before the one that is counted by `nth`.
    fn page_around(&self, nth: usize) -> MessagePage {
        let start = (nth % self.messages.len().max(1)).saturating_sub(2);
        let messages: Vec<_> = self.messages.values().skip(start).take(PAGE).cloned().collect();
        self.page(&messages, start > 0)
    }
}

fn user(id: UserId, name: &str) -> User {
    User { id, username: format!("{name}{id}"), ..User::default() }
}

/// What the user interface shows.
fn visible(timeline: &Timeline) -> Vec<(Seq, String, String, Vec<Reaction>)> {
    let shown =
        |m: &Message| (m.seq, timeline.author(m).username.clone(), m.message.clone(), m.reactions.clone());
    timeline.messages().map(shown).collect()
}

#[derive(Clone, Debug)]
enum Operation {
    Join(UserId),
    Rename(UserId),
    Post(UserId),
    Edit(usize),
    React(UserId, usize),
}

fn user_id(first: i64) -> impl Strategy<Value = UserId> {
    (first..6).prop_map(UserId::new)
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        1 => user_id(2).prop_map(Operation::Join),
        1 => user_id(1).prop_map(Operation::Rename),
        6 => user_id(1).prop_map(Operation::Post),
        2 => (0usize..40).prop_map(Operation::Edit),
        3 => (user_id(1), 0usize..40).prop_map(|(id, nth)| Operation::React(id, nth)),
    ]
}

/// What the network does to a push.
#[derive(Clone, Copy, Debug)]
enum Delivery {
    Delivered,
    Lost,
    Duplicated,
    Delayed,
}

fn delivery() -> impl Strategy<Value = Delivery> {
    prop_oneof![
        Just(Delivery::Delivered),
        Just(Delivery::Lost),
        Just(Delivery::Duplicated),
        Just(Delivery::Delayed)
    ]
}

fn apply_or_fetch(timeline: &mut Timeline, changes: Changes, server: &Server) {
    if timeline.apply(changes) == ApplyResult::Gap {
        let missed = server.changes(timeline.changes_query().after);
        assert_eq!(timeline.apply(missed), ApplyResult::Applied);
    }
}

/// Opens the chat anew and loads all earlier pages.
fn load_whole_chat(server: &Server) -> Timeline {
    let mut timeline = server.open();
    while timeline.has_earlier() {
        let oldest = timeline.oldest_seq().unwrap();
        assert!(!timeline.prepend_page(oldest, server.page_before(oldest)));
    }
    timeline
}

proptest! {
    #[test]
    fn returning_client_converges_with_others(
        operations in proptest::collection::vec((operation(), delivery()), 0..60),
    ) {
        let mut server = Server::with_owner();
        let mut live = server.open();
        let mut flaky = server.open();
        let mut delayed = Vec::new();
        for (operation, delivery) in operations {
            let before = server.head;
            match operation {
                Operation::Join(id) if !server.members.contains_key(&id) => server.join(id, Role::Writer),
                Operation::Rename(id) if server.members.contains_key(&id) => server.rename(id, "second"),
                Operation::Post(id) if server.members.contains_key(&id) => server.post(id),
                Operation::Edit(nth) if !server.messages.is_empty() => server.edit(nth),
                Operation::React(id, nth) if !server.messages.is_empty() => server.react(id, nth),
                _ => continue,
            }
            let push = server.changes(before);
            prop_assert_eq!(live.apply(push.clone()), ApplyResult::Applied);
            match delivery {
                Delivery::Delivered => apply_or_fetch(&mut flaky, push, &server),
                Delivery::Lost => {}
                Delivery::Duplicated => { apply_or_fetch(&mut flaky, push.clone(), &server); apply_or_fetch(&mut flaky, push, &server); }
                Delivery::Delayed => delayed.push(push),
            }
        }
        for push in delayed.into_iter().rev() {
            apply_or_fetch(&mut flaky, push, &server);
        }
        let missed = server.changes(flaky.changes_query().after);
        flaky.apply(missed);
        prop_assert_eq!(flaky.head(), server.head);
        prop_assert_eq!(visible(&flaky), visible(&live));
        prop_assert_eq!(flaky.members(), live.members());

        let fresh = load_whole_chat(&server);
        prop_assert_eq!(visible(&fresh), visible(&live));
        prop_assert_eq!(fresh.members(), live.members());
    }
}

/// What a client asks for; the numbers select a message.
#[derive(Clone, Copy, Debug)]
enum Paging {
    Up,
    Down,
    Jump(usize),
    /// Drops what is far from this message.
    View(usize),
}

fn paging() -> impl Strategy<Value = Paging> {
    prop_oneof![
        3 => Just(Paging::Up),
        3 => Just(Paging::Down),
        2 => (0usize..60).prop_map(Paging::Jump),
        2 => (0usize..60).prop_map(Paging::View),
    ]
}

/// Does what the client asks for, with a page as it is now.
fn page(timeline: &mut Timeline, paging: Paging, server: &Server) {
    let is_behind = match paging {
        Paging::Up if timeline.has_earlier() => {
            let oldest = timeline.oldest_seq().unwrap();
            timeline.prepend_page(oldest, server.page_before(oldest))
        }
        Paging::Down => match timeline.part(Seq::default()).end {
            Some(end) => {
                let after = Seq::new(end.get() - 1);
                timeline.append_page(after, server.page_after(after))
            }
            None => false,
        },
        Paging::Jump(nth) => timeline.replace_part(server.page_around(nth)),
        Paging::View(nth) => {
            let seqs: Vec<_> = timeline.messages().map(|message| message.seq).collect();
            if let Some(seq) = seqs.get(nth % seqs.len().max(1)) {
                timeline.drop_distant(*seq, *seq);
                assert!(timeline.message(*seq).is_some(), "the message in view is kept");
            }
            false
        }
        Paging::Up => false,
    };
    assert!(!is_behind, "the page is not older than the timeline");
}

/// Each part of the timeline has all messages of the server between its ends, and one of them the newest.
fn check_parts(timeline: &Timeline, server: &Server) {
    let earlier = timeline.part(Seq::default());
    let newest = timeline.part(Seq::MAX);
    for part in [&earlier, &newest] {
        let Some(first) = part.seqs.first() else { continue };
        let end = part.end.unwrap_or(Seq::MAX);
        let stored: Vec<_> = server.messages.range(*first..end).map(|(_, message)| message).collect();
        let loaded: Vec<_> = part.seqs.iter().map(|seq| timeline.message(*seq).unwrap()).collect();
        assert_eq!(loaded, stored);
    }
    if !timeline.has_earlier() {
        assert_eq!(timeline.oldest_seq(), server.messages.keys().next().copied());
    }
    let shown: Vec<_> = timeline.messages().map(|message| message.seq).collect();
    let parts = if earlier == newest { earlier.seqs } else { [earlier.seqs, newest.seqs].concat() };
    assert_eq!(shown, parts);
}

proptest! {
    #[test]
    fn parts_are_complete_after_any_paging(
        posts in 0usize..40,
        steps in proptest::collection::vec((paging(), operation()), 0..60),
    ) {
        let mut server = Server::with_owner();
        for _ in 0..posts {
            server.post(UserId::new(1));
        }
        let mut timeline = server.open();
        for (paging, operation) in steps {
            page(&mut timeline, paging, &server);
            check_parts(&timeline, &server);
            let before = server.head;
            match operation {
                Operation::Edit(nth) => server.edit(nth),
                _ => server.post(UserId::new(1)),
            }
            if server.head > before {
                prop_assert_eq!(timeline.apply(server.changes(before)), ApplyResult::Applied);
            }
            check_parts(&timeline, &server);
        }
    }
}

#[test]
fn page_that_was_asked_for_before_a_jump_is_ignored() {
    let mut server = Server::with_owner();
    for _ in 0..8 * PAGE {
        server.post(UserId::new(1));
    }
    let mut timeline = server.open();
    let oldest = timeline.oldest_seq().unwrap();
    let late = server.page_before(oldest);
    assert!(!timeline.replace_part(server.page_around(3)));
    let jumped = timeline.clone();
    assert!(!timeline.prepend_page(oldest, late));
    assert_eq!(timeline, jumped);
    let after = Seq::new(jumped.part(Seq::default()).end.unwrap().get() - 1);
    assert!(!timeline.append_page(after, server.page_after(after)));
    let extended = timeline.clone();
    assert!(!timeline.append_page(after, server.page_after(after)));
    assert_eq!(timeline, extended, "the second response to the same request");
}

#[test]
fn first_after_is_none_if_it_may_not_be_loaded() {
    let mut server = Server::with_owner();
    for _ in 0..8 * PAGE {
        server.post(UserId::new(1));
    }
    let mut timeline = server.open();
    let newest = timeline.part(Seq::default()).seqs;
    let first_after = |timeline: &Timeline, after: Seq, from: Seq| {
        timeline.first_after(after, |message| message.seq >= from).map(|message| message.seq)
    };
    assert_eq!(first_after(&timeline, newest[0], Seq::default()), Some(newest[1]));
    assert_eq!(first_after(&timeline, newest[0], newest[3]), Some(newest[3]), "others are skipped");
    assert_eq!(first_after(&timeline, *newest.last().unwrap(), Seq::default()), None);
    assert_eq!(first_after(&timeline, Seq::new(2), Seq::default()), None, "there are earlier messages");
    assert!(!timeline.replace_part(server.page_around(10)));
    let part = timeline.part(Seq::default()).seqs;
    assert_eq!(first_after(&timeline, part[0], Seq::default()), Some(part[1]));
    assert_eq!(first_after(&timeline, part[0], newest[0]), None, "one in the gap may be wanted");
    assert_eq!(first_after(&timeline, newest[0], Seq::default()), Some(newest[1]));
}

#[test]
fn gap_ends_when_the_part_before_it_expires() {
    let mut server = Server::with_owner();
    for _ in 0..8 * PAGE {
        server.post(UserId::new(1));
    }
    let mut timeline = server.open();
    let newest = timeline.part(Seq::default()).seqs;
    assert!(!timeline.replace_part(server.page_around(10)));
    let part = timeline.part(Seq::default()).seqs;
    let in_gap = Seq::new(part.last().unwrap().get() + 1);
    assert_eq!(timeline.quoted(in_gap), None, "it has to be loaded");
    // Everything up to the newest part expires.
    let (before, revision) = (server.head, server.advance_head());
    let chat = Chat { revision, first_retained_seq: newest[1], ..Chat::new(CHAT_ID, DateTime::UNIX_EPOCH) };
    timeline.apply(Changes { chat: Some(chat), ..server.changes(before) });
    assert_eq!(timeline.part(Seq::default()).seqs, newest[1..]);
    assert!(!timeline.has_earlier());
}

#[test]
fn classify_compares_heads() {
    for (after, head, action) in [
        (6, 7, SyncAction::Fetch),
        (4, 5, SyncAction::Ignore),
        (5, 5, SyncAction::Ignore),
        (5, 6, SyncAction::Apply),
        (2, 9, SyncAction::Apply),
    ] {
        assert_eq!(classify(Head::new(5), Head::new(after), Head::new(head)), action, "({after}, {head}]");
    }
}

#[test]
fn changes_of_other_epoch_or_chat_mismatch() {
    let server = Server::with_owner();
    let mut timeline = server.open();
    let restored = Changes { epoch: Uuid::from_u128(8), ..server.changes(Head::default()) };
    assert_eq!(timeline.apply(restored), ApplyResult::Mismatch);
    let other = Changes { chat_id: ChatId::new(2), ..server.changes(Head::default()) };
    assert_eq!(timeline.apply(other), ApplyResult::Mismatch);
}

#[test]
fn edit_before_the_loaded_range_leaves_no_gap() {
    let mut server = Server::with_owner();
    for _ in 0..PAGE + 3 {
        server.post(UserId::new(1));
    }
    let mut timeline = server.open();
    let oldest = timeline.oldest_seq().unwrap();
    let before = server.head;
    server.edit(0);
    assert_eq!(timeline.apply(server.changes(before)), ApplyResult::Applied);
    assert_eq!(timeline.oldest_seq(), Some(oldest));
    assert!(!timeline.prepend_page(oldest, server.page_before(oldest)));
    assert!(!timeline.has_earlier());
    assert!(timeline.message(Seq::new(2)).unwrap().message.ends_with('!'));
}

#[test]
fn quoted_message_before_loaded_range_follows_edits() {
    let mut server = Server::with_owner();
    for _ in 0..PAGE + 3 {
        server.post(UserId::new(1));
    }
    let mut timeline = server.open();
    let (first, oldest) = (Seq::new(2), timeline.oldest_seq().unwrap());
    assert_eq!(timeline.quoted(first), None);
    assert_eq!(timeline.quoted(oldest).unwrap(), timeline.message(oldest));
    let page = |server: &Server| server.page(&[server.messages[&first].clone()], false);
    let (stale, before) = (page(&server), server.head);
    assert!(!timeline.add_quoted(first, page(&server)));
    assert_eq!(timeline.quoted(first), Some(Some(&server.messages[&first])));
    assert_eq!(timeline.oldest_seq(), Some(oldest), "the range has no gap");
    server.edit(0);
    timeline.apply(server.changes(before));
    assert_eq!(timeline.quoted(first), Some(Some(&server.messages[&first])));
    assert!(timeline.add_quoted(first, stale), "a fetch is required");
    timeline.apply(server.changes(timeline.changes_query().after));
    assert_eq!(timeline.quoted(first), Some(Some(&server.messages[&first])));
    // It expires.
    let (before, revision) = (server.head, server.advance_head());
    let chat = Chat { revision, first_retained_seq: Seq::new(3), ..Chat::new(CHAT_ID, DateTime::UNIX_EPOCH) };
    timeline.apply(Changes { chat: Some(chat), ..server.changes(before) });
    assert_eq!(timeline.quoted(first), Some(None));
}

#[test]
fn stale_page_after_an_edit_requires_a_fetch() {
    let mut server = Server::with_owner();
    for _ in 0..PAGE + 3 {
        server.post(UserId::new(1));
    }
    let mut timeline = server.open();
    let oldest = timeline.oldest_seq().unwrap();
    let stale = server.page_before(oldest);
    let before = server.head;
    server.edit(0);
    assert_eq!(timeline.apply(server.changes(before)), ApplyResult::Applied);
    assert!(timeline.prepend_page(oldest, stale), "a fetch is required");
    timeline.apply(server.changes(timeline.changes_query().after));
    assert!(timeline.message(Seq::new(2)).unwrap().message.ends_with('!'));
}

#[test]
fn retention_drops_messages_from_the_timeline() {
    let mut server = Server::with_owner();
    for _ in 0..PAGE + 3 {
        server.post(UserId::new(1));
    }
    let mut timeline = server.open();
    assert!(timeline.has_earlier());
    let (oldest_seq, before) = (timeline.oldest_seq().unwrap(), server.head);
    let stale = server.page_before(oldest_seq);
    let first_retained_seq = Seq::new(oldest_seq.get() + 1);
    let revision = server.advance_head();
    let chat = Chat { revision, first_retained_seq, ..Chat::new(CHAT_ID, DateTime::UNIX_EPOCH) };
    timeline.apply(Changes { chat: Some(chat), ..server.changes(before) });
    assert_eq!((timeline.oldest_seq(), timeline.has_earlier()), (Some(first_retained_seq), false));
    assert!(!timeline.prepend_page(oldest_seq, stale));
    assert_eq!(timeline.oldest_seq(), Some(first_retained_seq), "a stale page restores no dropped message");
}

#[test]
fn members_excludes_other_statuses() {
    let mut server = Server::with_owner();
    let banned_id = UserId::new(2);
    server.join(banned_id, Role::Writer);
    let mut timeline = server.open();
    let before = server.head;
    let revision = server.advance_head();
    let member = server.members.get_mut(&banned_id).unwrap();
    (member.status, member.revision) = (MembershipStatus::Banned, revision);
    timeline.apply(server.changes(before));
    let ids = |members: Vec<&Member>| members.iter().map(|member| member.user.id).collect::<Vec<_>>();
    assert_eq!(ids(timeline.members()), [UserId::new(1)]);
    assert_eq!(ids(timeline.members_with_status(MembershipStatus::Banned)), [banned_id]);
}

#[test]
fn repeated_name_is_shown_with_the_username() {
    let mut server = Server::with_owner();
    let [owner_id, first_id, second_id] = [1, 2, 3].map(UserId::new);
    server.join(first_id, Role::Writer);
    server.join(second_id, Role::Writer);
    for (id, name) in [(owner_id, "Ada"), (first_id, "Host"), (second_id, "host")] {
        server.members.get_mut(&id).unwrap().user.display_name = name.to_owned();
    }
    let names = |server: &Server| {
        let timeline = server.open();
        [owner_id, first_id, second_id].map(|id| timeline.distinct_name(&server.members[&id].user))
    };
    assert_eq!(names(&server), ["Ada", "Host", "host (first3)"]);
    server.members.get_mut(&second_id).unwrap().role = Role::Moderator;
    assert_eq!(names(&server), ["Ada", "Host (first2)", "host"]);
}
