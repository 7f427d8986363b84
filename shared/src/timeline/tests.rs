use chrono::DateTime;
use proptest::prelude::*;

use super::*;
use crate::member::Role;

const EPOCH: Uuid = Uuid::from_u128(7);
const PAGE: usize = 5;

/// A chat as the server holds it: every change takes the next number.
struct Server {
    head: i64,
    members: BTreeMap<i64, Member>,
    messages: BTreeMap<i64, Message>,
}

impl Server {
    fn started_by_ada() -> Self {
        let mut server = Self { head: 0, members: BTreeMap::new(), messages: BTreeMap::new() };
        server.join(1, Role::Owner);
        server
    }

    fn next(&mut self) -> i64 {
        self.head += 1;
        self.head
    }

    fn join(&mut self, id: i64, role: Role) {
        let seq = self.next();
        let (user, created_at) = (user(id, "first"), DateTime::UNIX_EPOCH);
        let member = Member { user, role, standing: Standing::In, seq, revision: seq, created_at };
        self.members.insert(id, member);
    }

    fn rename(&mut self, id: i64, name: &str) {
        let revision = self.next();
        if let Some(member) = self.members.get_mut(&id) {
            member.user = user(id, name);
            member.revision = revision;
        }
    }

    fn post(&mut self, id: i64) {
        let seq = self.next();
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
        let revision = self.next();
        if let Some(message) = self.messages.get_mut(&seq) {
            message.revision = revision;
            message.message.push('!');
        }
    }

    fn changes(&self, after: i64) -> Changes {
        Changes {
            uri: "tea".into(),
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
        let joined = Joined {
            status: "SUCCESS".into(),
            uri: "tea".into(),
            epoch: EPOCH,
            head: self.head,
            chat: Chat::started(1, DateTime::UNIX_EPOCH),
            members: self.members.values().cloned().collect(),
            others: Vec::new(),
            message: "ada joined the chat".into(),
            user: user(1, "first"),
        };
        Timeline::open(joined, self.page(&messages[start..], start > 0))
    }

    fn page(&self, messages: &[Message], earlier: bool) -> History {
        History {
            id: 1,
            uri: "tea".into(),
            epoch: EPOCH,
            head: self.head,
            earlier,
            messages: messages.to_vec(),
        }
    }

    fn page_before(&self, seq: i64) -> History {
        let messages: Vec<_> = self.messages.range(..seq).map(|(_, m)| m.clone()).collect();
        let start = messages.len().saturating_sub(PAGE);
        self.page(&messages[start..], start > 0)
    }
}

fn user(id: i64, name: &str) -> User {
    User { id, username: format!("{name}{id}"), ..User::default() }
}

/// What a person sees.
fn seen(timeline: &Timeline) -> Vec<(i64, String, String)> {
    timeline.messages().map(|m| (m.seq, timeline.author(m).username.clone(), m.message.clone())).collect()
}

#[derive(Clone, Debug)]
enum Act {
    Join(i64),
    Rename(i64),
    Post(i64),
    Edit(usize),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        1 => (2i64..6).prop_map(Act::Join),
        1 => (1i64..6).prop_map(Act::Rename),
        6 => (1i64..6).prop_map(Act::Post),
        2 => (0usize..40).prop_map(Act::Edit),
    ]
}

/// What the way does to a push.
#[derive(Clone, Copy, Debug)]
enum Way {
    Delivered,
    Lost,
    Doubled,
    Late,
}

fn way() -> impl Strategy<Value = Way> {
    prop_oneof![Just(Way::Delivered), Just(Way::Lost), Just(Way::Doubled), Just(Way::Late)]
}

fn hear(timeline: &mut Timeline, changes: Changes, server: &Server) {
    if timeline.hear(changes) == Heard::Missed {
        let missed = server.changes(timeline.since().after);
        assert_eq!(timeline.hear(missed), Heard::Applied);
    }
}

proptest! {
    #[test]
    fn whoever_was_away_ends_equal_to_whoever_stayed(
        acts in proptest::collection::vec((act(), way()), 0..60),
    ) {
        let mut server = Server::started_by_ada();
        let mut stayed = server.open();
        let mut away = server.open();
        let mut late = Vec::new();
        for (act, way) in acts {
            let before = server.head;
            match act {
                Act::Join(id) if !server.members.contains_key(&id) => server.join(id, Role::Writer),
                Act::Rename(id) if server.members.contains_key(&id) => server.rename(id, "second"),
                Act::Post(id) if server.members.contains_key(&id) => server.post(id),
                Act::Edit(nth) if !server.messages.is_empty() => server.edit(nth),
                _ => continue,
            }
            let push = server.changes(before);
            prop_assert_eq!(stayed.hear(push.clone()), Heard::Applied);
            match way {
                Way::Delivered => hear(&mut away, push, &server),
                Way::Lost => {}
                Way::Doubled => { hear(&mut away, push.clone(), &server); hear(&mut away, push, &server); }
                Way::Late => late.push(push),
            }
        }
        for push in late.into_iter().rev() {
            hear(&mut away, push, &server);
        }
        let missed = server.changes(away.since().after);
        away.hear(missed);
        prop_assert_eq!(away.head(), server.head);
        prop_assert_eq!(seen(&away), seen(&stayed));
        prop_assert_eq!(away.members(), stayed.members());

        let mut fresh = server.open();
        while fresh.has_earlier() {
            let page = server.page_before(fresh.oldest().unwrap());
            prop_assert!(!fresh.extend_back(page));
        }
        prop_assert_eq!(seen(&fresh), seen(&stayed));
        prop_assert_eq!(fresh.members(), stayed.members());
    }
}

#[test]
fn the_rule_has_three_branches() {
    assert_eq!(judge(5, 6, 7), Verdict::Fetch);
    assert_eq!(judge(5, 4, 5), Verdict::Ignore);
    assert_eq!(judge(5, 5, 5), Verdict::Ignore);
    assert_eq!(judge(5, 5, 6), Verdict::Apply);
    assert_eq!(judge(5, 2, 9), Verdict::Apply);
}

#[test]
fn changes_of_another_epoch_or_chat_are_foreign() {
    let server = Server::started_by_ada();
    let mut timeline = server.open();
    let restored = Changes { epoch: Uuid::from_u128(8), ..server.changes(0) };
    assert_eq!(timeline.hear(restored), Heard::Foreign);
    let other = Changes { uri: "coffee".into(), ..server.changes(0) };
    assert_eq!(timeline.hear(other), Heard::Foreign);
}

#[test]
fn an_edit_of_a_message_before_the_page_tears_no_gap() {
    let mut server = Server::started_by_ada();
    for _ in 0..PAGE + 3 {
        server.post(1);
    }
    let mut timeline = server.open();
    let oldest = timeline.oldest();
    let before = server.head;
    server.edit(0);
    assert_eq!(timeline.hear(server.changes(before)), Heard::Applied);
    assert_eq!(timeline.oldest(), oldest);
    assert!(!timeline.extend_back(server.page_before(oldest.unwrap())));
    assert!(!timeline.has_earlier());
    assert!(timeline.message(2).unwrap().message.ends_with('!'));
}

#[test]
fn an_edit_that_was_heard_before_a_staler_page_came_in_is_heard_again() {
    let mut server = Server::started_by_ada();
    for _ in 0..PAGE + 3 {
        server.post(1);
    }
    let mut timeline = server.open();
    let stale = server.page_before(timeline.oldest().unwrap());
    let before = server.head;
    server.edit(0);
    assert_eq!(timeline.hear(server.changes(before)), Heard::Applied);
    assert!(timeline.extend_back(stale), "it is to be fetched");
    timeline.hear(server.changes(timeline.since().after));
    assert!(timeline.message(2).unwrap().message.ends_with('!'));
}

#[test]
fn what_the_chat_keeps_no_longer_is_gone_for_every_reader() {
    let mut server = Server::started_by_ada();
    for _ in 0..PAGE + 3 {
        server.post(1);
    }
    let mut timeline = server.open();
    assert!(timeline.has_earlier());
    let (kept_from, before) = (timeline.oldest().unwrap() + 1, server.head);
    let stale = server.page_before(kept_from - 1);
    let revision = server.next();
    let chat = Chat { revision, kept_from, ..Chat::started(1, DateTime::UNIX_EPOCH) };
    timeline.hear(Changes { chat: Some(chat), ..server.changes(before) });
    assert_eq!((timeline.oldest(), timeline.has_earlier()), (Some(kept_from), false));
    assert!(timeline.extend_back(stale));
    assert_eq!(timeline.oldest(), Some(kept_from), "a page that was on its way brings nothing back");
}

#[test]
fn only_who_is_in_is_a_member() {
    let mut server = Server::started_by_ada();
    server.join(2, Role::Writer);
    let mut timeline = server.open();
    let before = server.head;
    let revision = server.next();
    let gone = server.members.get_mut(&2).unwrap();
    (gone.standing, gone.revision) = (Standing::Banned, revision);
    timeline.hear(server.changes(before));
    let ids = |members: Vec<&Member>| members.iter().map(|member| member.user.id).collect::<Vec<_>>();
    assert_eq!(ids(timeline.members()), [1]);
    assert_eq!(ids(timeline.standing(Standing::Banned)), [2]);
}
