//! Creating and joining chats.

use std::collections::HashSet;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use shared::{chat::JoinResponse, member::Role, problem::ProblemCode};

use crate::support::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn chat_uri_has_22_characters_and_is_unique() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    let uris: Vec<_> = join_all((0..30).map(|_| ada.create_chat())).await;
    assert!(
        uris.iter().all(|uri| uri.len() == 22 && uri.bytes().all(|b| b.is_ascii_alphanumeric())),
        "{uris:?}"
    );
    assert_eq!(uris.iter().collect::<HashSet<_>>().len(), 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn chat_creator_is_owner_and_listed_first() {
    let app = TestApp::spawn().await;
    let (brian, ada) = (app.create_user("brian").await, app.create_user("ada").await);
    let tea = ada.create_chat().await;
    brian.join(&tea).await;
    let members = app.create_user("eve").await.join(&tea).await.members;
    let seen: Vec<_> =
        members.iter().map(|m| (m.user.username.as_str(), m.role, m.seq.get(), m.revision.get())).collect();
    assert_eq!(
        seen,
        [("ada", Role::Owner, 1, 1), ("brian", Role::Writer, 2, 2), ("eve", Role::Writer, 3, 3)]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn joining_twice_changes_nothing() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_user("brian").await;
    let first = brian.join(&tea).await;
    assert_eq!((first.head.get(), first.message.as_str()), (2, "brian joined the chat"));
    assert_eq!(brian.join(&tea).await, first);
    let ada_again = ada.join(&tea).await;
    assert_eq!((ada_again.head.get(), ada_again.members[0].role), (2, Role::Owner), "an owner stays owner");
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_joins_of_one_user_count_once() {
    let app = TestApp::spawn().await;
    let (_, tea) = app.ada_and_chat().await;
    let brian = app.create_user("brian").await;
    let joined: Vec<JoinResponse> = join_all((0..20).map(|_| brian.join(&tea))).await;
    for joined in joined {
        let rows: Vec<_> = joined.members.iter().map(|m| (m.user.id, m.seq.get())).collect();
        assert_eq!((joined.head.get(), rows.len(), rows[1]), (2, 2, (brian.id, 2)));
    }
    assert_eq!(app.query_count("SELECT count(*) FROM members").await, 2);
    assert_eq!(app.query_count("SELECT head FROM chats").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn adding_members_requires_moderator() {
    let app = TestApp::spawn().await;
    let (_ada, tea) = app.ada_and_chat().await;
    let (brian, lena, _eve) =
        (app.create_user("brian").await, app.create_user("lena").await, app.create_user("eve").await);
    lena.join(&tea).await;
    let path = format!("/api/chats/{tea}/");
    let tries = [(&brian, "eve"), (&lena, "eve"), (&lena, "nobody"), (&brian, "nobody"), (&brian, "")];
    for (caller, other) in tries {
        let response = caller.request(&Method::PATCH, &path).json(&json!({ "username": other })).await;
        response.assert_problem(ProblemCode::Forbidden);
    }
    assert_eq!(app.query_count("SELECT count(*) FROM members").await, 2);
    let in_capitals = brian.request(&Method::PATCH, &path).json(&json!({ "username": "BRIAN" }));
    assert_eq!(in_capitals.await.assert_status(200).json::<JoinResponse>().user.id, brian.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn joining_unknown_chat_is_not_found() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    let too_long = "Z".repeat(65);
    for uri in ["0a1b2c3d4e5f678", "aaaaaaaaaaaaaaaaaaaaaa", "a%00b", "a%20b", "%C3%A9", "%ff", &too_long] {
        ada.try_join(uri).await.assert_problem(ProblemCode::ChatNotFound);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn legacy_uri_is_accepted() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    app.sql().await.execute("UPDATE chats SET uri = '0a1b2c3d4e5f678'", &[]).await.unwrap();
    ada.try_join(&tea).await.assert_status(404);
    assert_eq!(ada.join("0a1b2c3d4e5f678").await.uri, "0a1b2c3d4e5f678");
    ada.try_join("0A1B2C3D4E5F678").await.assert_problem(ProblemCode::ChatNotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_joins_leave_no_gap() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut users = Vec::new();
    for number in 0..20 {
        users.push(app.create_user(&format!("person{number}")).await);
    }
    join_all(users.iter().map(|user| user.join(&tea))).await;
    let joined = ada.join(&tea).await;
    let seqs: Vec<_> = joined.members.iter().map(|member| member.seq.get()).collect();
    assert_eq!(seqs, (1..=21).collect::<Vec<_>>());
    assert_eq!(joined.head.get(), 21);
}
