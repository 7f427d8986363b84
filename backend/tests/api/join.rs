//! Joining chats: by URI and link, with which role, and who is rejected.

use std::future::IntoFuture;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use shared::{
    chat::JoinResponse,
    event::{Event, UserRef},
    id::Seq,
    invite_link::InviteLinksResponse,
    member::{MembershipStatus, Role},
    problem::{FieldCode, ProblemCode},
    socket::ServerFrame,
};

use crate::support::{PASSWORD, TestApp, role_of};

#[tokio::test(flavor = "multi_thread")]
async fn join_without_username_joins_the_caller() {
    let app = TestApp::spawn().await;
    let (_, tea) = app.ada_and_chat().await;
    let path = format!("/api/chats/{tea}/");
    for (name, body) in
        [("brian", None), ("eve", Some(json!({}))), ("carol", Some(json!({ "username": null })))]
    {
        let user = app.create_user(name).await;
        let request = user.request(&Method::PATCH, &path);
        let request = if let Some(body) = body { request.json(&body) } else { request };
        let joined: JoinResponse = request.await.assert_status(200).json();
        assert_eq!((joined.user.username.as_str(), role_of(&joined, &user)), (name, Role::Writer));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn join_is_decided_by_a_change_it_waits_for() {
    let close = "UPDATE chats SET link_open = false";
    let ban = "INSERT INTO members (chat_id, user_id, role, status, read_seq, seq, revision, created_at) \
               SELECT 1, id, 'writer', 'banned', 2, 2, 2, now() FROM users WHERE username = 'brian'";
    for (statement, code) in [(close, ProblemCode::LinkClosed), (ban, ProblemCode::Banned)] {
        let app = TestApp::spawn().await;
        let (_, tea) = app.ada_and_chat().await;
        let brian = app.create_user("brian").await;
        let mut owner = app.sql().await;
        let change = owner.transaction().await.unwrap();
        change.execute("UPDATE chats SET head = head + 1", &[]).await.unwrap();
        let join = tokio::spawn(brian.try_join(&tea).into_future());
        app.wait_for_lock_waiter().await;
        change.execute(statement, &[]).await.unwrap();
        change.commit().await.unwrap();
        join.await.unwrap().assert_problem(code);
        let unchanged = "SELECT count(*) FROM chats WHERE head = 2";
        assert_eq!(app.query_count(unchanged).await, 1, "the refused join has no number");
    }
}

/// A proxy before the database counts the statements.
#[tokio::test(flavor = "multi_thread")]
async fn newcomer_joins_with_few_statements() {
    let (app, proxy) = TestApp::spawn_behind_proxy().await;
    let (_, tea) = app.ada_and_chat().await;
    app.create_guest("First").await.join(&tea).await;
    let before = proxy.statement_count();
    let guest = app.create_guest("Second").await;
    assert_eq!(proxy.statement_count() - before, 1, "the guest and their session");
    let before = proxy.statement_count();
    guest.join(&tea).await;
    assert_eq!(proxy.statement_count() - before, 6, "rights, joining, member, rights, chat, members");
    let mut socket = guest.open_socket().await;
    let before = proxy.statement_count();
    let joined = guest.join(&tea).await;
    socket.subscribe(&tea, Some(joined.head), Some(joined.epoch)).await;
    socket.recv_changes().await;
    assert_eq!(proxy.statement_count() - before, 3, "chat and members of the response, and the head");
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_joins_respect_link_use_limit() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let link = ada.create_link(&tea, json!({ "role": "writer", "max_uses": 7 })).await;
    let users = app.create_users(20).await;
    let responses = join_all(users.iter().map(|user| async { user.try_join(&link.secret).await })).await;
    let (joined_responses, rejected): (Vec<_>, Vec<_>) =
        responses.into_iter().partition(|response| response.status == 200);
    assert_eq!((joined_responses.len(), rejected.len()), (7, 13));
    for response in rejected {
        response.assert_problem(ProblemCode::LinkUseLimitReached);
    }
    for response in joined_responses {
        assert_eq!(response.json::<JoinResponse>().uri, tea, "the response names the chat's own URI");
    }
    let links: InviteLinksResponse =
        ada.get(&format!("/api/chats/{tea}/links/")).await.assert_status(200).json();
    assert_eq!(links.links[0].uses, 7);
    let joined = ada.join(&tea).await;
    let seqs: Vec<_> = joined.members.iter().map(|member| member.seq.get()).collect();
    assert_eq!((joined.head.get(), seqs), (8, (1..=8).collect()));
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_joins_by_link_count_one_use() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let link = ada.create_link(&tea, json!({ "role": "writer", "max_uses": 1 })).await;
    let brian = app.create_user("brian").await;
    join_all((0..20).map(|_| brian.join(&link.secret))).await;
    assert_eq!(app.query_count("SELECT uses::bigint FROM invite_links").await, 1);
    assert_eq!(ada.join(&tea).await.head.get(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn former_member_rejoins_without_a_new_use() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_user("brian").await;
    let link = ada.create_link(&tea, json!({ "role": "writer", "max_uses": 1 })).await;
    brian.join(&link.secret).await;
    for (status, seq) in [("left", Seq::new(3)), ("removed", Seq::new(4))] {
        app.force_status(&brian, status).await;
        brian.try_send_message(&tea, "still here?").await.assert_problem(ProblemCode::ChatNotFound);
        let mut insider = ada.open_socket_in(&tea).await;
        let back = brian.join(&link.secret).await;
        assert_eq!((back.head, back.members[1].seq, back.members[1].revision), (seq.as_head(), seq, seq));
        let received = insider.recv_changes().await;
        assert_eq!((received.head, received.members[0].status), (seq.as_head(), MembershipStatus::Member));
    }
    assert_eq!(app.query_count("SELECT count(*) FROM members").await, 2);
    assert_eq!(app.query_count("SELECT uses::bigint FROM invite_links").await, 1, "one person, one use");
    brian.send_message(&tea, "back").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ban_applies_to_every_uri() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_user("brian").await;
    brian.join(&tea).await;
    let link = ada.create_link(&tea, json!({ "role": "moderator" })).await;
    app.force_status(&brian, "banned").await;
    for uri in [&tea.uri, &link.secret] {
        brian.try_join(uri).await.assert_problem(ProblemCode::Banned);
        brian.preview(uri).await.assert_problem(ProblemCode::Banned);
    }
    assert_eq!(app.query_count("SELECT count(*) FROM members WHERE status = 'banned'").await, 1);
    assert_eq!(app.query_count("SELECT uses::bigint FROM invite_links").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn guest_ban_applies_to_browser() {
    let app = TestApp::spawn().await;
    let (_ada, tea) = app.ada_and_chat().await;
    let (guest, again) = (app.create_guest_in_browser(7).await, app.create_guest_in_browser(7).await);
    let elsewhere = app.create_guest_in_browser(8).await;
    guest.join(&tea).await;
    app.force_status(&guest, "banned").await;
    again.try_join(&tea).await.assert_problem(ProblemCode::Banned);
    again.preview(&tea).await.assert_problem(ProblemCode::Banned);
    elsewhere.join(&tea).await;
    app.force_status(&guest, "left").await;
    again.join(&tea).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn claiming_account_keeps_ban() {
    let app = TestApp::spawn().await;
    let (_ada, tea) = app.ada_and_chat().await;
    let (guest, again) = (app.create_guest_in_browser(7).await, app.create_guest_in_browser(7).await);
    guest.join(&tea).await;
    app.force_status(&guest, "banned").await;
    let claim = json!({ "username": "mallory", "password": PASSWORD });
    let claimed = app.guest_from(&guest.post("/auth/claim/").json(&claim).await.assert_status(200));
    claimed.try_join(&tea).await.assert_problem(ProblemCode::Banned);
    again.try_join(&tea).await.assert_problem(ProblemCode::Banned);
}

#[tokio::test(flavor = "multi_thread")]
async fn account_ban_does_not_apply_to_browser() {
    let app = TestApp::spawn().await;
    let (_ada, tea) = app.ada_and_chat().await;
    let (owner, other) = (app.create_guest_in_browser(7).await, app.create_guest_in_browser(7).await);
    app.execute_sql(&format!("UPDATE users SET guest = false WHERE id = {}", owner.id)).await;
    owner.join(&tea).await;
    app.force_status(&owner, "banned").await;
    other.join(&tea).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guests_are_rejected_where_not_allowed() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let (inside, guest) = (app.create_guest_in_browser(1).await, app.create_guest_in_browser(2).await);
    inside.join(&tea).await;
    app.share_chat(&ada, &guest).await;
    app.execute_sql("UPDATE chats SET guests_allowed = false").await;
    let link = ada.create_link(&tea, json!({ "role": "writer" })).await;
    for uri in [&tea.uri, &link.secret] {
        guest.try_join(uri).await.assert_problem(ProblemCode::GuestsNotAllowed);
    }
    ada.try_add_member(&tea, &guest.name).await.assert_problem(ProblemCode::GuestsNotAllowed);
    inside.join(&tea).await;
    app.create_user("brian").await.join(&tea).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn link_raises_role_and_never_lowers_it() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_user("brian").await;
    let [reader_link, writer_link, moderator_link] = [
        ada.create_link(&tea, json!({ "role": "reader" })).await.secret,
        ada.create_link(&tea, json!({ "role": "writer", "max_uses": 1 })).await.secret,
        ada.create_link(&tea, json!({ "role": "moderator" })).await.secret,
    ];
    assert_eq!(role_of(&brian.join(&reader_link).await, &brian), Role::Reader);
    brian.try_send_message(&tea, "I only read").await.assert_problem(ProblemCode::Forbidden);
    assert_eq!(
        role_of(&brian.join(&tea).await, &brian),
        Role::Reader,
        "the page URL does not raise a member's role"
    );
    let mut insider = ada.open_socket_in(&tea).await;
    let promoted = brian.join(&writer_link).await;
    assert_eq!((role_of(&promoted, &brian), promoted.head.get()), (Role::Writer, 3));
    assert_eq!(insider.recv_changes().await.members[0].role, Role::Writer);
    brian.send_message(&tea, "now I write").await;
    assert_eq!(brian.join(&reader_link).await.head.get(), 4, "nothing changes");
    assert_eq!(role_of(&brian.join(&moderator_link).await, &brian), Role::Moderator);
    assert_eq!(role_of(&ada.join(&moderator_link).await, &ada), Role::Owner);
    assert_eq!(app.query_count("SELECT sum(uses)::bigint FROM invite_links").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn rejoining_does_not_restore_a_lowered_role() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_user("brian").await;
    let writes = ada.create_link(&tea, json!({ "role": "writer" })).await.secret;
    brian.join(&writes).await;
    ada.set_role(&tea, &brian, Role::Reader).await.assert_status(200);
    assert_eq!(role_of(&brian.join(&writes).await, &brian), Role::Reader);
    app.force_status(&brian, "left").await;
    assert_eq!(role_of(&brian.join(&tea).await, &brian), Role::Reader);
}

#[tokio::test(flavor = "multi_thread")]
async fn moderator_adds_member() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let (eve, brian) = (app.create_user("eve").await, app.create_user("brian").await);
    app.share_chat(&ada, &eve).await;
    let (mut insider, mut added) = (ada.open_socket_in(&tea).await, eve.open_socket().await);
    let joined: JoinResponse = ada.try_add_member(&tea, "EVE").await.assert_status(200).json();
    assert_eq!((joined.user.id, joined.user.email.as_str(), joined.head.get()), (eve.id, "", 3));
    added.expect_membership(tea.id, MembershipStatus::Member).await;
    let received = insider.recv_changes().await;
    let target = UserRef { id: eve.id, name: "eve".into() };
    assert_eq!((received.members[0].user.id, received.members[0].role), (eve.id, Role::Writer));
    assert_eq!(received.messages[0].event, Some(Event::Admitted { target }));
    eve.send_message(&tea, "here I am").await;
    assert_eq!(
        ada.try_add_member(&tea, "eve").await.assert_status(200).json::<JoinResponse>().head.get(),
        4,
        "she is a member already"
    );
    let problem = ada.try_add_member(&tea, "nobody").await.assert_problem(ProblemCode::Invalid);
    assert_eq!(problem.errors[0].code, FieldCode::NotAChoice);
    brian.join(&tea).await;
    app.force_status(&brian, "banned").await;
    ada.try_add_member(&tea, "brian").await.assert_problem(ProblemCode::Conflict);
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_and_rejoining_keeps_the_lowered_role() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let (brian, mia) = (app.create_user("brian").await, app.create_user("mia").await);
    let writes = ada.create_link(&tea, json!({ "role": "writer" })).await.secret;
    let keeps = ada.create_link(&tea, json!({ "role": "moderator", "max_uses": 1 })).await.secret;
    assert_eq!(role_of(&brian.join(&writes).await, &brian), Role::Writer);
    assert_eq!(role_of(&mia.join(&keeps).await, &mia), Role::Moderator);
    for (user, change) in [(&brian, json!({ "role": "reader" })), (&mia, json!({ "status": "removed" }))] {
        let path = format!("/api/chats/{tea}/members/{}/", user.id);
        ada.request(&Method::PUT, &path).json(&change).await.assert_status(200);
    }
    brian.request(&Method::DELETE, &format!("/api/chats/{tea}/members/me/")).await.assert_status(204);
    assert_eq!(role_of(&brian.join(&writes).await, &brian), Role::Reader);
    assert_eq!(role_of(&mia.join(&keeps).await, &mia), Role::Writer);
}

#[tokio::test(flavor = "multi_thread")]
async fn former_member_does_not_learn_the_new_uri() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_user("brian").await;
    brian.join(&tea).await;
    brian.request(&Method::DELETE, &format!("/api/chats/{tea}/members/me/")).await.assert_status(204);
    let mut listener = brian.open_socket().await;
    ada.request(&Method::POST, &format!("/api/chats/{tea}/uri/")).await.assert_status(200);
    let path = format!("/api/chats/{tea}/members/{}/", brian.id);
    for status in ["banned", "left"] {
        ada.request(&Method::PUT, &path).json(&json!({ "status": status })).await.assert_status(200);
    }
    let membership = |status| ServerFrame::Membership { chat_id: tea.id, status };
    let expected = [membership(MembershipStatus::Banned), membership(MembershipStatus::Left)];
    assert_eq!(listener.recv_pending().await, expected, "no frame has the URI");
}

#[tokio::test(flavor = "multi_thread")]
async fn role_given_by_hand_bounds_every_link() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mia = app.create_user("mia").await;
    let moderates = ada.create_link(&tea, json!({ "role": "moderator" })).await.secret;
    let writes = ada.create_link(&tea, json!({ "role": "writer" })).await.secret;
    assert_eq!(role_of(&mia.join(&moderates).await, &mia), Role::Moderator);
    for given in [Role::Reader, Role::Writer] {
        ada.set_role(&tea, &mia, given).await.assert_status(200);
        for uri in [&moderates, &tea.uri, &writes, &moderates] {
            assert_eq!(role_of(&mia.join(uri).await, &mia), given, "as a member");
            mia.leave_chat(&tea).await.assert_status(204);
            assert_eq!(role_of(&mia.join(uri).await, &mia), given, "as a former member");
        }
    }
    ada.set_role(&tea, &mia, Role::Moderator).await.assert_status(200);
    assert_eq!(role_of(&mia.join(&writes).await, &mia), Role::Moderator);
}

#[tokio::test(flavor = "multi_thread")]
async fn former_moderator_returns_as_writer() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mia = app.create_user("mia").await;
    let link = async || ada.create_link(&tea, json!({ "role": "moderator" })).await.secret;
    mia.join(&link().await).await;
    for is_removed in [false, true] {
        if is_removed {
            ada.set_status(&tea, &mia, MembershipStatus::Removed).await.assert_status(200);
        } else {
            mia.leave_chat(&tea).await.assert_status(204);
        }
        for uri in [link().await, tea.uri.clone(), link().await] {
            assert_eq!(role_of(&mia.join(&uri).await, &mia), Role::Writer, "removed: {is_removed}");
        }
        ada.set_role(&tea, &mia, Role::Moderator).await.assert_status(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn user_counts_once_per_link_for_good() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let (brian, eve) = (app.create_user("brian").await, app.create_user("eve").await);
    let link = ada.create_link(&tea, json!({ "role": "writer", "max_uses": 2 })).await.secret;
    let other = ada.create_link(&tea, json!({ "role": "writer" })).await.secret;
    for _ in 0..3 {
        for uri in [&link, &tea.uri, &other] {
            brian.join(uri).await;
            brian.leave_chat(&tea).await.assert_status(204);
        }
    }
    assert_eq!(app.query_count("SELECT sum(uses)::bigint FROM invite_links").await, 2, "one for each link");
    eve.join(&link).await;
    brian.join(&link).await;
    app.create_user("fay").await.try_join(&link).await.assert_problem(ProblemCode::LinkUseLimitReached);
}

#[tokio::test(flavor = "multi_thread")]
async fn adding_again_keeps_the_lesser_role() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let (brian, eve) = (app.create_member("brian", &tea).await, app.create_member("eve", &tea).await);
    ada.set_role(&tea, &brian, Role::Moderator).await.assert_status(200);
    ada.set_role(&tea, &eve, Role::Reader).await.assert_status(200);
    brian.set_status(&tea, &eve, MembershipStatus::Removed).await.assert_status(200);
    let added: JoinResponse = brian.try_add_member(&tea, "eve").await.assert_status(200).json();
    assert_eq!(role_of(&added, &eve), Role::Reader);
}

#[tokio::test(flavor = "multi_thread")]
async fn stranger_cannot_be_added() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let (eve, fay) = (app.create_user("eve").await, app.create_pending_member("fay", &tea).await);
    for name in ["eve", "unknown"] {
        let problem = ada.try_add_member(&tea, name).await.assert_problem(ProblemCode::Invalid);
        assert_eq!(
            (problem.errors[0].field.as_str(), problem.errors[0].code),
            ("username", FieldCode::NotAChoice)
        );
    }
    assert!(eve.list_chats().await.is_empty());
    ada.try_add_member(&tea, "fay").await.assert_status(200);
    app.share_chat(&fay, &eve).await;
    ada.try_add_member(&tea, "eve").await.assert_problem(ProblemCode::Invalid);
    app.share_chat(&eve, &ada).await;
    ada.try_add_member(&tea, "eve").await.assert_status(200);
    eve.leave_chat(&tea).await.assert_status(204);
    ada.try_add_member(&tea, "eve").await.assert_problem(ProblemCode::Conflict);
    eve.join(&tea).await;
}
