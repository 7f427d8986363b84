//! Links: made, listed, revoked, and what they say when they let nobody in.

use backend::db::addresses;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use shared::{
    link::{CameBy, LINKS_MAX, Link, Links, Made},
    member::Role,
    problem::ProblemCode,
};

use crate::app::{Call, Person, TestApp};

impl Person {
    pub fn make_link(&self, uri: &str, wanted: &Value) -> Call {
        self.post(&format!("/api/chats/{uri}/links/")).json(wanted)
    }

    pub async fn makes_link(&self, uri: &str, wanted: Value) -> Made {
        self.make_link(uri, &wanted).await.is(201).read()
    }

    fn revoke(&self, uri: &str, link: i64) -> Call {
        self.call(&Method::DELETE, &format!("/api/chats/{uri}/links/{link}/"))
    }

    async fn links(&self, uri: &str) -> Vec<Link> {
        self.get(&format!("/api/chats/{uri}/links/")).await.is(200).read::<Links>().links
    }

    /// A moderator of the chat.
    async fn keeps(&self, owner: &Person, uri: &str) {
        let link = owner.makes_link(uri, json!({ "role": "moderator" })).await;
        self.joins(&link.secret).await;
    }
}

async fn audit(app: &TestApp) -> Vec<String> {
    let rows = app.sql().await.query("SELECT act->>'kind' FROM audit ORDER BY id", &[]).await.unwrap();
    rows.into_iter().map(|row| row.get(0)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_secret_is_told_once_and_stored_nowhere() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let wanted = json!({ "role": "writer", "label": "for the team", "uses_max": 3, "expires_in": 3_600 });
    let made = ada.makes_link(&tea, wanted).await;
    assert!(made.secret.len() == 22 && made.secret.bytes().all(|b| b.is_ascii_alphanumeric()));
    let Link { label, role, created_by, uses_max, uses, expires_at, revoked_at, .. } = &made.link;
    assert_eq!((label.as_str(), *role, created_by.id), ("for the team", Role::Writer, ada.id));
    assert_eq!((*uses_max, *uses, *revoked_at), (Some(3), 0, None));
    let life = expires_at.unwrap() - made.link.created_at;
    assert!((3_590..=3_610).contains(&life.num_seconds()), "{life}");
    let listed = ada.get(&format!("/api/chats/{tea}/links/")).await.is(200);
    assert!(!listed.text.contains(&made.secret));
    assert_eq!(listed.read::<Links>().links, [made.link]);
    let hash: Vec<u8> = app.sql().await.query_one("SELECT secret_hash FROM links", &[]).await.unwrap().get(0);
    assert_eq!(hash, addresses::hash(&made.secret));
    assert_eq!(audit(&app).await, ["link_made"]);
    assert_eq!(ada.joins(&tea).await.head, 1, "no word of it in the chat");
}

#[tokio::test(flavor = "multi_thread")]
async fn revoking_a_link_expels_nobody() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let (brian, eve) = (app.person("brian").await, app.person("eve").await);
    let made = ada.makes_link(&tea, json!({ "role": "writer" })).await;
    brian.joins(&made.secret).await;
    let answers = join_all((0..5).map(|_| async { ada.revoke(&tea, made.link.id).await })).await;
    assert!(answers.iter().all(|answer| answer.status == 204), "{answers:?}");
    assert_eq!(audit(&app).await, ["link_made", "link_revoked"], "once");
    assert!(ada.links(&tea).await[0].revoked_at.is_some());
    eve.join(&made.secret).await.refused(ProblemCode::LinkRevoked);
    eve.preview(&made.secret).await.refused(ProblemCode::LinkRevoked);
    brian.says(&made.secret, "I am in, by this very address").await;
    assert_eq!(brian.joins(&made.secret).await.uri, tea);
    eve.joins(&tea).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_says_why_it_lets_nobody_in() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let (brian, eve) = (app.person("brian").await, app.person("eve").await);
    let made = ada.makes_link(&tea, json!({ "role": "writer", "uses_max": 1, "expires_in": 60 })).await;
    brian.joins(&made.secret).await;
    let is_refused = async |code| {
        eve.join(&made.secret).await.refused(code);
        eve.preview(&made.secret).await.refused(code);
        app.web.get(&format!("/api/chats/{}/", made.secret)).await.refused(code);
    };
    is_refused(ProblemCode::LinkUsedUp).await;
    app.run("UPDATE links SET expires_at = now() - interval '1 second'").await;
    is_refused(ProblemCode::LinkExpired).await;
    app.run("UPDATE chats SET deleted_at = now()").await;
    is_refused(ProblemCode::ChatEnded).await;
    assert_eq!(app.count("SELECT count(*) FROM members").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_owner_makes_links_that_moderate() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let (brian, eve) = (app.person("brian").await, app.person("eve").await);
    brian.keeps(&ada, &tea).await;
    eve.joins(&tea).await;
    brian.make_link(&tea, &json!({ "role": "moderator" })).await.refused(ProblemCode::Forbidden);
    let made = brian.makes_link(&tea, json!({ "role": "writer" })).await;
    eve.make_link(&tea, &json!({ "role": "reader" })).await.refused(ProblemCode::Forbidden);
    eve.get(&format!("/api/chats/{tea}/links/")).await.refused(ProblemCode::Forbidden);
    eve.revoke(&tea, made.link.id).await.refused(ProblemCode::Forbidden);
    let all = brian.links(&tea).await;
    assert_eq!(all.iter().map(|link| link.role).collect::<Vec<_>>(), [Role::Writer, Role::Moderator]);
    brian.revoke(&tea, all[1].id).await.is(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_came_by_a_link_is_known() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let (brian, eve) = (app.person("brian").await, app.person("eve").await);
    let made = ada.makes_link(&tea, json!({ "role": "writer" })).await;
    brian.joins(&made.secret).await;
    eve.joins(&tea).await;
    let path = |uri: &str, id: &str| format!("/api/chats/{uri}/links/{id}/members/");
    let answer = ada.get(&path(&tea, &made.link.id.to_string())).await.is(200);
    let names: Vec<_> = answer.read::<CameBy>().members.into_iter().map(|m| m.user.username).collect();
    assert_eq!((names, answer.text.contains("@example.org")), (vec!["brian".to_owned()], false));
    let coffee = ada.starts().await;
    for (uri, id) in [(&coffee, made.link.id.to_string()), (&tea, "99".into()), (&tea, "x".into())] {
        ada.get(&path(uri, &id)).await.refused(ProblemCode::NotFound);
        ada.call(&Method::DELETE, &format!("/api/chats/{uri}/links/{id}/"))
            .await
            .refused(ProblemCode::NotFound);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_cannot_be_is_not_made() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let wrong = [
        json!({}),
        json!({ "role": "owner" }),
        json!({ "role": "king" }),
        json!({ "role": "writer", "uses_max": 0 }),
        json!({ "role": "writer", "uses_max": 100_001 }),
        json!({ "role": "writer", "expires_in": 0 }),
        json!({ "role": "writer", "expires_in": 366 * 24 * 60 * 60 + 1 }),
        json!({ "role": "writer", "label": "x".repeat(101) }),
        json!({ "role": "writer", "label": "two\nlines" }),
    ];
    for wanted in wrong {
        ada.make_link(&tea, &wanted).await.refused(ProblemCode::Invalid);
    }
    assert_eq!(app.count("SELECT count(*) FROM links").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_has_a_hundred_links_that_work_and_no_more() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let wanted = json!({ "role": "reader", "uses_max": 1 });
    let tries = join_all((0..LINKS_MAX + 10).map(|_| async { ada.make_link(&tea, &wanted).await })).await;
    let (made, refused): (Vec<_>, Vec<_>) = tries.into_iter().partition(|answer| answer.status == 201);
    assert_eq!((i64::try_from(made.len()).unwrap(), refused.len()), (LINKS_MAX, 10));
    for answer in refused {
        answer.refused(ProblemCode::Conflict);
    }
    let used = made[0].read::<Made>();
    app.person("brian").await.joins(&used.secret).await;
    ada.makes_link(&tea, wanted.clone()).await;
    ada.make_link(&tea, &wanted).await.refused(ProblemCode::Conflict);
}
