//! Invite links: creating, listing, revoking, and why they reject.

use backend::store::invite_links;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use shared::{
    id::LinkId,
    invite_link::{INVITE_LINKS_MAX, InviteLink, InviteLinkCreated, InviteLinkUse, InviteLinksResponse},
    member::{MembershipStatus, Role},
    problem::ProblemCode,
};

use crate::support::{ApiRequest, TestApp, TestUser};

impl TestUser {
    fn revoke_link(&self, uri: &str, link: LinkId) -> ApiRequest {
        self.request(&Method::DELETE, &format!("/api/chats/{uri}/links/{link}/"))
    }

    async fn list_links(&self, uri: &str) -> Vec<InviteLink> {
        self.get(&format!("/api/chats/{uri}/links/"))
            .await
            .assert_status(200)
            .json::<InviteLinksResponse>()
            .links
    }

    /// Joins as a moderator of the chat.
    async fn join_as_moderator(&self, owner: &TestUser, uri: &str) {
        let link = owner.create_link(uri, json!({ "role": "moderator" })).await;
        self.join(&link.secret).await;
    }
}

async fn audit_kinds(app: &TestApp) -> Vec<String> {
    let rows = app.sql().await.query("SELECT action->>'kind' FROM audit_log ORDER BY id", &[]).await.unwrap();
    rows.into_iter().map(|row| row.get(0)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn link_secret_is_returned_once_and_not_stored() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let wanted = json!({ "role": "writer", "label": "for the team", "max_uses": 3, "expires_in": 3_600 });
    let created = ada.create_link(&tea, wanted).await;
    assert!(created.secret.len() == 22 && created.secret.bytes().all(|b| b.is_ascii_alphanumeric()));
    let InviteLink { label, role, created_by, max_uses, uses, expires_at, revoked_at, .. } = &created.link;
    assert_eq!((label.as_str(), *role, created_by.id), ("for the team", Role::Writer, ada.id));
    assert_eq!((*max_uses, *uses, *revoked_at), (Some(3), 0, None));
    let life = expires_at.unwrap() - created.link.created_at;
    assert!((3_590..=3_610).contains(&life.num_seconds()), "{life}");
    let listed = ada.get(&format!("/api/chats/{tea}/links/")).await.assert_status(200);
    assert!(!listed.text.contains(&created.secret));
    assert_eq!(listed.json::<InviteLinksResponse>().links, [created.link]);
    let hash: Vec<u8> =
        app.sql().await.query_one("SELECT secret_hash FROM invite_links", &[]).await.unwrap().get(0);
    assert_eq!(hash, invite_links::hash_secret(&created.secret));
    assert_eq!(audit_kinds(&app).await, ["link_created"]);
    assert_eq!(ada.join(&tea).await.head.get(), 1, "no event in the chat");
}

#[tokio::test(flavor = "multi_thread")]
async fn revoked_link_keeps_members() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let (brian, eve) = (app.create_user("brian").await, app.create_user("eve").await);
    let created = ada.create_link(&tea, json!({ "role": "writer" })).await;
    brian.join(&created.secret).await;
    let responses = join_all((0..5).map(|_| async { ada.revoke_link(&tea, created.link.id).await })).await;
    assert!(responses.iter().all(|response| response.status == 204), "{responses:?}");
    assert_eq!(audit_kinds(&app).await, ["link_created", "link_revoked"], "once");
    assert!(ada.list_links(&tea).await[0].revoked_at.is_some());
    eve.try_join(&created.secret).await.assert_problem(ProblemCode::LinkRevoked);
    eve.preview(&created.secret).await.assert_problem(ProblemCode::LinkRevoked);
    brian.send_message(&created.secret, "I am in, by this very address").await;
    assert_eq!(brian.join(&created.secret).await.uri, tea);
    eve.join(&tea).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn closed_link_names_the_reason() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let (brian, eve) = (app.create_user("brian").await, app.create_user("eve").await);
    let created = ada.create_link(&tea, json!({ "role": "writer", "max_uses": 1, "expires_in": 60 })).await;
    brian.join(&created.secret).await;
    let is_refused = async |code| {
        eve.try_join(&created.secret).await.assert_problem(code);
        eve.preview(&created.secret).await.assert_problem(code);
        app.http.get(&format!("/api/chats/{}/", created.secret)).await.assert_problem(code);
    };
    is_refused(ProblemCode::LinkUseLimitReached).await;
    app.execute_sql("UPDATE invite_links SET expires_at = now() - interval '1 second'").await;
    is_refused(ProblemCode::LinkExpired).await;
    app.execute_sql("UPDATE chats SET deleted_at = now()").await;
    is_refused(ProblemCode::ChatDeleted).await;
    assert_eq!(app.query_count("SELECT count(*) FROM members").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn moderator_links_require_owner() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let (brian, eve) = (app.create_user("brian").await, app.create_user("eve").await);
    brian.join_as_moderator(&ada, &tea).await;
    eve.join(&tea).await;
    brian.try_create_link(&tea, &json!({ "role": "moderator" })).await.assert_problem(ProblemCode::Forbidden);
    let created = brian.create_link(&tea, json!({ "role": "writer" })).await;
    eve.try_create_link(&tea, &json!({ "role": "reader" })).await.assert_problem(ProblemCode::Forbidden);
    eve.get(&format!("/api/chats/{tea}/links/")).await.assert_problem(ProblemCode::Forbidden);
    eve.revoke_link(&tea, created.link.id).await.assert_problem(ProblemCode::Forbidden);
    let all = brian.list_links(&tea).await;
    assert_eq!(all.iter().map(|link| link.role).collect::<Vec<_>>(), [Role::Writer, Role::Moderator]);
    brian.revoke_link(&tea, all[1].id).await.assert_status(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn link_lists_members_who_used_it() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let (brian, eve) = (app.create_user("brian").await, app.create_user("eve").await);
    let created = ada.create_link(&tea, json!({ "role": "writer" })).await;
    brian.join(&created.secret).await;
    eve.join(&tea).await;
    let path = |uri: &str, id: &str| format!("/api/chats/{uri}/links/{id}/members/");
    let response = ada.get(&path(&tea, &created.link.id.to_string())).await.assert_status(200);
    let names: Vec<_> =
        response.json::<InviteLinkUse>().members.into_iter().map(|m| m.user.username).collect();
    assert_eq!((names, response.text.contains("@example.org")), (vec!["brian".to_owned()], false));
    let coffee = ada.create_chat().await;
    for (uri, id) in [(&coffee, created.link.id.to_string()), (&tea, "99".into()), (&tea, "x".into())] {
        ada.get(&path(uri, &id)).await.assert_problem(ProblemCode::NotFound);
        ada.request(&Method::DELETE, &format!("/api/chats/{uri}/links/{id}/"))
            .await
            .assert_problem(ProblemCode::NotFound);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_link_settings_are_rejected() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let wrong = [
        json!({}),
        json!({ "role": "owner" }),
        json!({ "role": "king" }),
        json!({ "role": "writer", "max_uses": 0 }),
        json!({ "role": "writer", "max_uses": 100_001 }),
        json!({ "role": "writer", "expires_in": 0 }),
        json!({ "role": "writer", "expires_in": 366 * 24 * 60 * 60 + 1 }),
        json!({ "role": "writer", "label": "x".repeat(101) }),
        json!({ "role": "writer", "label": "two\nlines" }),
    ];
    for wanted in wrong {
        ada.try_create_link(&tea, &wanted).await.assert_problem(ProblemCode::Invalid);
    }
    assert_eq!(app.query_count("SELECT count(*) FROM invite_links").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn active_links_are_limited_to_a_hundred() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let wanted = json!({ "role": "reader", "max_uses": 1 });
    let tries =
        join_all((0..INVITE_LINKS_MAX + 10).map(|_| async { ada.try_create_link(&tea, &wanted).await }))
            .await;
    let (created, rejected): (Vec<_>, Vec<_>) =
        tries.into_iter().partition(|response| response.status == 201);
    assert_eq!((i64::try_from(created.len()).unwrap(), rejected.len()), (INVITE_LINKS_MAX, 10));
    for response in rejected {
        response.assert_problem(ProblemCode::Conflict);
    }
    let used = created[0].json::<InviteLinkCreated>();
    app.create_user("brian").await.join(&used.secret).await;
    ada.create_link(&tea, wanted.clone()).await;
    ada.try_create_link(&tea, &wanted).await.assert_problem(ProblemCode::Conflict);
}

#[tokio::test(flavor = "multi_thread")]
async fn links_end_with_their_moderator() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let kept = ada.create_link(&tea, json!({ "role": "writer" })).await.secret;
    let changes =
        [json!({ "role": "writer" }), json!({ "status": "removed" }), json!({ "status": "banned" })];
    for (change, number) in changes.iter().zip(1..) {
        brian.join(&tea).await;
        ada.set_role(&tea, &brian, Role::Moderator).await.assert_status(200);
        let secret = brian.create_link(&tea, json!({ "role": "writer" })).await.secret;
        app.create_user(&format!("person{number}")).await.join(&secret).await;
        ada.update_member(&tea, &brian, change).await.assert_status(200);
        let late = app.create_user(&format!("late{number}")).await;
        late.try_join(&secret).await.assert_problem(ProblemCode::LinkRevoked);
        late.join(&kept).await;
        let revoked = audit_kinds(&app).await.into_iter().filter(|kind| kind == "link_revoked").count();
        assert_eq!(revoked, number, "{change}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ban_of_former_moderator_revokes_their_links() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let (brian, eve) = (app.create_member("brian", &tea).await, app.create_user("eve").await);
    ada.set_role(&tea, &brian, Role::Moderator).await.assert_status(200);
    let secret = brian.create_link(&tea, json!({ "role": "writer" })).await.secret;
    brian.leave_chat(&tea).await.assert_status(204);
    eve.join(&secret).await;
    ada.set_status(&tea, &brian, MembershipStatus::Banned).await.assert_status(200);
    app.create_user("fay").await.try_join(&secret).await.assert_problem(ProblemCode::LinkRevoked);
}

#[tokio::test(flavor = "multi_thread")]
async fn old_revoked_links_without_use_are_forgotten() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let used = ada.create_link(&tea, json!({ "role": "writer" })).await;
    app.create_user("brian").await.join(&used.secret).await;
    let path = |id: LinkId| format!("/api/chats/{tea}/links/{id}/");
    ada.request(&Method::DELETE, &path(used.link.id)).await.assert_status(204);
    for _ in 0..102 {
        let unused = ada.create_link(&tea, json!({ "role": "writer" })).await.link.id;
        ada.request(&Method::DELETE, &path(unused)).await.assert_status(204);
    }
    assert_eq!(app.query_count("SELECT count(*) FROM invite_links").await, 101);
    assert_eq!(app.query_count("SELECT count(*) FROM invite_links WHERE uses > 0").await, 1);
}
