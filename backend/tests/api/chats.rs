//! Chats: starting and joining.

use std::collections::HashSet;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use shared::{chat::Joined, member::Role, problem::ProblemCode};

use crate::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn every_address_has_22_characters_and_is_like_no_other() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let uris: Vec<_> = join_all((0..30).map(|_| ada.starts())).await;
    assert!(
        uris.iter().all(|uri| uri.len() == 22 && uri.bytes().all(|b| b.is_ascii_alphanumeric())),
        "{uris:?}"
    );
    assert_eq!(uris.iter().collect::<HashSet<_>>().len(), 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_starts_a_chat_is_its_owner_and_stands_first() {
    let app = TestApp::start().await;
    let (brian, ada) = (app.person("brian").await, app.person("ada").await);
    let tea = ada.starts().await;
    brian.joins(&tea).await;
    let members = app.person("eve").await.joins(&tea).await.members;
    let seen: Vec<_> =
        members.iter().map(|m| (m.user.username.as_str(), m.role, m.seq, m.revision)).collect();
    assert_eq!(
        seen,
        [("ada", Role::Owner, 1, 1), ("brian", Role::Writer, 2, 2), ("eve", Role::Writer, 3, 3)]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn joining_again_changes_nothing() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let brian = app.person("brian").await;
    let first = brian.joins(&tea).await;
    assert_eq!((first.head, first.message.as_str()), (2, "brian joined the chat"));
    assert_eq!(brian.joins(&tea).await, first);
    let ada_again = ada.joins(&tea).await;
    assert_eq!((ada_again.head, ada_again.members[0].role), (2, Role::Owner), "an owner stays one");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_joins_of_one_person_at_once_one_counts() {
    let app = TestApp::start().await;
    let (_, tea) = app.tea().await;
    let brian = app.person("brian").await;
    let joined: Vec<Joined> = join_all((0..20).map(|_| brian.joins(&tea))).await;
    for joined in joined {
        let rows: Vec<_> = joined.members.iter().map(|m| (m.user.id, m.seq)).collect();
        assert_eq!((joined.head, rows.len(), rows[1]), (2, 2, (brian.id, 2)));
    }
    assert_eq!(app.count("SELECT count(*) FROM members").await, 2);
    assert_eq!(app.count("SELECT head FROM chats").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_joins_for_another_who_does_not_keep_the_chat() {
    let app = TestApp::start().await;
    let (_ada, tea) = app.tea().await;
    let (brian, lena, _eve) = (app.person("brian").await, app.person("lena").await, app.person("eve").await);
    lena.joins(&tea).await;
    let path = format!("/api/chats/{tea}/");
    let tries = [(&brian, "eve"), (&lena, "eve"), (&lena, "nobody"), (&brian, "nobody"), (&brian, "")];
    for (caller, other) in tries {
        let answer = caller.call(&Method::PATCH, &path).json(&json!({ "username": other })).await;
        answer.refused(ProblemCode::Forbidden);
    }
    assert_eq!(app.count("SELECT count(*) FROM members").await, 2);
    let in_capitals = brian.call(&Method::PATCH, &path).json(&json!({ "username": "BRIAN" }));
    assert_eq!(in_capitals.await.is(200).read::<Joined>().user.id, brian.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_that_is_not_there_cannot_be_joined() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let too_long = "Z".repeat(65);
    for uri in ["0a1b2c3d4e5f678", "aaaaaaaaaaaaaaaaaaaaaa", "a%00b", "a%20b", "%C3%A9", "%ff", &too_long] {
        ada.join(uri).await.refused(ProblemCode::ChatNotFound);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_of_the_original_is_taken() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    app.sql().await.execute("UPDATE chats SET uri = '0a1b2c3d4e5f678'", &[]).await.unwrap();
    ada.join(&tea).await.is(404);
    assert_eq!(ada.joins("0a1b2c3d4e5f678").await.uri, "0a1b2c3d4e5f678");
    ada.join("0A1B2C3D4E5F678").await.refused(ProblemCode::ChatNotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_join_at_once_get_numbers_without_gaps() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let mut people = Vec::new();
    for number in 0..20 {
        people.push(app.person(&format!("person{number}")).await);
    }
    join_all(people.iter().map(|person| person.joins(&tea))).await;
    let joined = ada.joins(&tea).await;
    let seqs: Vec<_> = joined.members.iter().map(|member| member.seq).collect();
    assert_eq!(seqs, (1..=21).collect::<Vec<_>>());
    assert_eq!(joined.head, 21);
}
