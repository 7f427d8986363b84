//! Mentions of users in messages.

use backend::jobs::chat_expiry;
use serde_json::json;
use shared::{
    event::UserRef,
    id::UserId,
    member::MembershipStatus,
    mentions::{MENTIONS_MAX, Mentions},
    message::{Message, MessagePosted, MessageVersionsResponse},
    problem::{FieldCode, ProblemCode},
    socket::{ClientFrame, ServerFrame},
};
use uuid::Uuid;

use crate::support::{TestApp, TestChat, TestUser};

const ROWS: &str = "SELECT count(*) FROM message_mentions";

fn mention_of(user: &TestUser) -> UserRef {
    UserRef { id: user.id, name: user.name.clone() }
}

fn mentions_of(users: &[&TestUser]) -> Mentions {
    Mentions { users: users.iter().copied().map(mention_of).collect(), here: false }
}

async fn send(user: &TestUser, chat: &TestChat, text: &str) -> Message {
    let posted: MessagePosted = user.try_send_message(chat, text).await.assert_status(200).json();
    Message { user: posted.stored.user.public(), ..posted.stored }
}

/// So many mentions of different users, none of whom is a member.
fn mentions_of_strangers(count: usize) -> String {
    let tokens: Vec<_> = (1..=count).map(|number| format!("<@{}>", number + 1_000)).collect();
    tokens.concat()
}

/// Unread messages, and those of them that mention the user.
async fn unread(user: &TestUser) -> (u32, u32) {
    let chat = user.only_chat().await;
    (chat.unread, chat.unread_mentions)
}

#[tokio::test(flavor = "multi_thread")]
async fn mention_is_the_same_everywhere() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let stranger = app.create_user("stranger").await;
    let mut listener = ada.open_socket_in(&tea).await;
    // Fills the cache.
    ada.history(&tea, "").await;
    let text = format!("<@{}> and <@{}>, <@{}> `<@{}>` <@999>", brian.id, brian.id, stranger.id, ada.id);
    let message = send(&ada, &tea, &text).await;
    assert_eq!((&message.message, &message.mentions), (&text, &mentions_of(&[&brian])));
    assert_eq!(listener.recv_changes().await.messages, std::slice::from_ref(&message));
    for query in ["", "?before=100", "?after=2"] {
        assert_eq!(ada.history(&tea, query).await.messages.pop().unwrap(), message, "{query}");
    }
    assert_eq!(brian.only_chat().await.last_message.unwrap(), message);
    // Also in a batch with others, and of two users in their order.
    let both = format!("<@{}><@{}> <@here>", brian.id, ada.id);
    let here = send(&brian, &tea, &both).await;
    assert_eq!(here.mentions, Mentions { here: true, ..mentions_of(&[&brian, &ada]) });
    assert_eq!(app.query_count(ROWS).await, 2, "everyone includes the others");
}

#[tokio::test(flavor = "multi_thread")]
async fn mention_over_socket_is_stored_once() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let mut socket = ada.open_socket_in(&tea).await;
    let client_id = Uuid::new_v4();
    let post = |message: String| ClientFrame::Post {
        chat_id: tea.id,
        client_id,
        message,
        reply_to: None,
        files: Vec::new(),
    };
    let text = format!("tea, <@{}>?", brian.id);
    socket.send_frame(&post(text.clone())).await;
    assert_eq!(socket.recv_changes().await.messages[0].mentions, mentions_of(&[&brian]));
    assert!(matches!(socket.recv_event().await, ServerFrame::Posted { .. }));
    // Again, by the slow path.
    let again: MessagePosted = ada.try_send_with_id(&tea, client_id, &text).await.assert_status(200).json();
    assert_eq!(again.stored.mentions, mentions_of(&[&brian]));
    assert_eq!(app.query_count(ROWS).await, 1);
    socket.send_frame(&post(mentions_of_strangers(MENTIONS_MAX + 1))).await;
    let problem = socket.recv_rejection().await.problem;
    assert_eq!((problem.code, problem.errors[0].code), (ProblemCode::Invalid, FieldCode::TooManyMentions));
}

#[tokio::test(flavor = "multi_thread")]
async fn locked_chat_stores_mentions_too() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let first = Uuid::new_v4();
    ada.try_send_with_id(&tea, first, "tea?").await.assert_status(200);
    // A batch with a repeated post takes the slow path.
    let text = format!("<@here> <@{}>", brian.id);
    let posts = [(first, "tea?"), (Uuid::new_v4(), text.as_str()), (first, "tea?")];
    let posts = posts.map(|(id, text)| ada.try_send_with_id(&tea, id, text));
    futures_util::future::join_all(posts.map(IntoFuture::into_future)).await;
    let stored = ada.history(&tea, "").await.messages.pop().unwrap();
    assert_eq!(stored.mentions, Mentions { here: true, ..mentions_of(&[&brian]) });
    assert_eq!(app.query_count(ROWS).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn mention_follows_a_rename() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let message = send(&ada, &tea, &format!("tea, <@{}>?", brian.id)).await;
    ada.edit_message(&tea, message.seq, &format!("Tea, <@{}>?", brian.id)).await.assert_status(200);
    let mut away = ada.open_timeline(&tea).await;
    let rename = json!({ "display_name": "Brian K" });
    brian.request(&reqwest::Method::PATCH, "/auth/me/").json(&rename).await.assert_status(200);
    let named = Mentions { users: vec![UserRef { id: brian.id, name: "Brian K".into() }], here: false };
    let stored = ada.history(&tea, "").await.messages.pop().unwrap();
    assert_eq!(stored.mentions, named);
    assert_eq!(ada.only_chat().await.last_message.unwrap().mentions, named);
    let path = format!("/api/chats/{tea}/messages/{}/versions/", message.seq);
    let versions: MessageVersionsResponse = ada.get(&path).await.assert_status(200).json();
    assert_eq!(versions.versions.iter().map(|it| &it.mentions).collect::<Vec<_>>(), [&named, &named]);
    // A client learns it from the change of the member.
    assert_eq!(away.mentions(away.message(message.seq).unwrap()), mentions_of(&[&brian]));
    away.apply(ada.changes(&tea, away.head()).await);
    assert_eq!(away.mentions(away.message(message.seq).unwrap()), named);
}

#[tokio::test(flavor = "multi_thread")]
async fn edit_adds_and_removes_mentions() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let eve = app.create_member("eve", &tea).await;
    let seq = send(&ada, &tea, &format!("<@{}> <@{}>", brian.id, eve.id)).await.seq;
    assert_eq!((unread(&brian).await, unread(&eve).await), ((1, 1), (1, 1)));
    let mut listener = ada.open_socket_in(&tea).await;
    let edited = ada.edit_message(&tea, seq, &format!("<@{}> <@here>", eve.id)).await;
    let edited: Message = edited.assert_status(200).json();
    assert_eq!(edited.mentions, Mentions { here: true, ..mentions_of(&[&eve]) });
    assert_eq!(listener.recv_changes().await.messages, [edited]);
    assert_eq!((unread(&brian).await, unread(&eve).await), ((1, 1), (1, 1)));
    ada.edit_message(&tea, seq, &format!("<@{}>", eve.id)).await.assert_status(200);
    assert_eq!((unread(&brian).await, unread(&eve).await), ((1, 0), (1, 1)));
    let plain: Message = ada.edit_message(&tea, seq, "tea?").await.assert_status(200).json();
    assert!(plain.mentions.is_empty());
    assert_eq!((unread(&eve).await, app.query_count(ROWS).await), ((1, 0), 0));
    let too_many = mentions_of_strangers(MENTIONS_MAX + 1);
    let problem = ada.edit_message(&tea, seq, &too_many).await.assert_problem(ProblemCode::Invalid);
    assert_eq!(problem.errors[0].code, FieldCode::TooManyMentions);
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_mentions_do_not_start_slow_mode() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let eve = app.create_member("eve", &tea).await;
    ada.update_settings(&tea, &json!({ "slow_mode_seconds": 60 })).await.assert_status(200);
    let refused = eve.try_send_message(&tea, &mentions_of_strangers(MENTIONS_MAX + 1)).await;
    refused.assert_problem(ProblemCode::Invalid);
    eve.send_message(&tea, "tea?").await;
    eve.try_send_message(&tea, "now?").await.assert_problem(ProblemCode::SlowMode);
}

#[tokio::test(flavor = "multi_thread")]
async fn unread_mentions_end_at_the_read_position() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let mut seqs = Vec::new();
    for text in [format!("<@{}>", brian.id), "<@here>".into(), "tea?".into(), format!("`<@{}>`", brian.id)] {
        seqs.push(send(&ada, &tea, &text).await.seq);
    }
    send(&brian, &tea, &format!("<@here> <@{}>", brian.id)).await;
    assert_eq!(unread(&brian).await, (4, 2));
    // Own messages do not count.
    assert_eq!(unread(&ada).await, (1, 1));
    for (read, expected) in [(0, (3, 1)), (1, (2, 0)), (3, (0, 0))] {
        brian.mark_read(&tea, seqs[read]).await;
        assert_eq!(unread(&brian).await, expected, "{read}");
    }
    // A later member has nothing unread.
    let eve = app.create_member("eve", &tea).await;
    assert_eq!(unread(&eve).await, (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn mentions_go_with_their_message() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let text = format!("<@here> <@{}>", brian.id);
    let (first, second, third) =
        (send(&ada, &tea, &text).await, send(&ada, &tea, &text).await, send(&ada, &tea, &text).await);
    assert_eq!((unread(&brian).await, app.query_count(ROWS).await), ((3, 3), 3));
    ada.delete_message(&tea, second.seq).await.assert_status(204);
    assert_eq!((unread(&brian).await, app.query_count(ROWS).await), ((2, 2), 2));
    let deleted = ada.history(&tea, &format!("?before={}", third.seq)).await.messages.pop().unwrap();
    assert!(deleted.deleted && deleted.mentions.is_empty());
    ada.update_settings(&tea, &json!({ "retention_days": 1 })).await.assert_status(200);
    let age =
        format!("UPDATE messages SET created_at = now() - interval '2 days' WHERE seq <= {}", first.seq);
    app.execute_sql(&age).await;
    chat_expiry::run_once(&app.state.db, &app.state.chats).await.unwrap();
    assert_eq!((unread(&brian).await, app.query_count(ROWS).await), ((1, 1), 1));
    let recent = format!("/api/chats/{tea}/messages/?user={}&minutes=5", ada.id);
    ada.request(&reqwest::Method::DELETE, &recent).await.assert_status(200);
    assert_eq!((unread(&brian).await, app.query_count(ROWS).await), ((0, 0), 0));
    send(&ada, &tea, &text).await;
    ada.delete_chat(&tea).await.assert_status(204);
    chat_expiry::run_once(&app.state.db, &app.state.chats).await.unwrap();
    assert_eq!(app.query_count(ROWS).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn mentions_of_a_message_are_limited() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    // The same one counts once.
    send(&ada, &tea, &mentions_of_strangers(MENTIONS_MAX).repeat(2)).await;
    let refused = ada.try_send_message(&tea, &mentions_of_strangers(MENTIONS_MAX + 1)).await;
    let problem = refused.assert_problem(ProblemCode::Invalid);
    assert_eq!(
        (problem.errors[0].field.as_str(), problem.errors[0].code),
        ("message", FieldCode::TooManyMentions)
    );
    assert_eq!(app.query_count("SELECT count(*) FROM messages").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_members_are_mentioned() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let eve = app.create_pending_member("eve", &tea).await;
    let text = format!("<@{}> <@{}> <@{}>", eve.id, brian.id, UserId::new(i64::MAX));
    assert_eq!(send(&ada, &tea, &text).await.mentions, mentions_of(&[&brian]));
    ada.set_status(&tea, &brian, MembershipStatus::Removed).await.assert_status(200);
    assert!(send(&ada, &tea, &text).await.mentions.is_empty());
    // What was written before stays.
    let history = ada.history(&tea, "").await;
    assert_eq!(history.messages[0].mentions, mentions_of(&[&brian]));
    assert_eq!(history.messages[0].message, text);
}

/// A proxy before the database counts the statements.
#[tokio::test(flavor = "multi_thread")]
async fn only_mentions_cost_a_statement() {
    let (app, proxy) = TestApp::spawn_behind_proxy().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let mut socket = ada.open_socket_in(&tea).await;
    for (text, expected) in [
        ("tea?".to_owned(), 1),
        ("a < b `<@1>` <@x>".to_owned(), 1),
        (format!("<@{}>", brian.id), 2),
        (format!("<@{}> <@here>", brian.id), 2),
    ] {
        let mut count = 0;
        // The first time prepares the statements.
        for _ in 0..2 {
            let before = proxy.statement_count();
            socket.post_message(tea.id, Uuid::new_v4(), &text).await;
            // The result, and the message.
            for _ in 0..2 {
                socket.recv_event().await;
            }
            count = proxy.statement_count() - before;
        }
        assert_eq!(count, expected, "{text}");
    }
}
