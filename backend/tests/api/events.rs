//! The changes of a chat as Server-Sent Events.

use std::sync::atomic::{AtomicBool, Ordering};

use backend::config::RateLimits;
use futures_util::future::join;
use shared::{changes::Changes, problem::ProblemCode};
use uuid::Uuid;

use crate::{
    app::{Person, TestApp},
    listener::Listener,
    news_stream::NewsStream,
};

#[tokio::test(flavor = "multi_thread")]
async fn the_first_event_tells_the_head() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    ada.says(&tea, "before").await;
    let epoch = ada.joins(&tea).await.epoch;
    let (id, changes) = NewsStream::open(ada.follow(&tea)).await.hears_changes().await;
    assert_eq!(id, format!("2.{epoch}"));
    assert_eq!((changes.after, changes.head, changes.messages.len()), (2, 2, 0));
    let asked = ada.get(&format!("/api/chats/{tea}/events/?after=1&epoch={epoch}"));
    let (_, changes) = NewsStream::open(asked).await.hears_changes().await;
    assert_eq!((changes.after, changes.head, changes.messages.len()), (1, 2, 1), "or what was asked for");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_socket_hears_a_stream_hears() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let mut brian = app.person("brian").await;
    let (mut socket, mut stream) = (ada.listens_to(&tea).await, ada.follows(&tea).await);
    let mut hear_both = async || {
        let (id, changes) = stream.hears_changes().await;
        assert_eq!(id, format!("{}.{}", changes.head, changes.epoch));
        assert_eq!(changes, socket.hears_changes().await);
        changes
    };
    brian.joins(&tea).await;
    assert_eq!(hear_both().await.members[0].user.username, "brian");
    brian.says(&tea, "tea?\nor \u{2028} coffee? 🫖").await;
    assert_eq!(hear_both().await.messages[0].message, "tea?\nor \u{2028} coffee? 🫖");
    brian.renames_to("bryan").await;
    assert_eq!(hear_both().await.members[0].user.username, "bryan");
    brian.leaves_for_good().await;
    assert_eq!(hear_both().await.head, 5);
}

/// Follows the rule, in which no gap may be. Rows above the head may come along, and come again.
fn hear(known: &mut i64, seqs: &mut Vec<i64>, changes: &Changes) {
    assert_eq!(changes.after, *known, "nothing is missed, and nothing comes twice");
    seqs.extend(changes.messages.iter().map(|message| message.seq).filter(|seq| *seq <= changes.head));
    *known = changes.head;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_back_goes_on_where_they_were() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let epoch = ada.joins(&tea).await.epoch;
    ada.says_often(&tea, "tea?", 1_100).await;
    let (mut known, mut seqs, mut last) = (1, Vec::new(), format!("1.{epoch}"));
    // Each stream is left after one event.
    while known < 1_101 {
        let (id, changes) = ada.follows_from(&tea, &last).await.hears_changes().await;
        assert_eq!(changes.more, changes.head < 1_101);
        hear(&mut known, &mut seqs, &changes);
        last = id;
    }
    let mut stream = ada.follows_from(&tea, &format!("1.{epoch}")).await;
    let (mut known_at_once, mut at_once) = (1, Vec::new());
    while known_at_once < 1_101 {
        hear(&mut known_at_once, &mut at_once, &stream.hears_changes().await.1);
    }
    assert_eq!(seqs, (2..=1_101).collect::<Vec<_>>());
    assert_eq!(at_once, seqs);
    ada.says(&tea, "and on").await;
    hear(&mut known_at_once, &mut at_once, &stream.hears_changes().await.1);
    assert_eq!(at_once.len(), 1_101);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_falls_between_reading_and_listening() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let following = async {
        let mut streams = Vec::new();
        for _ in 0..20 {
            streams.push(NewsStream::open(ada.get(&format!("/api/chats/{tea}/events/?after=1"))).await);
        }
        streams
    };
    let ((), streams) = join(ada.says_often(&tea, "tea?", 300), following).await;
    for mut stream in streams {
        let (mut known, mut seqs) = (1, Vec::new());
        while known < 301 {
            hear(&mut known, &mut seqs, &stream.hears_changes().await.1);
        }
        assert_eq!(seqs, (2..=301).collect::<Vec<_>>());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_that_does_not_fit_is_told_to_start_afresh() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let epoch = ada.joins(&tea).await.epoch;
    for cursor in [format!("1.{}", Uuid::new_v4()), format!("2.{epoch}")] {
        let answer = ada.follow(&tea).header("last-event-id", &cursor).await;
        answer.refused(ProblemCode::StartAfresh);
    }
    for query in [format!("after=1&epoch={}", Uuid::new_v4()), format!("after=2&epoch={epoch}")] {
        let answer = ada.get(&format!("/api/chats/{tea}/events/?{query}")).await;
        answer.refused(ProblemCode::StartAfresh);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_that_cannot_be_read_is_no_leave_to_skip_what_was_missed() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    for cursor in ["tea", "1", "1.tea", "-1", "1e3", "99999999999999999999"] {
        let answer = ada.follow(&tea).header("last-event-id", cursor).open().await.unwrap();
        assert_eq!(answer.status(), 409, "{cursor}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_members_follow() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let eve = app.person("eve").await;
    eve.follow(&tea).await.refused(ProblemCode::ChatNotFound);
    ada.follow(&"0".repeat(22)).await.refused(ProblemCode::ChatNotFound);
    app.web.get(&format!("/api/chats/{tea}/events/")).await.refused(ProblemCode::NotAuthenticated);
}

async fn hears_to_the_end(stream: &mut NewsStream) {
    while let Some(event) = stream.next().await {
        assert_eq!(event.name, "changes");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_with_its_account_also_where_much_is_said() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let coffee = ada.starts().await;
    let brian = app.person("brian").await;
    brian.joins(&tea).await;
    brian.joins(&coffee).await;
    let (mut busy, mut quiet) = (brian.follows(&tea).await, brian.follows(&coffee).await);
    let over = AtomicBool::new(false);
    let speaking = async {
        while !over.load(Ordering::Relaxed) {
            ada.says(&tea, "on and on").await;
        }
    };
    let ending = async {
        brian.leaves_for_good().await;
        join(hears_to_the_end(&mut busy), hears_to_the_end(&mut quiet)).await;
        over.store(true, Ordering::Relaxed);
    };
    tokio::time::timeout(crate::listener::BOUND, join(speaking, ending)).await.expect("both end");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_with_its_token() {
    let app = TestApp::start().await;
    let (mut ada, tea) = app.tea().await;
    ada.token = app.token_of(&ada, 1, |_| ());
    hears_to_the_end(&mut ada.follows(&tea).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_with_its_session() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let mut stream = ada.follows(&tea).await;
    ada.post("/auth/jwt/end/").await.is(204);
    hears_to_the_end(&mut stream).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_says_goodbye_to_a_stream() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let mut stream = ada.follows(&tea).await;
    let hearing = async {
        assert_eq!(stream.next().await.expect("a last word").name, "goodbye");
        assert!(stream.next().await.is_none());
    };
    join(app.stop(), hearing).await;
}

/// Says far more than fits between a server and somebody who does not read.
async fn say_much(person: &Person, uri: &str) -> i64 {
    person.says_often(uri, &"🫖".repeat(4_000), 800).await;
    801
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_reads_slowly_gets_everything_in_the_end() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let mut stream = ada.follows(&tea).await;
    let mut socket: Listener = ada.listens_to(&tea).await;
    let (head, quick) = join(say_much(&ada, &tea), async {
        let mut known = 1;
        while known < 801 {
            known = socket.hears_changes().await.head;
        }
        known
    })
    .await;
    assert_eq!(quick, head, "others do not wait");
    let (mut known, mut seqs) = (1, Vec::new());
    while known < head {
        hear(&mut known, &mut seqs, &stream.hears_changes().await.1);
    }
    assert_eq!(seqs, (2..=head).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_takes_a_seat_as_a_socket_does() {
    let app = TestApp::with(|config| config.limits.rate_limits = RateLimits::On).await;
    let (ada, tea) = app.tea().await;
    let mut streams = Vec::new();
    for _ in 0..10 {
        streams.push(ada.follows(&tea).await);
    }
    ada.follow(&tea).await.refused(ProblemCode::TooManyRequests);
    ada.says(&tea, "others speak on").await;
    for stream in &mut streams {
        assert_eq!(stream.hears_changes().await.1.messages.len(), 1);
    }
}
