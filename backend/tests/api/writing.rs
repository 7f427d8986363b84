//! How what people say at the same time is numbered and stored.

use std::{
    future::IntoFuture,
    time::{Duration, Instant},
};

use futures_util::future::{join, join_all};
use serde_json::json;
use shared::{message::Posted, problem::ProblemCode, socket::ServerFrame};
use tokio_postgres::Transaction;
use uuid::Uuid;

use crate::{
    app::{Person, TestApp},
    listener::BOUND,
};

const LOCK: &str = "SELECT * FROM chats WHERE uri = $1 FOR UPDATE";

/// Waits until one of our statements waits with care for the lock, longer than those of the quick way do.
async fn is_waited_for(lock: &Transaction<'_>) {
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                 AND wait_event_type = 'Lock' AND query LIKE 'SELECT%FOR UPDATE%'";
    let begun = Instant::now();
    while lock.query_one(waits, &[]).await.unwrap().get::<_, i64>(0) == 0 {
        assert!(begun.elapsed() < BOUND, "nobody waits");
        lock.batch_execute("SELECT pg_stat_clear_snapshot()").await.unwrap();
    }
}

fn say_as(person: &Person, uri: &str, id: Uuid, text: &str) -> crate::app::Call {
    person.post(&format!("/api/chats/{uri}/messages/")).json(&json!({ "message": text, "client_id": id }))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_a_locked_chat_comes_out_in_order_and_holds_up_no_other() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let others = [ada.starts().await, ada.starts().await, ada.starts().await];
    let mut hearer = ada.listens_to(&tea).await;
    let mut speaker = ada.listens().await;
    let mut holder = app.sql().await;
    let lock = holder.transaction().await.unwrap();
    lock.execute(LOCK, &[&tea]).await.unwrap();
    let ids: Vec<_> = (0..40).map(|_| Uuid::new_v4()).collect();
    speaker.posts(&tea, ids[0], "0").await;
    is_waited_for(&lock).await;
    let by_rest = tokio::spawn(say_as(&ada, &tea, ids[39], "by REST").into_future());
    for (number, id) in ids.iter().enumerate().take(39).skip(1) {
        speaker.posts(&tea, *id, &number.to_string()).await;
        let begun = Instant::now();
        ada.says(&others[number % 3], "meanwhile").await;
        assert!(begun.elapsed() < Duration::from_secs(1), "others go on");
    }
    speaker.is_heard().await;
    assert!(!by_rest.is_finished());
    lock.rollback().await.unwrap();
    let mut seqs = Vec::new();
    for id in &ids[..39] {
        let ServerFrame::Posted { client_id, seq, .. } = speaker.hears().await else { panic!("not posted") };
        assert_eq!(client_id, *id, "answers come in order");
        seqs.push(seq);
    }
    let rest: Posted = by_rest.await.unwrap().is(200).read();
    assert!(seqs.is_sorted() && !seqs.contains(&rest.stored.seq), "{seqs:?}");
    let mut heard = Vec::new();
    while heard.len() < 40 {
        heard.extend(hearer.hears_changes().await.messages.into_iter().map(|m| (m.seq, m.client_id)));
    }
    assert_eq!(heard.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(), (2..=41).collect::<Vec<_>>());
    heard.retain(|(_, id)| *id != ids[39]);
    assert_eq!(heard.iter().map(|(_, id)| *id).collect::<Vec<_>>(), ids[..39]);
    ada.says(&tea, "quick again").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_that_stays_locked_is_refused_as_busy_and_another_try_stores_once() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let mut holder = app.sql().await;
    let lock = holder.transaction().await.unwrap();
    lock.execute(LOCK, &[&tea]).await.unwrap();
    let id = Uuid::new_v4();
    say_as(&ada, &tea, id, "tea?").await.refused(ProblemCode::Busy);
    lock.rollback().await.unwrap();
    let posted: Posted = say_as(&ada, &tea, id, "tea?").await.is(200).read();
    assert_eq!(posted.stored.seq, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_twice_at_once_is_stored_once_among_news_of_other_chats() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let coffee = ada.starts().await;
    for round in 0..10 {
        let (one, other) = (Uuid::new_v4(), Uuid::new_v4());
        let posts = (0..30).map(async |number| match number % 3 {
            0 => ("twice", say_as(&ada, &tea, one, "twice").await.is(200).read::<Posted>().stored),
            1 => ("new", ada.says(&coffee, "new").await.stored),
            _ if number == 14 => {
                ("sent before", say_as(&ada, &coffee, other, "x").await.is(200).read::<Posted>().stored)
            }
            _ => ("new", ada.says(&tea, "new").await.stored),
        });
        let stored = join_all(posts).await;
        let mut ids: Vec<_> = stored.iter().map(|(_, message)| message.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 21, "round {round}");
        say_as(&ada, &tea, one, "another text").await.refused(ProblemCode::ClientIdReused);
        assert_eq!(say_as(&ada, &coffee, other, "x").await.read::<Posted>().stored.client_id, other);
    }
    for uri in [&tea, &coffee] {
        let rows = format!(
            "SELECT count(*) - (max(seq) - 1) FROM messages JOIN chats ON chats.id = chat_id WHERE uri = '{uri}'"
        );
        assert_eq!(app.count(&rows).await, 0, "the numbers have no gap");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn joins_and_posts_at_once_each_take_a_number_of_their_own() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let mut hearer = ada.listens_to(&tea).await;
    let mut newcomers = Vec::new();
    for number in 0..20 {
        newcomers.push(app.person(&format!("newcomer{number}")).await);
    }
    let joining = join_all(newcomers.iter().map(async |person| {
        let joined = person.joins(&tea).await;
        assert!(joined.members.iter().any(|member| member.user.id == person.id));
        // Once more changes nothing.
        person.joins(&tea).await;
        person.says(&tea, "hello").await;
    }));
    join(joining, ada.says_often(&tea, "tea?", 60)).await;
    let all = ada.changes(&tea, 0).await;
    let mut revisions: Vec<_> = all.members.iter().map(|member| member.revision).collect();
    revisions.extend(all.messages.iter().map(|message| message.revision));
    revisions.sort_unstable();
    assert_eq!(revisions, (1..=101).collect::<Vec<_>>());
    let mut known = 1;
    while known < 101 {
        let changes = hearer.hears_changes().await;
        assert_eq!(changes.after, known, "nothing was missed, and nothing came twice");
        known = changes.head;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_text_that_is_taken_can_be_stored() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
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
    let mut listener = ada.listens_to(&tea).await;
    for text in odd {
        let answer = ada.say(&tea, text).await;
        if answer.status == 200 {
            assert_eq!(listener.hears_changes().await.messages[0].message, text);
        } else {
            answer.refused(ProblemCode::Invalid);
        }
    }
    ada.say(&tea, "a\0b").await.refused(ProblemCode::Invalid);
    let history = ada.history(&tea, "").await;
    assert!(history.messages.len() >= 7, "{history:?}");
    assert!(history.messages.iter().all(|message| odd.contains(&message.message.as_str())));
}
