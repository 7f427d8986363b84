//! The event stream of a chat (Server-Sent Events).

use std::sync::atomic::{AtomicBool, Ordering};

use backend::{config::RateLimits, realtime::hub::flush_batch::FlushBatch, store::chats::HeadAdvance};
use futures_util::future::join;
use shared::{changes::Changes, id::Head, problem::ProblemCode, socket::ServerFrame};
use uuid::Uuid;

use crate::support::{EventStream, TestApp, TestUser, WsClient};

#[tokio::test(flavor = "multi_thread")]
async fn stream_starts_with_head() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    ada.send_message(&tea, "before").await;
    let epoch = ada.join(&tea).await.epoch;
    let (id, changes) = EventStream::open(ada.try_open_stream(&tea)).await.recv_changes().await;
    assert_eq!(id, format!("2.{epoch}"));
    assert_eq!((changes.after.get(), changes.head.get(), changes.messages.len()), (2, 2, 0));
    let asked = ada.get(&format!("/api/chats/{tea}/events/?after=1&epoch={epoch}"));
    let (_, changes) = EventStream::open(asked).await.recv_changes().await;
    assert_eq!(
        (changes.after.get(), changes.head.get(), changes.messages.len()),
        (1, 2, 1),
        "or the requested changes"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn stream_sends_same_changes_as_socket() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut brian = app.create_user("brian").await;
    let (mut socket, mut stream) = (ada.open_socket_in(&tea).await, ada.open_stream(&tea).await);
    let mut hear_both = async || {
        let (id, changes) = stream.recv_changes().await;
        assert_eq!(id, format!("{}.{}", changes.head, changes.epoch));
        assert_eq!(changes, socket.recv_changes().await);
        changes
    };
    brian.join(&tea).await;
    assert_eq!(hear_both().await.members[0].user.username, "brian");
    brian.send_message(&tea, "tea?\nor \u{2028} coffee? 🫖").await;
    assert_eq!(hear_both().await.messages[0].message, "tea?\nor \u{2028} coffee? 🫖");
    brian.rename("bryan").await;
    assert_eq!(hear_both().await.members[0].user.username, "bryan");
    brian.delete_account().await;
    assert_eq!(hear_both().await.head.get(), 5);
}

/// Applies changes, which must leave no gap. They may contain rows above their head, and repeat them later.
fn hear(known: &mut Head, seqs: &mut Vec<i64>, changes: &Changes) {
    assert_eq!(changes.after, *known, "no change is missing or repeated");
    let new = changes.messages.iter().map(|message| message.seq.get());
    seqs.extend(new.filter(|seq| *seq <= changes.head.get()));
    *known = changes.head;
}

#[tokio::test(flavor = "multi_thread")]
async fn stream_resumes_after_last_event_id() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let epoch = ada.join(&tea).await.epoch;
    ada.send_messages(&tea, "tea?", 1_100).await;
    let (mut known, mut seqs, mut last) = (Head::new(1), Vec::new(), format!("1.{epoch}"));
    // Each stream is closed after one event.
    while known.get() < 1_101 {
        let (id, changes) = ada.resume_stream(&tea, &last).await.recv_changes().await;
        assert_eq!(changes.more, changes.head.get() < 1_101);
        hear(&mut known, &mut seqs, &changes);
        last = id;
    }
    let mut stream = ada.resume_stream(&tea, &format!("1.{epoch}")).await;
    let (mut known_at_once, mut at_once) = (Head::new(1), Vec::new());
    while known_at_once.get() < 1_101 {
        hear(&mut known_at_once, &mut at_once, &stream.recv_changes().await.1);
    }
    assert_eq!(seqs, (2..=1_101).collect::<Vec<_>>());
    assert_eq!(at_once, seqs);
    ada.send_message(&tea, "and on").await;
    hear(&mut known_at_once, &mut at_once, &stream.recv_changes().await.1);
    assert_eq!(at_once.len(), 1_101);
}

#[tokio::test(flavor = "multi_thread")]
async fn stream_misses_nothing_while_opening() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let following = async {
        let mut streams = Vec::new();
        for _ in 0..20 {
            streams.push(EventStream::open(ada.get(&format!("/api/chats/{tea}/events/?after=1"))).await);
        }
        streams
    };
    let ((), streams) = join(ada.send_messages(&tea, "tea?", 300), following).await;
    for mut stream in streams {
        let (mut known, mut seqs) = (Head::new(1), Vec::new());
        while known.get() < 301 {
            hear(&mut known, &mut seqs, &stream.recv_changes().await.1);
        }
        assert_eq!(seqs, (2..=301).collect::<Vec<_>>());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stream_with_stale_cursor_resyncs() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let epoch = ada.join(&tea).await.epoch;
    let mut requests = Vec::new();
    for cursor in [format!("1.{}", Uuid::new_v4()), format!("2.{epoch}")] {
        requests.push(ada.try_open_stream(&tea).header("last-event-id", &cursor));
    }
    for query in [format!("after=1&epoch={}", Uuid::new_v4()), format!("after=2&epoch={epoch}")] {
        requests.push(ada.get(&format!("/api/chats/{tea}/events/?{query}")));
    }
    let mut streams = Vec::new();
    for request in requests {
        let mut stream = EventStream::open(request).await;
        let event = stream.next().await.expect("a first event");
        assert_eq!(event.name, "resync");
        let frame: ServerFrame = serde_json::from_str(&event.data).unwrap();
        assert_eq!(frame, ServerFrame::Resync { chat_id: tea.id });
        let (id, changes) = stream.recv_changes().await;
        assert_eq!((id, changes.head), (format!("1.{epoch}"), Head::new(1)), "the present follows");
        streams.push(stream);
    }
    ada.send_message(&tea, "tea?").await;
    for stream in &mut streams {
        assert_eq!(stream.recv_changes().await.1.messages[0].message, "tea?");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ticket_opens_one_stream() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let path = format!("/api/chats/{tea}/events/?after=0&ticket={}", ada.create_ticket().await);
    let mut stream = EventStream::open(app.http.get(&path)).await;
    assert_eq!(stream.recv_changes().await.1.head, Head::new(1));
    app.http.get(&path).await.assert_problem(ProblemCode::NotAuthenticated);
    let eve = app.create_user("eve").await;
    let path = format!("/api/chats/{tea}/events/?ticket={}", eve.create_ticket().await);
    app.http.get(&path).await.assert_problem(ProblemCode::ChatNotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn stream_rejects_malformed_cursor() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    for cursor in ["tea", "1", "1.tea", "-1", "1e3", "99999999999999999999"] {
        let response = ada.try_open_stream(&tea).header("last-event-id", cursor).open().await.unwrap();
        assert_eq!(response.status(), 400, "{cursor}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stream_is_for_members_only() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let eve = app.create_user("eve").await;
    eve.try_open_stream(&tea).await.assert_problem(ProblemCode::ChatNotFound);
    ada.try_open_stream(&"0".repeat(22)).await.assert_problem(ProblemCode::ChatNotFound);
    app.http.get(&format!("/api/chats/{tea}/events/")).await.assert_problem(ProblemCode::NotAuthenticated);
}

#[tokio::test(flavor = "multi_thread")]
async fn stream_ends_when_account_is_deleted() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let coffee = ada.create_chat().await;
    let brian = app.create_user("brian").await;
    brian.join(&tea).await;
    brian.join(&coffee).await;
    let (mut busy, mut quiet) = (brian.open_stream(&tea).await, brian.open_stream(&coffee).await);
    let over = AtomicBool::new(false);
    let posting = async {
        while !over.load(Ordering::Relaxed) {
            ada.send_message(&tea, "on and on").await;
        }
    };
    let ending = async {
        brian.delete_account().await;
        join(busy.drain(), quiet.drain()).await;
        over.store(true, Ordering::Relaxed);
    };
    tokio::time::timeout(crate::support::TEST_TIMEOUT, join(posting, ending))
        .await
        .expect("both streams end");
}

#[tokio::test(flavor = "multi_thread")]
async fn stream_ends_when_session_ends() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut stream = ada.open_stream(&tea).await;
    ada.post("/auth/jwt/end/").await.assert_status(204);
    assert_eq!(stream.next().await.expect("a last event").name, "goodbye");
    assert!(stream.next().await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_server_sends_goodbye_to_stream() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut stream = ada.open_stream(&tea).await;
    let hearing = async {
        let last = stream.next().await.expect("a last event");
        assert_eq!(last.name, "goodbye");
        let frame = serde_json::from_str(&last.data).unwrap();
        assert!(matches!(frame, ServerFrame::Goodbye { retry_after: Some(1..), .. }), "{frame:?}");
        assert!(stream.next().await.is_none());
    };
    join(app.shut_down(), hearing).await;
}

/// Sends far more than the server queues for a client that does not read.
async fn say_much(user: &TestUser, uri: &str) -> Head {
    user.send_messages(uri, &"🫖".repeat(4_000), 800).await;
    Head::new(801)
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_stream_gets_everything() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut stream = ada.open_stream(&tea).await;
    let mut socket: WsClient = ada.open_socket_in(&tea).await;
    let (head, quick) = join(say_much(&ada, &tea), async {
        let mut known = Head::new(1);
        while known.get() < 801 {
            known = socket.recv_changes().await.head;
        }
        known
    })
    .await;
    assert_eq!(quick, head, "other clients do not wait");
    let (mut known, mut seqs) = (Head::new(1), Vec::new());
    while known < head {
        hear(&mut known, &mut seqs, &stream.recv_changes().await.1);
    }
    assert_eq!(seqs, (2..=head.get()).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn stream_counts_against_connection_limit() {
    let app = TestApp::spawn_with(|config| config.limits.rate_limits = RateLimits::On).await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut streams = Vec::new();
    for _ in 0..10 {
        streams.push(ada.open_stream(&tea).await);
    }
    ada.try_open_stream(&tea).await.assert_problem(ProblemCode::TooManyRequests);
    ada.send_message(&tea, "others speak on").await;
    for stream in &mut streams {
        assert_eq!(stream.recv_changes().await.1.messages.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn busy_stream_needs_no_database() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut stream = ada.open_stream(&tea).await;
    // The stream sees only the last of them, and the database has none.
    for after in 1..50 {
        let advance = HeadAdvance { chat_id: tea.id, after: Head::new(after), head: Head::new(after + 1) };
        let changes = advance.into_changes(app.state.epoch, Vec::new(), Vec::new());
        app.state.hub.publish(changes, &mut FlushBatch::default());
    }
    for after in 1..50 {
        let (_, changes) = stream.recv_changes().await;
        assert_eq!((changes.after.get(), changes.head.get()), (after, after + 1));
    }
}
