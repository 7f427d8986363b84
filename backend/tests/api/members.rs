//! Roles, ownership and leaving.

use backend::config::RateLimits;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use shared::{
    event::{Event, UserRef},
    member::{Member, MembershipStatus, Role},
    problem::{FieldCode, ProblemCode},
};

use crate::support::{TestApp, TestUser, events_with_author, role_of};

fn user_ref(user: &TestUser) -> UserRef {
    UserRef { id: user.id, name: user.name.clone() }
}

#[tokio::test(flavor = "multi_thread")]
async fn role_change_takes_effect_at_once() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    brian.send_message(&tea, "warm").await;
    let mut listener = brian.open_socket_in(&tea).await;
    for role in [Role::Reader, Role::Moderator, Role::Writer] {
        let member: Member = ada.set_role(&tea, &brian, role).await.assert_status(200).json();
        assert_eq!((member.user.id, member.role, member.status), (brian.id, role, MembershipStatus::Member));
        assert_eq!(listener.recv_membership_status().await, MembershipStatus::Member);
        let received = listener.recv_changes().await;
        assert_eq!(received.members, [member]);
        assert_eq!(events_with_author(&received), [(ada.id, Event::Role { target: user_ref(&brian), role })]);
        assert_eq!(received.head.get() - received.after.get(), 2, "the member and the event");
        let posted = brian.try_send_message(&tea, "may I?").await;
        if role == Role::Reader {
            posted.assert_problem(ProblemCode::Forbidden);
        } else {
            posted.assert_status(200);
            listener.recv_changes().await;
        }
        let audit = brian.get(&format!("/api/chats/{tea}/audit/")).await;
        assert_eq!(audit.status == 200, role == Role::Moderator);
    }
    assert_eq!(ada.audit_log(&tea).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_role_changes_are_rejected() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let (brian, eve) = (app.create_member("brian", &tea).await, app.create_member("eve", &tea).await);
    ada.set_role(&tea, &brian, Role::Moderator).await.assert_status(200);
    brian.set_role(&tea, &eve, Role::Reader).await.assert_problem(ProblemCode::Forbidden);
    eve.set_role(&tea, &brian, Role::Reader).await.assert_problem(ProblemCode::Forbidden);
    ada.set_role(&tea, &ada, Role::Writer).await.assert_problem(ProblemCode::Forbidden);
    ada.set_role(&tea, &brian, Role::Moderator).await.assert_problem(ProblemCode::Conflict);
    ada.set_role(&tea, &app.create_user("fay").await, Role::Writer)
        .await
        .assert_problem(ProblemCode::NotFound);
    let wrong = [
        (json!({ "role": "owner" }), "role", FieldCode::NotAChoice),
        (json!({ "role": "queen" }), "role", FieldCode::NotAChoice),
        (json!({ "status": "pending" }), "status", FieldCode::NotAChoice),
        (json!({ "role": "writer", "status": "removed" }), "role", FieldCode::NotAChoice),
        (json!({}), "status", FieldCode::Required),
    ];
    for (change, field, code) in wrong {
        let problem = ada.update_member(&tea, &brian, &change).await.assert_problem(ProblemCode::Invalid);
        assert_eq!((problem.errors[0].field.as_str(), problem.errors[0].code), (field, code));
    }
    let by_name = ada.request(&Method::PUT, &format!("/api/chats/{tea}/members/brian/"));
    by_name.json(&json!({ "role": "writer" })).await.assert_problem(ProblemCode::NotFound);
    assert_eq!(ada.audit_log(&tea).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn ownership_transfer_swaps_roles() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let mut listener = app.create_member("eve", &tea).await.open_socket_in(&tea).await;
    ada.set_role(&tea, &brian, Role::Reader).await.assert_status(200);
    listener.recv_changes().await;
    let owner: Member = ada.transfer_ownership(&tea, &brian).await.assert_status(200).json();
    assert_eq!((owner.user.id, owner.role), (brian.id, Role::Owner));
    let received = listener.recv_changes().await;
    let roles: Vec<_> = received.members.iter().map(|member| (member.user.id, member.role)).collect();
    assert_eq!(roles, [(ada.id, Role::Moderator), (brian.id, Role::Owner)]);
    assert_eq!(
        events_with_author(&received),
        [(ada.id, Event::OwnershipTransferred { target: user_ref(&brian) })]
    );
    ada.update_settings(&tea, &json!({ "closed": true })).await.assert_problem(ProblemCode::Forbidden);
    ada.transfer_ownership(&tea, &brian).await.assert_problem(ProblemCode::Forbidden);
    brian.update_settings(&tea, &json!({ "closed": true })).await.assert_status(200);
    brian.transfer_ownership(&tea, &brian).await.assert_problem(ProblemCode::Conflict);
    brian.transfer_ownership(&tea, &app.create_user("fay").await).await.assert_problem(ProblemCode::NotFound);
    ada.leave_chat(&tea).await.assert_status(204);
    brian.transfer_ownership(&tea, &ada).await.assert_problem(ProblemCode::Conflict);
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_ownership_transfers_apply_once() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut candidates = Vec::new();
    for number in 0..20 {
        candidates.push(app.create_member(&format!("candidate{number}"), &tea).await);
    }
    let responses = join_all(
        candidates.iter().map(|candidate| async { ada.transfer_ownership(&tea, candidate).await.status }),
    )
    .await;
    assert_eq!(responses.iter().filter(|status| **status == 200).count(), 1, "{responses:?}");
    assert_eq!(responses.iter().filter(|status| **status == 403).count(), 19, "{responses:?}");
    assert_eq!(app.query_count("SELECT count(*) FROM members WHERE role = 'owner'").await, 1);
    assert_eq!(app.query_count("SELECT count(*) FROM members WHERE role = 'moderator'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_member_is_out_and_last_owner_stays() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let (mut his, mut hers) = (brian.open_socket_in(&tea).await, ada.open_socket_in(&tea).await);
    brian.leave_chat(&tea).await.assert_status(204);
    assert_eq!(his.recv_membership_status().await, MembershipStatus::Left);
    let received = hers.recv_changes().await;
    assert_eq!(received.members[0].status, MembershipStatus::Left);
    assert_eq!(events_with_author(&received), [(brian.id, Event::Left)]);
    ada.send_message(&tea, "gone?").await;
    hers.recv_changes().await;
    his.sync().await;
    brian.try_send_message(&tea, "not quite").await.assert_problem(ProblemCode::ChatNotFound);
    brian.leave_chat(&tea).await.assert_problem(ProblemCode::ChatNotFound);
    app.create_user("eve").await.leave_chat(&tea).await.assert_problem(ProblemCode::ChatNotFound);
    ada.leave_chat(&tea).await.assert_problem(ProblemCode::OwnerCannotLeave);
    for nowhere in ["a%00b", "aaaaaaaaaaaaaaaaaaaaaa", "%C3%A9"] {
        ada.leave_chat(nowhere).await.assert_problem(ProblemCode::ChatNotFound);
    }
    assert_eq!(ada.join(&tea).await.members.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn withdrawn_join_request_leaves_no_event() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_pending_member("brian", &tea).await;
    let mut listener = ada.open_socket_in(&tea).await;
    brian.leave_chat(&tea).await.assert_status(204);
    let received = listener.recv_changes().await;
    assert_eq!((received.members[0].status, received.messages.len()), (MembershipStatus::Left, 0));
    assert!(ada.audit_log(&tea).await.is_empty());
    ada.set_status(&tea, &brian, MembershipStatus::Member).await.assert_problem(ProblemCode::Conflict);
}

#[tokio::test(flavor = "multi_thread")]
async fn owner_leaves_to_the_next_in_line() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let (brian, eve) = (app.create_member("brian", &tea).await, app.create_member("eve", &tea).await);
    ada.set_role(&tea, &eve, Role::Moderator).await.assert_status(200);
    let mut listener = brian.open_socket_in(&tea).await;
    ada.leave_chat(&tea).await.assert_status(204);
    let received = listener.recv_changes().await;
    let roles: Vec<_> =
        received.members.iter().map(|member| (member.user.id, member.status, member.role)).collect();
    let expected =
        [(ada.id, MembershipStatus::Left, Role::Moderator), (eve.id, MembershipStatus::Member, Role::Owner)];
    assert_eq!(roles, expected);
    let transfer = Event::OwnershipTransferred { target: user_ref(&eve) };
    assert_eq!(events_with_author(&received), [(ada.id, transfer), (ada.id, Event::Left)]);
    // A member who was given a chat against their will gets out of it.
    eve.transfer_ownership(&tea, &brian).await.assert_status(200);
    brian.leave_chat(&tea).await.assert_status(204);
    eve.update_settings(&tea, &json!({ "approval_required": true, "closed": true })).await.assert_status(200);
    assert_eq!(role_of(&ada.join(&tea).await, &ada), Role::Writer);
    eve.leave_chat(&tea).await.assert_status(204);
    assert_eq!(role_of(&ada.join(&tea).await, &ada), Role::Owner);
    ada.leave_chat(&tea).await.assert_problem(ProblemCode::OwnerCannotLeave);
}

#[tokio::test(flavor = "multi_thread")]
async fn handed_over_chats_count_as_owned() {
    let app = TestApp::spawn_with(|config| {
        config.limits.rate_limits = RateLimits::On;
        config.limits.limit_owned_chats = 2;
    })
    .await;
    let (ada, tea) = app.ada_and_chat().await;
    let coffee = ada.create_chat().await;
    let brian = app.create_member("brian", &tea).await;
    brian.join(&coffee).await;
    brian.create_chat().await;
    ada.transfer_ownership(&tea, &brian).await.assert_status(200);
    brian.post("/api/chats/").await.assert_problem(ProblemCode::ChatLimitReached);
    let problem = ada.transfer_ownership(&coffee, &brian).await.assert_problem(ProblemCode::ChatLimitReached);
    assert_eq!(problem.detail, "This user owns too many chats.");
    assert_eq!(role_of(&ada.join(&coffee).await, &ada), Role::Owner);
    // A chat is not left without an owner.
    ada.leave_chat(&coffee).await.assert_status(204);
    assert_eq!(role_of(&brian.join(&coffee).await, &brian), Role::Owner);
}
