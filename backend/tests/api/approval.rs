//! Chats that require approval: join requests and their decision.

use futures_util::future::join_all;
use serde_json::json;
use shared::{
    chat::ChatPreview,
    member::{MembershipStatus, Role},
    problem::ProblemCode,
};

use crate::support::{TestApp, TestChat, TestUser, role_of};

impl TestApp {
    /// Creates Ada and a chat that requires approval.
    async fn create_approval_chat(&self) -> (TestUser, TestChat) {
        let (ada, tea) = self.ada_and_chat().await;
        self.execute_sql("UPDATE chats SET approval_required = true").await;
        (ada, tea)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pending_user_is_listed_and_sees_nothing() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.create_approval_chat().await;
    let eve = app.create_user("eve").await;
    let (mut insider, mut outside) = (ada.open_socket_in(&tea).await, eve.open_socket().await);
    eve.try_join(&tea).await.assert_problem(ProblemCode::JoinPending);
    outside.expect_membership(tea.id, MembershipStatus::Pending).await;
    let received = insider.recv_changes().await;
    assert_eq!(
        (received.head.get(), received.members[0].user.id, received.members[0].status),
        (2, eve.id, MembershipStatus::Pending)
    );
    join_all((0..20).map(|_| async { eve.try_join(&tea).await.assert_problem(ProblemCode::JoinPending) }))
        .await;
    let joined = ada.join(&tea).await;
    assert_eq!(
        (joined.head.get(), joined.members.len(), joined.former_members[0].user.id),
        (2, 1, eve.id),
        "repeated requests count once"
    );
    let preview: ChatPreview = eve.preview(&tea).await.assert_status(200).json();
    assert_eq!(
        (preview.status, preview.approval_required, preview.members),
        (Some(MembershipStatus::Pending), true, 1)
    );
    eve.try_send_message(&tea, "let me in").await.assert_problem(ProblemCode::ChatNotFound);
    eve.get(&format!("/api/chats/{tea}/messages/")).await.assert_problem(ProblemCode::ChatNotFound);
    outside.subscribe(&tea, None, None).await;
    assert_eq!(outside.recv_rejection().await.problem.code, ProblemCode::ChatNotFound);
    app.apply_status(&tea, &eve, MembershipStatus::Member).await;
    outside.expect_membership(tea.id, MembershipStatus::Member).await;
    assert_eq!(insider.recv_changes().await.members[0].status, MembershipStatus::Member);
    eve.join(&tea).await;
    eve.send_message(&tea, "thank you").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pending_user_by_link_does_not_learn_the_uri() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.create_approval_chat().await;
    let (eve, brian) = (app.create_user("eve").await, app.create_user("brian").await);
    let link = ada.create_link(&tea, json!({ "role": "writer" })).await.secret;
    let mut outside = eve.open_socket().await;
    eve.try_join(&link).await.assert_problem(ProblemCode::JoinPending);
    outside.expect_membership(tea.id, MembershipStatus::Pending).await;
    assert_eq!(eve.preview(&link).await.assert_status(200).json::<ChatPreview>().uri, link);
    app.apply_status(&tea, &eve, MembershipStatus::Rejected).await;
    outside.expect_membership(tea.id, MembershipStatus::Rejected).await;
    let problem = eve.try_join(&link).await.assert_problem(ProblemCode::JoinRejected);
    assert!(problem.retry_after.is_some_and(|wait| (590..=600).contains(&wait)), "{problem:?}");
    let preview: ChatPreview = eve.preview(&link).await.assert_status(200).json();
    assert!(preview.retry_after.is_some_and(|wait| (590..=600).contains(&wait)), "{preview:?}");
    app.apply_status(&tea, &eve, MembershipStatus::Banned).await;
    outside.expect_membership(tea.id, MembershipStatus::Banned).await;
    let mut admitted = brian.open_socket().await;
    brian.try_join(&link).await.assert_problem(ProblemCode::JoinPending);
    admitted.expect_membership(tea.id, MembershipStatus::Pending).await;
    app.apply_status(&tea, &brian, MembershipStatus::Member).await;
    admitted.expect_membership(tea.id, MembershipStatus::Member).await;
    assert_eq!(brian.join(&link).await.uri, tea, "members learn the URI");
    app.apply_status(&tea, &brian, MembershipStatus::Removed).await;
    admitted.expect_membership(tea.id, MembershipStatus::Removed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chat_list_names_join_requests_to_moderators() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let (brian, mia) = (app.create_member("brian", &tea).await, app.create_member("mia", &tea).await);
    ada.set_role(&tea, &mia, Role::Moderator).await.assert_status(200);
    app.execute_sql("UPDATE chats SET approval_required = true").await;
    let (eve, lena) = (app.create_user("eve").await, app.create_user("lena").await);
    for user in [&lena, &eve] {
        user.try_join(&tea).await.assert_problem(ProblemCode::JoinPending);
    }
    for moderator in [&ada, &mia] {
        let waiting = moderator.only_chat().await.join_requests;
        let ids: Vec<_> = waiting.iter().map(|user| user.id).collect();
        assert_eq!(ids, [lena.id, eve.id], "in the order in which they asked");
        assert!(waiting.iter().all(|user| user.email.is_empty()));
    }
    assert!(brian.only_chat().await.join_requests.is_empty());
    ada.set_status(&tea, &lena, MembershipStatus::Rejected).await.assert_status(200);
    ada.set_status(&tea, &eve, MembershipStatus::Member).await.assert_status(200);
    assert!(ada.only_chat().await.join_requests.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn rejected_user_may_retry_after_ten_minutes() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.create_approval_chat().await;
    let eve = app.create_user("eve").await;
    let created = ada.create_link(&tea, json!({ "role": "reader", "max_uses": 1 })).await;
    for uri in [&tea.uri, &created.secret, &created.secret] {
        eve.try_join(uri).await.assert_problem(ProblemCode::JoinPending);
        app.apply_status(&tea, &eve, MembershipStatus::Rejected).await;
        eve.try_join(uri).await.assert_problem(ProblemCode::JoinRejected);
        app.execute_sql("UPDATE members SET status_changed_at = status_changed_at - interval '601 seconds'")
            .await;
    }
    assert_eq!(app.query_count("SELECT uses::bigint FROM invite_links").await, 1, "one person, one use");
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_requests_respect_link_use_limit() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.create_approval_chat().await;
    let created = ada.create_link(&tea, json!({ "role": "writer", "max_uses": 7 })).await;
    let mut users = Vec::new();
    for number in 0..20 {
        users.push(app.create_user(&format!("person{number}")).await);
    }
    let responses = join_all(users.iter().map(|user| async { user.try_join(&created.secret).await })).await;
    let (pending, rejected): (Vec<_>, Vec<_>) =
        responses.into_iter().partition(|response| response.status == 403);
    assert_eq!((pending.len(), rejected.len()), (7, 13));
    for response in rejected {
        response.assert_problem(ProblemCode::LinkUseLimitReached);
    }
    let joined = ada.join(&tea).await;
    assert_eq!((joined.members.len(), joined.former_members.len(), joined.head.get()), (1, 7, 8));
}

#[tokio::test(flavor = "multi_thread")]
async fn pending_user_joins_once_approval_is_off() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.create_approval_chat().await;
    let eve = app.create_user("eve").await;
    let created = ada.create_link(&tea, json!({ "role": "writer", "max_uses": 1 })).await;
    eve.try_join(&created.secret).await.assert_problem(ProblemCode::JoinPending);
    app.execute_sql("UPDATE chats SET approval_required = false").await;
    let joined = eve.join(&created.secret).await;
    assert_eq!((joined.head.get(), joined.former_members.len(), joined.members.len()), (3, 0, 2));
    assert_eq!(app.query_count("SELECT uses::bigint FROM invite_links").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn member_needs_no_approval() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_user("brian").await;
    brian.join(&tea).await;
    let eve = app.create_user("eve").await;
    app.share_chat(&ada, &eve).await;
    app.execute_sql("UPDATE chats SET approval_required = true").await;
    brian.join(&tea).await;
    ada.try_add_member(&tea, "eve").await.assert_status(200);
    eve.join(&tea).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn returning_moderator_needs_no_approval() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let (brian, eve) = (app.create_member("brian", &tea).await, app.create_member("eve", &tea).await);
    let fay = app.create_member("fay", &tea).await;
    for moderator in [&brian, &eve] {
        ada.set_role(&tea, moderator, Role::Moderator).await.assert_status(200);
    }
    app.execute_sql("UPDATE chats SET approval_required = true").await;
    brian.leave_chat(&tea).await.assert_status(204);
    fay.leave_chat(&tea).await.assert_status(204);
    ada.set_status(&tea, &eve, MembershipStatus::Removed).await.assert_status(200);
    assert_eq!(role_of(&brian.join(&tea).await, &brian), Role::Writer);
    for other in [&eve, &fay] {
        other.try_join(&tea).await.assert_problem(ProblemCode::JoinPending);
    }
    brian.leave_chat(&tea).await.assert_status(204);
    brian.try_join(&tea).await.assert_problem(ProblemCode::JoinPending);
}

#[tokio::test(flavor = "multi_thread")]
async fn join_request_survives_restart() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.create_approval_chat().await;
    let eve = app.create_user("eve").await;
    eve.try_join(&tea).await.assert_problem(ProblemCode::JoinPending);
    let again = app.restart().await;
    let (ada, eve) = (ada.with_server(&again), eve.with_server(&again));
    let requests = ada.join(&tea).await.former_members;
    assert_eq!((requests[0].user.id, requests[0].status), (eve.id, MembershipStatus::Pending));
    ada.set_status(&tea, &eve, MembershipStatus::Member).await.assert_status(200);
    eve.send_message(&tea, "thank you").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pause_after_rejection_survives_restart() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.create_approval_chat().await;
    let eve = app.create_user("eve").await;
    eve.try_join(&tea).await.assert_problem(ProblemCode::JoinPending);
    ada.set_status(&tea, &eve, MembershipStatus::Rejected).await.assert_status(200);
    let again = app.restart().await;
    let problem = eve.with_server(&again).try_join(&tea).await.assert_problem(ProblemCode::JoinRejected);
    assert!(problem.retry_after.is_some_and(|wait| (500..=600).contains(&wait)), "{problem:?}");
}
