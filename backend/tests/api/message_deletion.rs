//! Deleting messages.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use shared::{
    event::{Event, UserRef},
    id::Seq,
    member::Role,
    message::MessagePosted,
    problem::ProblemCode,
    sync::ApplyResult,
};
use uuid::Uuid;

use crate::support::{ApiRequest, TestApp, TestUser, events_with_author};

fn try_delete_many(user: &TestUser, uri: &str, seqs: &[Seq]) -> ApiRequest {
    user.post(&format!("/api/chats/{uri}/deletions/")).json(&json!({ "seqs": seqs }))
}

fn try_delete_recent(user: &TestUser, uri: &str, query: &str) -> ApiRequest {
    user.request(&Method::DELETE, &format!("/api/chats/{uri}/messages/?{query}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_message_leaves_tombstone_everywhere() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let seq = brian.send_message(&tea, "my secret").await.stored.seq;
    ada.send_message(&tea, "oh").await;
    let mut away = ada.open_timeline(&tea).await;
    let mut listener = ada.open_socket_in(&tea).await;
    assert!(ada.history(&tea, "").await.messages.iter().any(|posted| posted.message == "my secret"));
    brian.delete_message(&tea, seq).await.assert_status(204);
    let received = listener.recv_changes().await;
    assert_eq!((received.head.get() - received.after.get(), received.messages.len()), (1, 1));
    let left = &received.messages[0];
    assert_eq!(
        (left.seq, left.revision.get(), left.message.as_str(), left.deleted),
        (seq, 5, "Message deleted", true)
    );
    // The cached page has it too.
    for query in ["", "?before=100", "?after=1"] {
        let page = ada.get(&format!("/api/chats/{tea}/messages/{query}")).await.assert_status(200);
        assert!(!page.text.contains("my secret") && page.text.contains(r#""deleted":true"#), "{page:?}");
    }
    assert_eq!(away.apply(ada.changes(&tea, away.head()).await), ApplyResult::Applied);
    assert_eq!(away, ada.open_timeline(&tea).await);
    assert_eq!(app.query_count("SELECT count(*) FROM messages WHERE message = 'my secret'").await, 0);
    brian.delete_message(&tea, seq).await.assert_status(204);
    listener.sync().await;
    assert!(ada.audit_log(&tea).await.is_empty(), "deleting own messages is not logged");
}

#[tokio::test(flavor = "multi_thread")]
async fn retried_post_of_deleted_message_stays_deleted() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let post = json!({ "message": "tea?", "client_id": Uuid::new_v4() });
    let post = || ada.post(&format!("/api/chats/{tea}/messages/")).json(&post);
    let first: MessagePosted = post().await.assert_status(200).json();
    ada.delete_message(&tea, first.stored.seq).await.assert_status(204);
    let again: MessagePosted = post().await.assert_status(200).json();
    assert_eq!(
        (again.stored.id, again.stored.message.as_str(), again.stored.deleted),
        (first.stored.id, "Message deleted", true)
    );
    assert_eq!(app.query_count("SELECT head FROM chats").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn moderators_delete_messages_and_are_logged() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let (brian, eve) = (app.create_member("brian", &tea).await, app.create_member("eve", &tea).await);
    ada.set_role(&tea, &brian, Role::Moderator).await.assert_status(200);
    let line = ada.history(&tea, "").await.messages[0].seq;
    let by = |posted: MessagePosted| posted.stored.seq;
    let (adas, eves) = (by(ada.send_message(&tea, "mine").await), by(eve.send_message(&tea, "hers").await));
    eve.delete_message(&tea, adas).await.assert_problem(ProblemCode::Forbidden);
    app.create_user("fay").await.delete_message(&tea, eves).await.assert_problem(ProblemCode::ChatNotFound);
    for seq in [adas, eves] {
        brian.delete_message(&tea, seq).await.assert_status(204);
        brian.delete_message(&tea, seq).await.assert_status(204);
    }
    let user_ref = |user: &TestUser| UserRef { id: user.id, name: user.name.clone() };
    let noted = ada.audit_log(&tea).await;
    let expected = [
        (brian.id, Event::MessageDeleted { target: user_ref(&eve), seq: eves }),
        (brian.id, Event::MessageDeleted { target: user_ref(&ada), seq: adas }),
    ];
    assert_eq!(noted[..2], expected);
    assert_eq!(noted.len(), 3);
    for moderator in [&ada, &brian] {
        moderator.delete_message(&tea, line).await.assert_problem(ProblemCode::Conflict);
    }
    for seq in ["1", "999", "x", "-1"] {
        let nothing = ada.request(&Method::DELETE, &format!("/api/chats/{tea}/messages/{seq}/"));
        nothing.await.assert_problem(ProblemCode::NotFound);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_message_deletions_count_once() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let seq = brian.send_message(&tea, "tea?").await.stored.seq;
    join_all((0..20).map(|_| async { ada.delete_message(&tea, seq).await.assert_status(204) })).await;
    assert_eq!(app.query_count("SELECT head FROM chats").await, 4);
    assert_eq!(ada.audit_log(&tea).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_messages_are_deleted_in_one_change() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let mut seqs = Vec::new();
    for text in ["one", "two", "three", "four"] {
        seqs.push(brian.send_message(&tea, text).await.stored.seq);
    }
    ada.request(&Method::PUT, &format!("/api/chats/{tea}/pins/{}/", seqs[1])).await.assert_status(200);
    ada.react(&tea, seqs[1], "👍").await.assert_status(200);
    brian.edit_message(&tea, seqs[2], "drei").await.assert_status(200);
    let mut away = ada.open_timeline(&tea).await;
    let mut listener = ada.open_socket_in(&tea).await;
    let seqs = [seqs[2], seqs[0], seqs[1], seqs[1]];
    let deleted = try_delete_many(&brian, &tea, &seqs).await.assert_status(200);
    assert_eq!(deleted.value(), json!({ "count": 3 }));
    let received = listener.recv_changes().await;
    let numbers: Vec<_> =
        received.messages.iter().map(|m| (m.revision.get() - received.after.get(), m.deleted)).collect();
    assert_eq!(numbers, [(1, true), (2, true), (3, true)]);
    assert_eq!(received.chat.map(|chat| chat.pins), Some(Vec::new()), "the pin goes with its message");
    assert_eq!(away.apply(ada.changes(&tea, away.head()).await), ApplyResult::Applied);
    assert_eq!(away, ada.open_timeline(&tea).await);
    for table in ["message_versions", "message_reactions"] {
        assert_eq!(app.query_count(&format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
    // Again, and with one that does not exist: nothing changes.
    let missing = [seqs[0], Seq::new(999)];
    let again = try_delete_many(&brian, &tea, &missing).await.assert_status(200);
    assert_eq!(again.value(), json!({ "count": 0 }));
    listener.sync().await;
    let left = ada.history(&tea, "").await.messages;
    assert_eq!(left.iter().filter(|m| !m.deleted && m.event.is_none()).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn deletion_of_several_is_all_or_nothing() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let (brian, eve) = (app.create_member("brian", &tea).await, app.create_member("eve", &tea).await);
    let settings = ada.request(&Method::PATCH, &format!("/api/chats/{tea}/settings/"));
    settings.json(&json!({ "topic": "green" })).await.assert_status(200);
    let event = ada.history(&tea, "").await.messages[0].seq;
    let mut seqs = Vec::new();
    for author in [&brian, &eve, &brian, &ada] {
        seqs.push(author.send_message(&tea, "tea?").await.stored.seq);
    }
    let head = app.query_count("SELECT head FROM chats").await;
    try_delete_many(&brian, &tea, &seqs).await.assert_problem(ProblemCode::Forbidden);
    let with_event = [seqs[3], event];
    try_delete_many(&ada, &tea, &with_event).await.assert_problem(ProblemCode::Conflict);
    let outsider = app.create_user("fay").await;
    try_delete_many(&outsider, &tea, &seqs).await.assert_problem(ProblemCode::ChatNotFound);
    assert_eq!(app.query_count("SELECT head FROM chats").await, head);
    try_delete_many(&ada, &tea, &seqs).await.assert_status(200);
    // One entry for each author; what moderators delete of their own is not logged.
    let target = |user: &TestUser| UserRef { id: user.id, name: user.name.clone() };
    let expected = [
        (ada.id, Event::MessageDeleted { target: target(&eve), seq: seqs[1] }),
        (ada.id, Event::MessagesDeleted { target: target(&brian), count: 2 }),
    ];
    assert_eq!(ada.audit_log(&tea).await[..2], expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn deletion_names_one_to_hundred_messages() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let seq = ada.send_message(&tea, "tea?").await.stored.seq;
    let path = format!("/api/chats/{tea}/deletions/");
    let too_many: Vec<_> = (1..=101).collect();
    for seqs in [json!([]), json!(too_many), json!(["x"]), json!([1.5]), json!([-1]), json!("1,x"), json!({})]
    {
        let refused = ada.post(&path).json(&json!({ "seqs": seqs })).await;
        refused.assert_problem(ProblemCode::Invalid);
    }
    for body in [json!({}), json!({ "seqs": null })] {
        ada.post(&path).json(&body).await.assert_problem(ProblemCode::Invalid);
    }
    // As a form.
    let form = format!("seqs=999,%20{seq}");
    let deleted = ada.post(&path).body("application/x-www-form-urlencoded", form).await.assert_status(200);
    assert_eq!(deleted.value(), json!({ "count": 1 }));
    let most: Vec<_> = (1..=100).map(Seq::new).collect();
    assert_eq!(try_delete_many(&ada, &tea, &most).await.assert_status(200).value(), json!({ "count": 0 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn recent_messages_of_user_are_deleted_in_bulk() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let (brian, eve) = (app.create_member("brian", &tea).await, app.create_member("eve", &tea).await);
    let old = brian.send_message(&tea, "long ago").await.stored.seq;
    app.sql()
        .await
        .execute("UPDATE messages SET created_at = now() - interval '11 minutes'", &[])
        .await
        .unwrap();
    for _ in 0..3 {
        brian.send_message(&tea, "spam").await;
    }
    eve.send_message(&tea, "hello").await;
    let mut listener = eve.open_socket_in(&tea).await;
    let query = format!("user={}&minutes=10", brian.id);
    for other in [&brian, &eve] {
        try_delete_recent(other, &tea, &query).await.assert_problem(ProblemCode::Forbidden);
    }
    assert_eq!(try_delete_recent(&ada, &tea, &query).await.assert_status(200).value(), json!({ "count": 3 }));
    let received = listener.recv_changes().await;
    let numbers: Vec<_> =
        received.messages.iter().map(|m| (m.revision.get() - received.after.get(), m.deleted)).collect();
    assert_eq!(numbers, [(1, true), (2, true), (3, true), (4, false)]);
    let target = UserRef { id: brian.id, name: "brian".into() };
    let event = Event::MessagesDeleted { target, count: 3 };
    assert_eq!(events_with_author(&received), [(ada.id, event.clone())]);
    assert_eq!(ada.audit_log(&tea).await, [(ada.id, event)]);
    let left = ada.history(&tea, "").await.messages;
    let posted: Vec<_> =
        left.iter().filter(|m| !m.deleted && m.event.is_none()).map(|m| m.message.as_str()).collect();
    assert_eq!((posted, left[0].seq), (vec!["long ago", "hello"], old));
    assert_eq!(try_delete_recent(&ada, &tea, &query).await.assert_status(200).value(), json!({ "count": 0 }));
    listener.sync().await;
    for wrong in ["", "user=1", "minutes=5", "user=x&minutes=5", "user=1&minutes=0", "user=1&minutes=1441"] {
        try_delete_recent(&ada, &tea, wrong).await.assert_problem(ProblemCode::Invalid);
    }
    try_delete_recent(&ada, &tea, "user=999&minutes=5").await.assert_problem(ProblemCode::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn bulk_deletion_is_capped_and_fully_announced() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    brian.send_messages(&tea, "spam", 1_100).await;
    let mut stays = ada.open_timeline(&tea).await;
    let mut listener = ada.open_socket_in(&tea).await;
    let query = format!("user={}&minutes=1440", brian.id);
    assert_eq!(
        try_delete_recent(&ada, &tea, &query).await.assert_status(200).value(),
        json!({ "count": 1_000 })
    );
    let head = app.query_count("SELECT head FROM chats").await;
    assert_eq!(head, 2 + 1_100 + 1_000 + 1);
    while stays.head().get() < head {
        assert_ne!(stays.apply(listener.recv_changes().await), ApplyResult::Gap);
    }
    assert_eq!(stays, {
        let mut fresh = ada.open_timeline(&tea).await;
        // The timeline that stayed open also has earlier messages.
        while fresh.messages().len() < stays.messages().len() {
            let oldest = fresh.oldest_seq().unwrap();
            let page = ada.history(&tea, &format!("?before={oldest}&limit=1")).await;
            assert!(!fresh.prepend_page(oldest, page), "nothing changes meanwhile");
        }
        fresh
    });
    assert_eq!(app.query_count("SELECT min(seq) FROM messages WHERE deleted_at IS NOT NULL").await, 103);
    assert_eq!(
        try_delete_recent(&ada, &tea, &query).await.assert_status(200).value(),
        json!({ "count": 100 })
    );
}
