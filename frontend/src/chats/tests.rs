use shared::{
    changes::Changes,
    chat::Chat,
    member::{Member, Role, Standing},
    message::Message,
    user::User,
    your_chats::{UNREAD_MAX, YourChat, YourChats},
};
use uuid::Uuid;

use super::list::{List, Told};

const ME: i64 = 1;
const BRIAN: i64 = 2;

fn user(id: i64) -> User {
    User { id, username: format!("user{id}"), ..User::default() }
}

fn message(seq: i64, author: i64) -> Message {
    Message {
        id: seq,
        seq,
        revision: seq,
        client_id: Uuid::nil(),
        created_at: chrono::DateTime::UNIX_EPOCH,
        user: user(author),
        message: format!("said {seq}"),
        event: None,
        deleted: false,
    }
}

fn member(id: i64, seq: i64, standing: Standing) -> Member {
    let created_at = chrono::DateTime::UNIX_EPOCH;
    Member { user: user(id), role: Role::Writer, standing, seq, revision: seq, created_at }
}

/// Known up to 4, where Brian said something; read up to 3.
fn chat(uri: &str) -> YourChat {
    YourChat {
        uri: uri.to_owned(),
        chat: Chat::started(1, chrono::DateTime::UNIX_EPOCH),
        head: 4,
        role: Role::Writer,
        muted: false,
        read_seq: 3,
        unread: 1,
        last: Some(message(4, BRIAN)),
        others: vec![user(BRIAN)],
        members: 2,
    }
}

fn list() -> List {
    let chats = vec![chat("tea"), chat("toast"), chat("jam")];
    List::new(YourChats { epoch: Uuid::nil(), chats }, ME)
}

fn changes(uri: &str, head: i64, messages: Vec<Message>, members: Vec<Member>) -> Changes {
    let (uri, epoch) = (uri.to_owned(), Uuid::nil());
    Changes { uri, epoch, after: head - 1, head, more: false, chat: None, members, messages }
}

fn said(uri: &str, seq: i64, author: i64) -> Changes {
    changes(uri, seq, vec![message(seq, author)], Vec::new())
}

fn order(list: &List) -> Vec<&str> {
    list.entries().iter().map(|entry| entry.chat.uri.as_str()).collect()
}

fn unread(list: &List, uri: &str) -> u32 {
    list.find(uri).unwrap().chat.unread
}

#[test]
fn what_another_says_brings_its_chat_to_the_top_and_is_counted_once() {
    let mut list = list();
    assert_eq!(list.hear(&said("jam", 5, BRIAN)), Told::Applied);
    assert_eq!(list.hear(&said("jam", 5, BRIAN)), Told::Known);
    assert_eq!(order(&list), ["jam", "tea", "toast"]);
    assert_eq!((unread(&list, "jam"), unread(&list, "tea")), (2, 1));
    assert_eq!(list.find("jam").unwrap().chat.last.as_ref().unwrap().message, "said 5");
}

#[test]
fn what_one_says_oneself_is_not_unread() {
    let mut list = list();
    assert_eq!(list.hear(&said("toast", 5, ME)), Told::Applied);
    assert_eq!((order(&list), unread(&list, "toast")), (vec!["toast", "tea", "jam"], 1));
}

#[test]
fn a_gap_is_not_guessed_at() {
    let mut list = list();
    assert_eq!(list.hear(&said("tea", 6, BRIAN)), Told::Doubtful);
    assert_eq!(unread(&list, "tea"), 1);
    let foreign = Changes { epoch: Uuid::max(), ..said("tea", 5, BRIAN) };
    assert_eq!(list.hear(&foreign), Told::Doubtful);
    assert_eq!(list.hear(&said("coffee", 5, BRIAN)), Told::Known, "not one of ours");
}

#[test]
fn reading_to_the_end_leaves_nothing_and_reading_further_up_leaves_what_came_since() {
    let mut list = list();
    for seq in 5..8 {
        list.hear(&said("tea", seq, BRIAN));
    }
    assert_eq!(list.read("tea", 5), Told::Applied);
    assert_eq!(unread(&list, "tea"), 2);
    assert_eq!(list.read("tea", 4), Told::Known, "a position never goes back");
    assert_eq!(list.read("tea", 7), Told::Applied);
    assert_eq!((unread(&list, "tea"), list.unread()), (0, 2));
}

#[test]
fn reading_a_part_of_what_is_known_by_its_number_only_is_counted_by_the_server() {
    let mut tea = chat("tea");
    (tea.head, tea.unread, tea.last) = (40, 30, Some(message(40, BRIAN)));
    let mut list = List::new(YourChats { epoch: Uuid::nil(), chats: vec![tea] }, ME);
    assert_eq!(list.read("tea", 20), Told::Doubtful);
    assert_eq!(list.read("tea", 40), Told::Applied);
    assert_eq!(unread(&list, "tea"), 0);
}

#[test]
fn more_than_the_most_is_not_counted() {
    let mut list = list();
    for seq in 5..205 {
        list.hear(&said("tea", seq, BRIAN));
    }
    assert_eq!(unread(&list, "tea"), UNREAD_MAX);
}

#[test]
fn a_muted_chat_counts_for_itself_alone() {
    let mut list = list();
    list.mute("tea", true);
    assert_eq!((unread(&list, "tea"), list.unread()), (1, 2));
}

#[test]
fn a_deleted_message_leaves_its_words_until_the_server_has_counted() {
    let mut list = list();
    let mut gone = message(4, BRIAN);
    (gone.revision, gone.deleted) = (5, true);
    gone.message.clear();
    assert_eq!(list.hear(&changes("tea", 5, vec![gone], Vec::new())), Told::Doubtful);
    assert!(list.find("tea").unwrap().chat.last.as_ref().unwrap().deleted);
    assert_eq!(order(&list), ["tea", "toast", "jam"], "nothing was said");
}

#[test]
fn whoever_comes_or_goes_renames_a_chat_of_which_one_knows_everybody() {
    let mut list = list();
    let heard = list.hear(&changes("tea", 5, Vec::new(), vec![member(3, 5, Standing::In)]));
    let tea = &list.find("tea").unwrap().chat;
    assert_eq!((heard, tea.members, tea.others.len()), (Told::Applied, 3, 2));
    list.hear(&changes("tea", 6, Vec::new(), vec![member(BRIAN, 6, Standing::Left)]));
    let tea = &list.find("tea").unwrap().chat;
    assert_eq!((tea.members, tea.others.as_slice()), (2, [user(3)].as_slice()));
}

#[test]
fn in_a_chat_of_many_the_server_is_asked_who_there_is() {
    let mut tea = chat("tea");
    tea.members = 60;
    let mut list = List::new(YourChats { epoch: Uuid::nil(), chats: vec![tea] }, ME);
    let came = changes("tea", 5, Vec::new(), vec![member(3, 5, Standing::In)]);
    assert_eq!(list.hear(&came), Told::Doubtful);
    let renamed = changes("tea", 6, Vec::new(), vec![member(BRIAN, 6, Standing::In)]);
    assert_eq!(list.hear(&renamed), Told::Applied);
}

#[test]
fn a_chat_that_moves_keeps_its_place_and_one_that_is_left_loses_it() {
    let mut list = list();
    list.rename("toast", "crumpets");
    assert_eq!(order(&list), ["tea", "crumpets", "jam"]);
    list.remove("tea");
    assert_eq!(order(&list), ["crumpets", "jam"]);
    let (_, followed) = list.followed();
    assert!(followed.iter().all(|chat| chat.after == 4) && followed.len() == 2);
}
