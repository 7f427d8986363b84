//! Following chats without having them open.

use futures_util::future::join_all;
use serde_json::json;
use shared::{
    changes::Changes,
    id::{ChatId, Head},
    member::MembershipStatus,
    problem::ProblemCode,
    socket::{ClientFrame, FOLLOW_MAX, ServerFrame},
    sync::ApplyResult,
    timeline::Timeline,
};
use uuid::Uuid;

use crate::support::{TestApp, WsClient};

/// Chat, first and last head.
fn range(changes: &Changes) -> (ChatId, i64, i64) {
    (changes.chat_id, changes.after.get(), changes.head.get())
}

#[tokio::test(flavor = "multi_thread")]
async fn follow_sends_missed_and_new_changes() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let coffee = ada.create_chat().await;
    ada.send_message(&coffee, "missed").await;
    let mut listener = ada.open_socket().await;
    listener.follow(&app, &[(tea.id, Head::new(1)), (coffee.id, Head::new(1))]).await;
    let missed = listener.recv_changes().await;
    assert_eq!(range(&missed), (coffee.id, 1, 2));
    assert!(listener.recv_pending().await.is_empty(), "nothing was missed in the other");
    for (chat, head) in [(&tea, 2), (&coffee, 3), (&tea, 3)] {
        ada.send_message(chat, "news").await;
        assert_eq!(range(&listener.recv_changes().await), (chat.id, head - 1, head));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn follower_is_absent_and_gets_no_presence() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let (brian, eve) = (app.create_member("brian", &tea).await, app.create_member("eve", &tea).await);
    let mut following = brian.open_socket().await;
    following.follow(&app, &[(tea.id, Head::new(3))]).await;
    following.sync().await;
    let mut hers = ada.open_socket_in(&tea).await;
    assert_eq!(hers.wait_for_presence(1).await, [ada.id]);
    let mut eves = eve.open_socket_in(&tea).await;
    assert_eq!(hers.wait_for_presence(2).await, [ada.id, eve.id]);
    eves.send_frame(&ClientFrame::Typing { chat_id: tea.id }).await;
    assert!(matches!(hers.recv_event().await, ServerFrame::Typing { .. }));
    following.send_frame(&ClientFrame::Typing { chat_id: tea.id }).await;
    following.sync().await;
    ada.send_message(&tea, "tea?").await;
    let received = following.recv().await;
    assert!(matches!(received, ServerFrame::Changes(_)), "neither presence nor typing: {received:?}");
    assert!(matches!(hers.recv_event().await, ServerFrame::Changes(_)), "a follower's typing is not shown");
}

#[tokio::test(flavor = "multi_thread")]
async fn followed_chat_stays_followed_after_closing() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let mut hers = ada.open_socket_in(&tea).await;
    hers.wait_for_presence(1).await;
    let mut his = brian.open_socket().await;
    his.follow(&app, &[(tea.id, Head::new(2))]).await;
    for head in [Head::new(3), Head::new(5)] {
        his.subscribe(&tea, Some(head.advance(-1)), Some(app.state.epoch)).await;
        his.recv_changes().await;
        assert_eq!(hers.wait_for_presence(2).await, [ada.id, brian.id]);
        ada.send_message(&tea, "while it is open").await;
        assert_eq!(his.recv_changes().await.head, head);
        his.follow(&app, &[(tea.id, head)]).await;
        assert!(his.recv_pending().await.is_empty(), "an open chat stays open");
        his.unsubscribe(tea.id).await;
        assert_eq!(hers.wait_for_presence(1).await, [ada.id]);
        ada.send_message(&tea, "while it is closed").await;
        assert_eq!(his.recv_changes().await.head, head.advance(1), "it is still followed");
    }
    let mut other = brian.open_socket_in(&tea).await;
    other.unsubscribe(tea.id).await;
    other.sync().await;
    ada.send_message(&tea, "to those who listen").await;
    his.recv_changes().await;
    assert!(other.recv_pending().await.is_empty(), "a chat that was not followed is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn open_chat_can_be_followed_and_closed() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut listener = ada.open_socket_in(&tea).await;
    listener.wait_for_presence(1).await;
    listener.follow(&app, &[(tea.id, Head::new(1))]).await;
    listener.unsubscribe(tea.id).await;
    listener.sync().await;
    ada.send_message(&tea, "tea?").await;
    assert_eq!(range(&listener.recv_changes().await), (tea.id, 1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_frame_follows_two_hundred_chats() {
    let app = TestApp::spawn_with(|config| {
        config.limits.rate_limits = backend::config::RateLimits::On;
        config.limits.limit_chats = "1000/h".parse().unwrap();
    })
    .await;
    let ada = app.create_user("ada").await;
    let chats = join_all((0..FOLLOW_MAX).map(|_| ada.create_chat())).await;
    let mut listener = ada.open_socket().await;
    let mut all: Vec<_> = chats.iter().map(|chat| (chat.id, Head::new(1))).collect();
    listener.follow(&app, &all).await;
    assert!(listener.recv_pending().await.is_empty());
    for chat in [&chats[0], &chats[99], &chats[FOLLOW_MAX - 1]] {
        ada.send_message(chat, "tea?").await;
        assert_eq!(listener.recv_changes().await.chat_id, chat.id);
    }
    all.push((chats[0].id, Head::new(2)));
    listener.follow(&app, &all).await;
    assert_eq!(listener.recv_rejection().await.problem.code, ProblemCode::Malformed);
}

#[tokio::test(flavor = "multi_thread")]
async fn follow_rejects_foreign_chats_only() {
    let app = TestApp::spawn_with(|config| config.limits.rate_limits = backend::config::RateLimits::On).await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let hers = ada.create_chat().await;
    let mut his = brian.open_socket().await;
    let unknown = [ChatId::new(0), ChatId::new(-1), ChatId::new(i64::MAX), hers.id];
    let chats: Vec<_> = unknown.into_iter().chain([tea.id]).map(|chat_id| (chat_id, Head::new(2))).collect();
    his.follow(&app, &chats).await;
    for chat_id in unknown {
        let rejection = his.recv_rejection().await;
        let expected = (Some(chat_id), ProblemCode::ChatNotFound);
        assert_eq!((rejection.chat_id, rejection.problem.code), expected);
    }
    ada.send_message(&hers, "not for him").await;
    ada.send_message(&tea, "tea?").await;
    assert_eq!(his.recv_changes().await.chat_id, tea.id);
    let guesses: Vec<_> = (1_000..1_040).map(|id| (ChatId::new(id), Head::new(0))).collect();
    his.follow(&app, &guesses).await;
    let mut codes = Vec::new();
    for _ in 0..40 {
        codes.push(his.recv_rejection().await.problem.code);
    }
    assert!(codes.contains(&ProblemCode::TooManyRequests), "guesses are counted: {codes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn follow_with_stale_cursor_resyncs() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let coffee = ada.create_chat().await;
    let mut listener = ada.open_socket().await;
    listener.follow_in_epoch(Uuid::nil(), &[(tea.id, Head::new(1)), (coffee.id, Head::new(0))]).await;
    for chat_id in [tea.id, coffee.id] {
        assert_eq!(listener.recv_event().await, ServerFrame::Resync { chat_id });
    }
    listener.follow(&app, &[(tea.id, Head::new(77))]).await;
    assert_eq!(listener.recv_event().await, ServerFrame::Resync { chat_id: tea.id });
    for chat in [&tea, &coffee] {
        ada.send_message(chat, "news").await;
        assert_eq!(listener.recv_changes().await.chat_id, chat.id);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn followed_chat_survives_uri_rotation() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let uri = ada.rotate_uri(&tea).await;
    let mut listener = ada.open_socket().await;
    listener.follow(&app, &[(tea.id, Head::new(1))]).await;
    let missed = listener.recv_changes().await;
    assert_eq!(missed.chat.as_ref().map(|chat| &chat.uri), Some(&uri));
    ada.send_message(&uri, "here").await;
    assert_eq!(range(&listener.recv_changes().await), (tea.id, missed.head.get(), missed.head.get() + 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn removed_member_gets_nothing_more_on_any_device() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let (brian, eve) = (app.create_member("brian", &tea).await, app.create_member("eve", &tea).await);
    let mut devices =
        [brian.open_socket().await, brian.open_socket().await, brian.open_socket_in(&tea).await];
    for device in devices.iter_mut().take(2) {
        device.follow(&app, &[(tea.id, Head::new(3))]).await;
        device.sync().await;
    }
    let mut hers = eve.open_socket().await;
    hers.follow(&app, &[(tea.id, Head::new(3))]).await;
    hers.sync().await;
    app.apply_status(&tea, &brian, MembershipStatus::Removed).await;
    let gone = ServerFrame::Membership { chat_id: tea.id, status: MembershipStatus::Removed };
    for device in &mut devices {
        assert_eq!(device.recv_event().await, gone);
    }
    ada.send_message(&tea, "now that he is gone").await;
    assert_eq!(hers.recv_changes().await.members[0].status, MembershipStatus::Removed);
    assert_eq!(hers.recv_changes().await.messages.len(), 1);
    for device in &mut devices {
        assert!(device.recv_pending().await.is_empty());
        device.follow(&app, &[(tea.id, Head::new(4))]).await;
        assert_eq!(device.recv_rejection().await.problem.code, ProblemCode::ChatNotFound);
    }
    app.apply_status(&tea, &brian, MembershipStatus::Member).await;
    let back = ServerFrame::Membership { chat_id: tea.id, status: MembershipStatus::Member };
    for device in &mut devices {
        assert_eq!(device.recv_event().await, back);
        device.follow(&app, &[(tea.id, Head::new(6))]).await;
        device.sync().await;
    }
    ada.send_message(&tea, "welcome back").await;
    for device in &mut devices {
        assert_eq!(device.recv_changes().await.head.get(), 7);
    }
}

/// Applies changes until the timeline has everything up to `head`.
async fn apply_up_to(listener: &mut WsClient, timeline: &mut Timeline, head: Head) {
    while timeline.head() < head {
        assert_ne!(timeline.apply(listener.recv_changes().await), ApplyResult::Gap);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn returning_follower_converges() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let mut staying = ada.open_socket_in(&tea).await;
    let (mut stayed, mut away) = (ada.open_timeline(&tea).await, brian.open_timeline(&tea).await);
    for round in 0..4 {
        let mut his = brian.open_socket().await;
        his.follow(&app, &[(tea.id, away.head())]).await;
        for number in 0..20 {
            ada.send_message(&tea, &format!("{round}: {number}")).await;
        }
        let newcomer = app.create_member(&format!("newcomer{round}"), &tea).await;
        let head = newcomer.send_message(&tea, "hello").await.stored.seq.as_head();
        apply_up_to(&mut his, &mut away, head).await;
        apply_up_to(&mut staying, &mut stayed, head).await;
        assert_eq!(visible(&away), visible(&stayed));
        drop(his);
        // In one round so many that they take more than one frame.
        ada.send_messages(&tea, "while he is away", if round == 1 { 600 } else { 3 }).await;
    }
    assert!(stayed.messages().len() > 80);
}

/// Everything but the e-mail addresses, which only their owners get.
fn visible(timeline: &Timeline) -> serde_json::Value {
    let messages: Vec<_> = timeline.messages().collect();
    let members = timeline.members();
    let members: Vec<_> =
        members.iter().map(|member| (member.user.id, member.role, member.revision)).collect();
    json!([timeline.head(), messages, members])
}

#[tokio::test(flavor = "multi_thread")]
async fn following_during_posts_leaves_no_gap() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let posting = join_all((0..200).map(|_| ada.send_message(&tea, "all at once")));
    let following = join_all((0..10).map(async |_| {
        let mut listener = brian.open_socket().await;
        let mut known = Head::new(2);
        listener.follow(&app, &[(tea.id, known)]).await;
        while known.get() < 202 {
            let changes = listener.recv_changes().await;
            assert!(changes.after <= known, "{} after {known}", changes.after);
            known = known.max(changes.head);
        }
    }));
    futures_util::future::join(posting, following).await;
}
