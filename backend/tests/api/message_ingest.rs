//! How concurrent posts are numbered and stored.

use std::future::IntoFuture;

use backend::realtime::ingest::Post;
use backend::store::{
    self,
    messages::posting::{self, NewPosts},
};
use futures_util::future::{Either, join, join_all, select};
use serde_json::json;
use shared::{
    id::Head,
    mentions::Mentions,
    message::{Message, MessagePosted},
    problem::ProblemCode,
};
use uuid::Uuid;

use crate::support::{TestApp, TestUser};

const LOCK_CHAT: &str = "SELECT * FROM chats WHERE uri = $1 FOR UPDATE";

#[tokio::test(flavor = "multi_thread")]
async fn post_to_locked_chat_is_busy_and_retryable() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut holder = app.sql().await;
    let lock = holder.transaction().await.unwrap();
    lock.execute(LOCK_CHAT, &[&tea.uri]).await.unwrap();
    let id = Uuid::new_v4();
    ada.try_send_with_id(&tea, id, "tea?").await.assert_problem(ProblemCode::Busy);
    lock.rollback().await.unwrap();
    let posted: MessagePosted = ada.try_send_with_id(&tea, id, "tea?").await.assert_status(200).json();
    assert_eq!(posted.stored.seq.get(), 2);
}

async fn send_with_id(user: &TestUser, uri: &str, client_id: Uuid, text: &str) -> Message {
    user.try_send_with_id(uri, client_id, text).await.assert_status(200).json::<MessagePosted>().stored
}

#[tokio::test(flavor = "multi_thread")]
async fn duplicate_posts_in_a_batch_are_stored_once() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let coffee = ada.create_chat().await;
    for round in 0..10 {
        let (one, other) = (Uuid::new_v4(), Uuid::new_v4());
        let posts = (0..30).map(async |number| match number % 3 {
            0 => send_with_id(&ada, &tea, one, "twice").await,
            1 => ada.send_message(&coffee, "new").await.stored,
            _ if number == 14 => send_with_id(&ada, &coffee, other, "x").await,
            _ => ada.send_message(&tea, "new").await.stored,
        });
        let stored = join_all(posts).await;
        let mut ids: Vec<_> = stored.iter().map(|message| message.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 21, "round {round}");
        ada.try_send_with_id(&tea, one, "another text").await.assert_problem(ProblemCode::ClientIdConflict);
        assert_eq!(send_with_id(&ada, &coffee, other, "x").await.client_id, other);
    }
    for uri in [&tea, &coffee] {
        let rows = format!(
            "SELECT count(*) - (max(seq) - 1) FROM messages JOIN chats ON chats.id = chat_id WHERE uri = '{uri}'"
        );
        assert_eq!(app.query_count(&rows).await, 0, "the numbers have no gap");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_joins_and_posts_get_distinct_revisions() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut listener = ada.open_socket_in(&tea).await;
    let mut newcomers = Vec::new();
    for number in 0..20 {
        newcomers.push(app.create_user(&format!("newcomer{number}")).await);
    }
    let joining = join_all(newcomers.iter().map(async |person| {
        let joined = person.join(&tea).await;
        assert!(joined.members.iter().any(|member| member.user.id == person.id));
        // Joining again changes nothing.
        person.join(&tea).await;
        person.send_message(&tea, "hello").await;
    }));
    join(joining, ada.send_messages(&tea, "tea?", 60)).await;
    let all = ada.changes(&tea, Head::new(0)).await;
    let mut revisions: Vec<_> = all.members.iter().map(|member| member.revision.get()).collect();
    revisions.extend(all.messages.iter().map(|message| message.revision.get()));
    revisions.sort_unstable();
    assert_eq!(revisions, (1..=101).collect::<Vec<_>>());
    let mut known = Head::new(1);
    while known.get() < 101 {
        let changes = listener.recv_changes().await;
        assert_eq!(changes.after, known, "no change is missing or repeated");
        known = changes.head;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_accepted_text_can_be_stored() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let odd = [
        "\u{1}",
        "\u{7f}x\u{85}",
        "\u{feff}x",
        "\u{ffff}\u{10ffff}",
        "{}",
        "\\x00",
        "'; --",
        "\u{202e}x",
        "%s\r\n",
    ];
    let mut listener = ada.open_socket_in(&tea).await;
    for text in odd {
        let response = ada.try_send_message(&tea, text).await;
        if response.status == 200 {
            assert_eq!(listener.recv_changes().await.messages[0].message, text);
        } else {
            response.assert_problem(ProblemCode::Invalid);
        }
    }
    ada.try_send_message(&tea, "a\0b").await.assert_problem(ProblemCode::Invalid);
    let history = ada.history(&tea, "").await;
    assert!(history.messages.len() >= 7, "{history:?}");
    assert!(history.messages.iter().all(|message| odd.contains(&message.message.as_str())));
}

/// As if the post had been accepted just before the change.
#[tokio::test(flavor = "multi_thread")]
async fn accepted_post_needs_permission_when_stored() {
    let app = TestApp::spawn().await;
    let (_ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let user = store::users::find(&mut app.state.db.get().await.unwrap(), brian.id).await.unwrap().unwrap();
    let post = || {
        let post = Post {
            client_id: Uuid::new_v4(),
            message: "tea?".to_owned(),
            reply_to: None,
            mentions: Mentions::default(),
            files: Vec::new(),
        };
        app.state.ingest.post(tea.id, user.clone(), post)
    };
    post().await.unwrap();
    for (change, code) in [
        ("UPDATE members SET role = 'reader'", ProblemCode::Forbidden),
        ("UPDATE members SET role = 'writer', status = 'removed'", ProblemCode::ChatNotFound),
        ("UPDATE members SET status = 'member'; UPDATE chats SET closed = true", ProblemCode::ChatClosed),
        ("UPDATE chats SET deleted_at = now()", ProblemCode::ChatDeleted),
    ] {
        app.execute_sql(change).await;
        assert_eq!(post().await.err().map(|error| error.code()), Some(code), "{change}");
    }
    assert_eq!(app.query_count("SELECT count(*) FROM messages WHERE event IS NULL").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn post_waiting_for_removal_is_not_stored() {
    let app = TestApp::spawn().await;
    let (_ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let mut moderator = app.sql().await;
    let removal = moderator.transaction().await.unwrap();
    removal.execute("UPDATE chats SET head = head + 1", &[]).await.unwrap();
    let (db, chat_id) = (app.state.db.clone(), tea.id);
    let insertion = tokio::spawn(async move {
        let posts = NewPosts {
            chat_ids: vec![chat_id],
            ordinals: vec![1],
            user_ids: vec![brian.id],
            client_ids: vec![Uuid::new_v4()],
            messages: vec!["tea?"],
            ..NewPosts::default()
        };
        posting::insert_batch(&mut db.get().await.unwrap(), &posts).await.unwrap().len()
    });
    app.wait_for_lock_waiter().await;
    removal.execute("UPDATE members SET status = 'removed' WHERE role <> 'owner'", &[]).await.unwrap();
    removal.commit().await.unwrap();
    assert_eq!(insertion.await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn busy_chat_does_not_hold_up_others() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    // Ids are consecutive; locks must not be shared by chats of the same remainder.
    app.execute_sql("ALTER TABLE chats ALTER id RESTART WITH 65").await;
    let coffee = ada.create_chat().await;
    assert_eq!((tea.id.get(), coffee.id.get()), (1, 65));
    // More than there are database connections.
    let members = app.create_users(30).await;
    for member in &members {
        member.join(&tea).await;
    }
    let mut holder = app.sql().await;
    let lock = holder.transaction().await.unwrap();
    lock.execute(LOCK_CHAT, &[&tea.uri]).await.unwrap();
    let leaving = join_all(members.iter().map(|member| member.leave_chat(&tea).into_future()));
    let renaming = ada.update_settings(&coffee, &json!({ "topic": "coffee" })).into_future();
    match select(Box::pin(leaving), Box::pin(renaming)).await {
        Either::Left(_) => panic!("the locked chat was changed first"),
        Either::Right((response, leaving)) => {
            response.assert_status(200);
            lock.rollback().await.unwrap();
            leaving.await;
        }
    }
}
