use chrono::DateTime;
use proptest::prelude::*;

use super::*;
use crate::member::Role;

const EPOCH: Uuid = Uuid::from_u128(7);
const PAGE: usize = 5;

/// A model of the server: every change increments the head.
struct Server {
    head: i64,
    members: BTreeMap<i64, Member>,
    messages: BTreeMap<i64, Message>,
}

impl Server {
    fn with_owner() -> Self {
        let mut server = Self { head: 0, members: BTreeMap::new(), messages: BTreeMap::new() };
        server.join(1, Role::Owner);
        server
    }

    fn advance_head(&mut self) -> i64 {
        self.head += 1;
        self.head
    }

    fn join(&mut self, id: i64, role: Role) {
        let seq = self.advance_head();
        let (user, created_at) = (user(id, "first"), DateTime::UNIX_EPOCH);
        let member = Member { user, role, status: MembershipStatus::Member, seq, revision: seq, created_at };
        self.members.insert(id, member);
    }

    fn rename(&mut self, id: i64, name: &str) {
        let revision = self.advance_head();
        if let Some(member) = self.members.get_mut(&id) {
            member.user = user(id, name);
            member.revision = revision;
        }
    }

    fn post(&mut self, id: i64) {
        let seq = self.advance_head();
        let message = Message {
            id: seq,
            seq,
            revision: seq,
            client_id: Uuid::from_u128(u128::from(seq.unsigned_abs())),
            created_at: DateTime::UNIX_EPOCH,
            user: self.members[&id].user.clone(),
            message: format!("message {seq}"),
            event: None,
            deleted: false,
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

    fn changes(&self, after: i64) -> Changes {
        Changes {
            chat_id: 1,
            epoch: EPOCH,
            after,
            head: self.head,
            more: false,
            chat: None,
            members: self.members.values().filter(|m| m.revision > after).cloned().collect(),
            messages: self.messages.values().filter(|m| m.revision > after).cloned().collect(),
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
            chat: Chat::new(1, DateTime::UNIX_EPOCH),
            members: self.members.values().cloned().collect(),
            former_members: Vec::new(),
            message: "ada joined the chat".into(),
            user: user(1, "first"),
        };
        Timeline::open(joined, self.page(&messages[start..], start > 0))
    }

    fn page(&self, messages: &[Message], earlier: bool) -> MessagePage {
        MessagePage {
            id: 1,
            uri: "tea".into(),
            epoch: EPOCH,
            head: self.head,
            earlier,
            messages: messages.to_vec(),
        }
    }

    fn page_before(&self, seq: i64) -> MessagePage {
        let messages: Vec<_> = self.messages.range(..seq).map(|(_, m)| m.clone()).collect();
        let start = messages.len().saturating_sub(PAGE);
        self.page(&messages[start..], start > 0)
    }
}

fn user(id: i64, name: &str) -> User {
    User { id, username: format!("{name}{id}"), ..User::default() }
}

/// What the user interface shows.
fn visible(timeline: &Timeline) -> Vec<(i64, String, String)> {
    timeline.messages().map(|m| (m.seq, timeline.author(m).username.clone(), m.message.clone())).collect()
}

#[derive(Clone, Debug)]
enum Operation {
    Join(i64),
    Rename(i64),
    Post(i64),
    Edit(usize),
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        1 => (2i64..6).prop_map(Operation::Join),
        1 => (1i64..6).prop_map(Operation::Rename),
        6 => (1i64..6).prop_map(Operation::Post),
        2 => (0usize..40).prop_map(Operation::Edit),
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
        let page = server.page_before(timeline.oldest_seq().unwrap());
        assert!(!timeline.prepend_page(page));
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

#[test]
fn classify_compares_heads() {
    assert_eq!(classify(5, 6, 7), SyncAction::Fetch);
    assert_eq!(classify(5, 4, 5), SyncAction::Ignore);
    assert_eq!(classify(5, 5, 5), SyncAction::Ignore);
    assert_eq!(classify(5, 5, 6), SyncAction::Apply);
    assert_eq!(classify(5, 2, 9), SyncAction::Apply);
}

#[test]
fn changes_of_other_epoch_or_chat_mismatch() {
    let server = Server::with_owner();
    let mut timeline = server.open();
    let restored = Changes { epoch: Uuid::from_u128(8), ..server.changes(0) };
    assert_eq!(timeline.apply(restored), ApplyResult::Mismatch);
    let other = Changes { chat_id: 2, ..server.changes(0) };
    assert_eq!(timeline.apply(other), ApplyResult::Mismatch);
}

#[test]
fn edit_before_the_loaded_range_leaves_no_gap() {
    let mut server = Server::with_owner();
    for _ in 0..PAGE + 3 {
        server.post(1);
    }
    let mut timeline = server.open();
    let oldest = timeline.oldest_seq();
    let before = server.head;
    server.edit(0);
    assert_eq!(timeline.apply(server.changes(before)), ApplyResult::Applied);
    assert_eq!(timeline.oldest_seq(), oldest);
    assert!(!timeline.prepend_page(server.page_before(oldest.unwrap())));
    assert!(!timeline.has_earlier());
    assert!(timeline.message(2).unwrap().message.ends_with('!'));
}

#[test]
fn stale_page_after_an_edit_requires_a_fetch() {
    let mut server = Server::with_owner();
    for _ in 0..PAGE + 3 {
        server.post(1);
    }
    let mut timeline = server.open();
    let stale = server.page_before(timeline.oldest_seq().unwrap());
    let before = server.head;
    server.edit(0);
    assert_eq!(timeline.apply(server.changes(before)), ApplyResult::Applied);
    assert!(timeline.prepend_page(stale), "a fetch is required");
    timeline.apply(server.changes(timeline.changes_query().after));
    assert!(timeline.message(2).unwrap().message.ends_with('!'));
}

#[test]
fn retention_drops_messages_from_the_timeline() {
    let mut server = Server::with_owner();
    for _ in 0..PAGE + 3 {
        server.post(1);
    }
    let mut timeline = server.open();
    assert!(timeline.has_earlier());
    let (first_retained_seq, before) = (timeline.oldest_seq().unwrap() + 1, server.head);
    let stale = server.page_before(first_retained_seq - 1);
    let revision = server.advance_head();
    let chat = Chat { revision, first_retained_seq, ..Chat::new(1, DateTime::UNIX_EPOCH) };
    timeline.apply(Changes { chat: Some(chat), ..server.changes(before) });
    assert_eq!((timeline.oldest_seq(), timeline.has_earlier()), (Some(first_retained_seq), false));
    assert!(timeline.prepend_page(stale));
    assert_eq!(timeline.oldest_seq(), Some(first_retained_seq), "a stale page restores no dropped message");
}

#[test]
fn members_excludes_other_statuses() {
    let mut server = Server::with_owner();
    server.join(2, Role::Writer);
    let mut timeline = server.open();
    let before = server.head;
    let revision = server.advance_head();
    let member = server.members.get_mut(&2).unwrap();
    (member.status, member.revision) = (MembershipStatus::Banned, revision);
    timeline.apply(server.changes(before));
    let ids = |members: Vec<&Member>| members.iter().map(|member| member.user.id).collect::<Vec<_>>();
    assert_eq!(ids(timeline.members()), [1]);
    assert_eq!(ids(timeline.members_with_status(MembershipStatus::Banned)), [2]);
}
