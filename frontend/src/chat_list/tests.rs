use shared::{
    changes::Changes,
    chat::Chat,
    chat_list::{ChatListResponse, ChatSummary, JOIN_REQUESTS_MAX, UNREAD_MAX},
    id::{ChatId, Head, MessageId, Seq, UserId},
    member::{Member, MembershipStatus, Role},
    mentions::Mentions,
    message::Message,
    user::User,
};
use uuid::Uuid;

use super::list::{ChatList, UpdateResult};

const USER_ID: UserId = UserId::new(1);
const BRIAN: UserId = UserId::new(2);
const EVE: UserId = UserId::new(3);

fn user(id: UserId) -> User {
    User { id, username: format!("user{id}"), ..User::default() }
}

fn message(seq: i64, author: UserId) -> Message {
    let (id, seq) = (MessageId::new(seq), Seq::new(seq));
    Message {
        id,
        seq,
        revision: seq,
        client_id: Uuid::nil(),
        created_at: shared::time::DateTime::UNIX_EPOCH,
        user: user(author),
        message: format!("message {seq}"),
        reply_to: None,
        mentions: Mentions::default(),
        edited_at: None,
        event: None,
        deleted: false,
        files: Vec::new(),
        reactions: Vec::new(),
    }
}

fn member(id: UserId, seq: i64, status: MembershipStatus) -> Member {
    let (seq, created_at) = (Seq::new(seq), shared::time::DateTime::UNIX_EPOCH);
    Member { user: user(id), role: Role::Writer, status, seq, revision: seq, created_at }
}

const TEA: ChatId = ChatId::new(1);
const TOAST: ChatId = ChatId::new(2);
const JAM: ChatId = ChatId::new(3);

/// Its head is 4, a message of Brian; the user has read up to 3.
fn chat(id: ChatId, uri: &str) -> ChatSummary {
    ChatSummary {
        uri: uri.to_owned(),
        chat: Chat::new(id, shared::time::DateTime::UNIX_EPOCH),
        head: Head::new(4),
        role: Role::Writer,
        muted: false,
        read_seq: Seq::new(3),
        unread: 1,
        unread_mentions: 0,
        last_message: Some(message(4, BRIAN)),
        other_members: vec![user(BRIAN)],
        members: 2,
        join_requests: Vec::new(),
    }
}

fn response(chats: Vec<ChatSummary>) -> ChatListResponse {
    ChatListResponse { epoch: Uuid::nil(), version: Uuid::nil(), chats, more: false }
}

fn list() -> ChatList {
    let chats = vec![chat(TEA, "tea"), chat(TOAST, "toast"), chat(JAM, "jam")];
    ChatList::new(response(chats), USER_ID)
}

fn changes(chat_id: ChatId, head: i64, messages: Vec<Message>, members: Vec<Member>) -> Changes {
    let (after, head) = (Head::new(head - 1), Head::new(head));
    Changes { chat_id, epoch: Uuid::nil(), after, head, more: false, chat: None, members, messages }
}

fn new_message(chat_id: ChatId, seq: i64, author: UserId) -> Changes {
    changes(chat_id, seq, vec![message(seq, author)], Vec::new())
}

fn order(list: &ChatList) -> Vec<&str> {
    list.entries().iter().map(|entry| entry.chat.uri.as_str()).collect()
}

fn unread(list: &ChatList, uri: &str) -> u32 {
    list.find(uri).unwrap().chat.unread
}

#[test]
fn message_moves_chat_to_top_and_counts_once() {
    let mut list = list();
    assert_eq!(list.apply(&new_message(JAM, 5, BRIAN)), UpdateResult::Applied);
    assert_eq!(list.apply(&new_message(JAM, 5, BRIAN)), UpdateResult::Unchanged);
    assert_eq!(order(&list), ["jam", "tea", "toast"]);
    assert_eq!((unread(&list, "jam"), unread(&list, "tea")), (2, 1));
    assert_eq!(list.find("jam").unwrap().chat.last_message.as_ref().unwrap().message, "message 5");
}

#[test]
fn mentions_count_until_they_are_read() {
    let mut list = list();
    let mention = |seq, author| {
        let mut changes = new_message(TEA, seq, author);
        changes.messages[0].mentions = Mentions { users: vec![(&user(USER_ID)).into()], here: false };
        changes
    };
    let counts = |list: &ChatList| {
        let chat = &list.find("tea").unwrap().chat;
        (chat.unread, chat.unread_mentions)
    };
    list.apply(&mention(5, BRIAN));
    list.apply(&mention(6, USER_ID));
    let mut here = new_message(TEA, 7, EVE);
    here.messages[0].mentions.here = true;
    list.apply(&here);
    list.apply(&new_message(TEA, 8, EVE));
    assert_eq!(counts(&list), (4, 2));
    list.mark_read(TEA, Seq::new(5));
    assert_eq!(counts(&list), (2, 1));
    // An edit may have added or removed a mention.
    let mut edit = changes(TEA, 9, vec![message(7, EVE)], Vec::new());
    edit.messages[0].edited_at = Some(shared::time::DateTime::UNIX_EPOCH);
    assert_eq!(list.apply(&edit), UpdateResult::NeedsRefresh);
    list.mark_read(TEA, Seq::new(8));
    assert_eq!(counts(&list), (0, 0));
}

#[test]
fn last_message_follows_a_rename() {
    let mut list = list();
    let mut mention = new_message(TEA, 5, BRIAN);
    mention.messages[0].mentions.users.push((&user(EVE)).into());
    list.apply(&mention);
    for id in [BRIAN, EVE] {
        let mut other = member(id, 6, MembershipStatus::Member);
        other.user.display_name = format!("New {id}");
        list.apply(&changes(TEA, 4 + id.get(), Vec::new(), vec![other]));
    }
    let newest = list.find("tea").unwrap().chat.last_message.clone().unwrap();
    assert_eq!((newest.user.name(), newest.mentions.users[0].name.as_str()), ("New 2", "New 3"));
}

#[test]
fn own_message_is_not_unread() {
    let mut list = list();
    assert_eq!(list.apply(&new_message(TOAST, 5, USER_ID)), UpdateResult::Applied);
    assert_eq!((order(&list), unread(&list, "toast")), (vec!["toast", "tea", "jam"], 1));
}

#[test]
fn gap_or_other_epoch_needs_refetch() {
    let mut list = list();
    assert_eq!(list.apply(&new_message(TEA, 6, BRIAN)), UpdateResult::NeedsRefresh);
    assert_eq!(unread(&list, "tea"), 1);
    let foreign = Changes { epoch: Uuid::max(), ..new_message(TEA, 5, BRIAN) };
    assert_eq!(list.apply(&foreign), UpdateResult::NeedsRefresh);
    assert_eq!(
        list.apply(&new_message(ChatId::new(4), 5, BRIAN)),
        UpdateResult::Unchanged,
        "not one of ours"
    );
}

#[test]
fn read_position_leaves_later_messages_unread() {
    let mut list = list();
    for seq in 5..8 {
        list.apply(&new_message(TEA, seq, BRIAN));
    }
    assert_eq!(list.mark_read(TEA, Seq::new(5)), UpdateResult::Applied);
    assert_eq!(unread(&list, "tea"), 2);
    assert_eq!(list.mark_read(TEA, Seq::new(4)), UpdateResult::Unchanged, "a position never goes back");
    assert_eq!(list.mark_read(TEA, Seq::new(7)), UpdateResult::Applied);
    assert_eq!((unread(&list, "tea"), list.unread_count()), (0, 2));
}

#[test]
fn partial_read_of_unloaded_count_needs_refetch() {
    let mut tea = chat(TEA, "tea");
    (tea.head, tea.unread, tea.last_message) = (Head::new(40), 30, Some(message(40, BRIAN)));
    let mut list = ChatList::new(response(vec![tea]), USER_ID);
    assert_eq!(list.mark_read(TEA, Seq::new(20)), UpdateResult::NeedsRefresh);
    assert_eq!(list.mark_read(TEA, Seq::new(40)), UpdateResult::Applied);
    assert_eq!(unread(&list, "tea"), 0);
}

#[test]
fn unread_count_stops_at_maximum() {
    let mut list = list();
    for seq in 5..205 {
        list.apply(&new_message(TEA, seq, BRIAN));
    }
    assert_eq!(unread(&list, "tea"), UNREAD_MAX);
}

#[test]
fn muted_chat_is_not_in_total_unread() {
    let mut list = list();
    list.set_muted("tea", true);
    assert_eq!((unread(&list, "tea"), list.unread_count()), (1, 2));
}

#[test]
fn deleted_message_needs_refetch_and_keeps_order() {
    let mut list = list();
    let mut gone = message(4, BRIAN);
    (gone.revision, gone.deleted) = (Seq::new(5), true);
    gone.message.clear();
    assert_eq!(list.apply(&changes(TEA, 5, vec![gone], Vec::new())), UpdateResult::NeedsRefresh);
    assert!(list.find("tea").unwrap().chat.last_message.as_ref().unwrap().deleted);
    assert_eq!(order(&list), ["tea", "toast", "jam"], "nothing was said");
}

#[test]
fn member_changes_update_small_chat() {
    let mut list = list();
    let result = list.apply(&changes(TEA, 5, Vec::new(), vec![member(EVE, 5, MembershipStatus::Member)]));
    let tea = &list.find("tea").unwrap().chat;
    assert_eq!((result, tea.members, tea.other_members.len()), (UpdateResult::Applied, 3, 2));
    list.apply(&changes(TEA, 6, Vec::new(), vec![member(BRIAN, 6, MembershipStatus::Left)]));
    let tea = &list.find("tea").unwrap().chat;
    assert_eq!((tea.members, tea.other_members.as_slice()), (2, [user(EVE)].as_slice()));
}

#[test]
fn join_request_is_listed_until_it_is_decided() {
    let mut list = list();
    let mut apply = |head, user_id, role, status| {
        let changed = Member { role, ..member(user_id, head, status) };
        let result = list.apply(&changes(TEA, head, Vec::new(), vec![changed]));
        (result, list.find("tea").unwrap().chat.join_requests.len())
    };
    let (applied, refresh) = (UpdateResult::Applied, UpdateResult::NeedsRefresh);
    let writer = Role::Writer;
    assert_eq!(apply(5, EVE, writer, MembershipStatus::Pending), (applied, 0), "only moderators see it");
    assert_eq!(apply(6, USER_ID, Role::Moderator, MembershipStatus::Member), (refresh, 0));
    assert_eq!(apply(7, EVE, writer, MembershipStatus::Pending), (applied, 1));
    assert_eq!(apply(8, EVE, writer, MembershipStatus::Pending), (applied, 1), "renamed");
    assert_eq!(apply(9, EVE, writer, MembershipStatus::Rejected), (applied, 0));
}

#[test]
fn cut_off_join_requests_need_refetch_when_decided() {
    let mut tea = chat(TEA, "tea");
    tea.role = Role::Owner;
    tea.join_requests = (10..).take(JOIN_REQUESTS_MAX).map(|id| user(UserId::new(id))).collect();
    let mut list = ChatList::new(response(vec![tea]), USER_ID);
    let rejected = member(UserId::new(10), 5, MembershipStatus::Rejected);
    assert_eq!(list.apply(&changes(TEA, 5, Vec::new(), vec![rejected])), UpdateResult::NeedsRefresh);
}

#[test]
fn member_joining_large_chat_needs_refetch() {
    let mut tea = chat(TEA, "tea");
    tea.members = 60;
    let mut list = ChatList::new(response(vec![tea]), USER_ID);
    let joined = changes(TEA, 5, Vec::new(), vec![member(EVE, 5, MembershipStatus::Member)]);
    assert_eq!(list.apply(&joined), UpdateResult::NeedsRefresh);
    let renamed = changes(TEA, 6, Vec::new(), vec![member(BRIAN, 6, MembershipStatus::Member)]);
    assert_eq!(list.apply(&renamed), UpdateResult::Applied);
}

#[test]
fn uri_change_keeps_position_and_leaving_removes() {
    let mut list = list();
    let settings = Chat {
        uri: "crumpets".into(),
        revision: Seq::new(5),
        ..Chat::new(TOAST, shared::time::DateTime::UNIX_EPOCH)
    };
    list.apply(&Changes { chat: Some(settings), ..changes(TOAST, 5, Vec::new(), Vec::new()) });
    assert_eq!(order(&list), ["tea", "crumpets", "jam"]);
    list.remove(TEA);
    assert_eq!(order(&list), ["crumpets", "jam"]);
    let followed = list.followed_chats();
    assert!(followed.iter().map(|chat| (chat.chat_id, chat.after.get())).eq([(TOAST, 5), (JAM, 4)]));
}
