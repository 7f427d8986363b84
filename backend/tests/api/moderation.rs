//! Moderation: removing, banning, join requests and closing a chat.

use futures_util::future::join_all;
use serde_json::json;
use shared::{
    event::{Event, UserRef},
    id::Head,
    member::{Member, MembershipStatus, Role},
    problem::ProblemCode,
    socket::{ClientFrame, ServerFrame},
    sync::ApplyResult,
};
use uuid::Uuid;

use crate::support::{Rejection, TestApp, TestChat, TestUser, WsClient, events_with_author};

#[tokio::test(flavor = "multi_thread")]
async fn removed_member_gets_no_further_events() {
    for status in [MembershipStatus::Removed, MembershipStatus::Banned] {
        let app = TestApp::spawn().await;
        let (ada, tea) = app.ada_and_chat().await;
        let (brian, eve) = (app.create_member("brian", &tea).await, app.create_member("eve", &tea).await);
        // Fill the caches.
        brian.send_message(&tea, "tea?").await;
        let (mut his, mut hers) = (brian.open_socket_in(&tea).await, eve.open_socket_in(&tea).await);
        let mut stream = brian.open_stream(&tea).await;
        let member: Member = ada.set_status(&tea, &brian, status).await.assert_status(200).json();
        assert_eq!((member.status, member.role), (status, Role::Writer));
        assert_eq!(his.recv_membership_status().await, status);
        let last = stream.next().await.expect("a last event");
        assert_eq!(last.name, "goodbye", "{last:?}");
        assert!(stream.next().await.is_none());
        let changes = hers.recv_changes().await;
        assert_eq!(changes.members, [member]);
        let target = UserRef { id: brian.id, name: "brian".into() };
        let is_removed = status == MembershipStatus::Removed;
        let event = if is_removed { Event::Removed { target } } else { Event::Banned { target } };
        assert_eq!(events_with_author(&changes), [(ada.id, event)]);
        ada.send_message(&tea, "between us").await;
        assert_eq!(hers.recv_changes().await.messages[0].message, "between us");
        assert_shut_out(&brian, &mut his, &tea).await;
        hers.sync().await;
    }
}

/// Asserts that neither frames nor requests of a former member have an effect.
async fn assert_shut_out(user: &TestUser, socket: &mut WsClient, chat: &TestChat) {
    socket.send_frame(&ClientFrame::Typing { chat_id: chat.id }).await;
    socket.post_message(chat.id, Uuid::new_v4(), "still here").await;
    let problem = loop {
        if let Rejection { client_id: Some(_), problem, .. } = socket.recv_rejection().await {
            break problem;
        }
    };
    assert_eq!(problem.code, ProblemCode::ChatNotFound);
    socket.sync().await;
    socket.subscribe(chat, Some(Head::new(1)), None).await;
    assert_eq!(socket.recv_rejection().await.problem.code, ProblemCode::ChatNotFound);
    for request in [
        user.try_send_message(chat, "still here"),
        user.try_open_stream(chat),
        user.get(&format!("/api/chats/{chat}/messages/")),
        user.get(&format!("/api/chats/{chat}/changes/")),
    ] {
        request.await.assert_problem(ProblemCode::ChatNotFound);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn subscribing_during_removal_leaks_nothing() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut insider = ada.open_socket_in(&tea).await;
    let mut users = Vec::new();
    for number in 0..12 {
        let person = app.create_member(&format!("person{number}"), &tea).await;
        users.push((person.open_socket().await, person));
    }
    join_all(users.iter_mut().map(|(socket, person)| {
        let (ada, tea) = (&ada, &tea);
        async move {
            let subscribes = socket.subscribe(tea, None, None);
            let (response, ()) =
                tokio::join!(ada.set_status(tea, person, MembershipStatus::Removed), subscribes);
            response.assert_status(200);
        }
    }))
    .await;
    ada.send_message(&tea, "between us").await;
    while insider.recv_changes().await.messages.iter().all(|posted| posted.message != "between us") {}
    for (socket, _) in &mut users {
        socket.subscribe("nowhere", None, None).await;
        loop {
            match socket.recv_event().await {
                ServerFrame::Refused { uri, .. } if uri.as_deref() == Some("nowhere") => break,
                ServerFrame::Changes(received) => {
                    let told = received.messages.iter().any(|posted| posted.message == "between us");
                    assert!(!told, "{received:?}");
                }
                _ => {}
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_bans_apply_once() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let (brian, eve) = (app.create_member("brian", &tea).await, app.create_member("eve", &tea).await);
    ada.set_role(&tea, &brian, Role::Moderator).await.assert_status(200);
    let bans = join_all((0..20).map(|number| {
        let (keeper, eve, tea) = (if number % 2 == 0 { &ada } else { &brian }, &eve, &tea);
        async move { keeper.set_status(tea, eve, MembershipStatus::Banned).await.status }
    }));
    let bans = bans.await;
    assert_eq!(bans.iter().filter(|status| **status == 200).count(), 1, "{bans:?}");
    assert_eq!(bans.iter().filter(|status| **status == 409).count(), 19, "{bans:?}");
    assert_eq!(ada.audit_log(&tea).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn join_request_decision_keeps_role() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let moderator = app.create_member("fay", &tea).await;
    ada.set_role(&tea, &moderator, Role::Moderator).await.assert_status(200);
    let (brian, eve) =
        (app.create_pending_member("brian", &tea).await, app.create_pending_member("eve", &tea).await);
    app.sql()
        .await
        .execute("UPDATE members SET role = 'reader' WHERE user_id = $1", &[&brian.id.get()])
        .await
        .unwrap();
    brian.get(&format!("/api/chats/{tea}/messages/")).await.assert_problem(ProblemCode::ChatNotFound);
    let mut socket = brian.open_socket().await;
    let member: Member =
        moderator.set_status(&tea, &brian, MembershipStatus::Member).await.assert_status(200).json();
    assert_eq!((member.status, member.role), (MembershipStatus::Member, Role::Reader));
    assert_eq!(socket.recv_membership_status().await, MembershipStatus::Member);
    assert_eq!(brian.history(&tea, "").await.messages.len(), 2);
    brian.try_send_message(&tea, "hello").await.assert_problem(ProblemCode::Forbidden);
    let member: Member =
        moderator.set_status(&tea, &eve, MembershipStatus::Rejected).await.assert_status(200).json();
    assert_eq!(member.status, MembershipStatus::Rejected);
    eve.get(&format!("/api/chats/{tea}/messages/")).await.assert_problem(ProblemCode::ChatNotFound);
    moderator.set_status(&tea, &eve, MembershipStatus::Member).await.assert_problem(ProblemCode::Conflict);
}

#[tokio::test(flavor = "multi_thread")]
async fn former_member_can_be_banned_and_unbanned() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    for status in ["member", "pending", "rejected", "left", "removed"] {
        app.force_status(&brian, status).await;
        ada.set_status(&tea, &brian, MembershipStatus::Banned).await.assert_status(200);
        ada.set_status(&tea, &brian, MembershipStatus::Banned).await.assert_problem(ProblemCode::Conflict);
        let joined = ada.join(&tea).await;
        assert_eq!(joined.former_members.iter().map(|other| other.user.id).collect::<Vec<_>>(), [brian.id]);
        let member: Member =
            ada.set_status(&tea, &brian, MembershipStatus::Left).await.assert_status(200).json();
        assert_eq!(member.status, MembershipStatus::Left);
        ada.set_status(&tea, &brian, MembershipStatus::Removed).await.assert_problem(ProblemCode::Conflict);
    }
    let stranger = app.create_user("eve").await;
    ada.set_status(&tea, &stranger, MembershipStatus::Banned).await.assert_problem(ProblemCode::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn moderator_cannot_remove_owner_or_moderator() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let (brian, eve) = (app.create_member("brian", &tea).await, app.create_member("eve", &tea).await);
    let writer = app.create_member("fay", &tea).await;
    for moderator in [&brian, &eve] {
        ada.set_role(&tea, moderator, Role::Moderator).await.assert_status(200);
    }
    for (actor, other) in [(&brian, &ada), (&brian, &eve), (&brian, &brian), (&writer, &eve), (&ada, &ada)] {
        for status in [MembershipStatus::Removed, MembershipStatus::Banned] {
            actor.set_status(&tea, other, status).await.assert_problem(ProblemCode::Forbidden);
        }
    }
    brian.set_status(&tea, &writer, MembershipStatus::Removed).await.assert_status(200);
    ada.set_status(&tea, &eve, MembershipStatus::Removed).await.assert_status(200);
    assert_eq!(ada.join(&tea).await.members.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn closed_chat_is_read_only() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    brian.send_message(&tea, "tea?").await;
    let mut listener = brian.open_socket_in(&tea).await;
    listener.post_message(tea.id, Uuid::new_v4(), "yes").await;
    while !matches!(listener.recv_event().await, ServerFrame::Posted { .. }) {}
    ada.update_settings(&tea, &json!({ "closed": true })).await.assert_status(200);
    while listener.recv_changes().await.chat.is_none() {}
    listener.post_message(tea.id, Uuid::new_v4(), "more").await;
    assert_eq!(listener.recv_rejection().await.problem.code, ProblemCode::ChatClosed);
    for person in [&brian, &ada] {
        person.try_send_message(&tea, "more").await.assert_problem(ProblemCode::ChatClosed);
    }
    assert_eq!(brian.history(&tea, "").await.messages.len(), 3, "two messages and an event");
    ada.update_settings(&tea, &json!({ "closed": false })).await.assert_status(200);
    listener.recv_changes().await;
    brian.send_message(&tea, "more").await;
    assert_eq!(listener.recv_changes().await.messages[0].message, "more");
}

#[tokio::test(flavor = "multi_thread")]
async fn returning_client_converges_after_moderation() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let (brian, eve) = (app.create_member("brian", &tea).await, app.create_member("eve", &tea).await);
    let (fay, gus) = (app.create_member("fay", &tea).await, app.create_pending_member("gus", &tea).await);
    let posted = fay.send_message(&tea, "spam").await.stored.seq;
    let (mut stays, mut away) = (eve.open_timeline(&tea).await, eve.open_timeline(&tea).await);
    let mut listener = eve.open_socket_in(&tea).await;
    ada.update_settings(&tea, &json!({ "name": "Tea", "approval_required": true })).await.assert_status(200);
    ada.set_role(&tea, &brian, Role::Moderator).await.assert_status(200);
    ada.delete_message(&tea, posted).await.assert_status(204);
    ada.set_status(&tea, &fay, MembershipStatus::Banned).await.assert_status(200);
    ada.set_status(&tea, &gus, MembershipStatus::Member).await.assert_status(200);
    gus.leave_chat(&tea).await.assert_status(204);
    ada.transfer_ownership(&tea, &brian).await.assert_status(200);
    let head = app.query_count("SELECT head FROM chats").await;
    while stays.head().get() < head {
        assert_eq!(stays.apply(listener.recv_changes().await), ApplyResult::Applied);
    }
    assert_eq!(away.apply(eve.changes(&tea, away.head()).await), ApplyResult::Applied);
    assert_eq!(away, stays);
    let here: Vec<_> = away.members().iter().map(|member| (member.user.id, member.role)).collect();
    let expected = [(brian.id, Role::Owner), (ada.id, Role::Moderator), (eve.id, Role::Writer)];
    assert_eq!(here, expected);
    assert_eq!(away.members_with_status(MembershipStatus::Banned).len(), 1);
    assert_eq!(
        (away.chat().name.as_str(), away.message(posted).map(|left| left.deleted)),
        ("Tea", Some(true))
    );
}
