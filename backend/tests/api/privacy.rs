//! E-mails are for their owners alone.

use std::future::IntoFuture;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use shared::member::Standing;

use crate::app::{Answer, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn nobodys_e_mail_reaches_another_member() {
    let app = TestApp::start().await;
    let (mut ada, tea) = app.tea().await;
    let brian = app.person("brian").await;
    let mut eve = brian.listens().await;
    brian.join(&tea).await.is(200);
    eve.hears_membership(&tea, Standing::In).await;
    eve.subscribes(&tea, Some(0), None).await;
    let mut heard = vec![eve.hears_text().await];

    let own: Vec<Answer> =
        join_all([ada.say(&tea, "tea?").into_future(), ada.join(&tea).into_future()]).await;
    assert!(own.iter().all(|answer| answer.text.contains(&ada.email)), "everyone gets their own: {own:?}");
    heard.push(eve.hears_text().await);
    let mut speaker = ada.listens_to(&tea).await;
    speaker.posts(&tea, uuid::Uuid::new_v4(), "coffee?").await;
    heard.push(eve.hears_text().await);
    ada.renames_to("Ada").await;
    heard.push(eve.hears_text().await);
    let lena = app.person("lena").await;
    lena.joins(&tea).await;
    heard.push(eve.hears_text().await);

    let mut told = vec![brian.join(&tea).await, brian.say(&tea, "me too").await];
    for path in ["messages/", "messages/?after=0", "changes/", "changes/?after=1"] {
        told.push(brian.get(&format!("/api/chats/{tea}/{path}")).await);
    }
    let change = ada.call(&Method::PUT, "/auth/me/").json(&json!({ "email": ada.email })).await;
    assert!(change.is(200).text.contains(&ada.email));
    let texts = heard.into_iter().chain(told.into_iter().map(|answer| answer.is(200).text));
    for text in texts {
        assert!(!text.contains(&ada.email) && !text.contains(&lena.email), "{text}");
        assert!(
            text.contains("ada") || text.contains("Ada") || text.contains("lena") || text.contains("me too")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ones_own_e_mail_comes_back_in_ones_own_answers_and_in_no_frame() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let joined = ada.joins(&tea).await;
    assert_eq!((joined.user.email, &joined.members[0].user.email), (ada.email.clone(), &ada.email));
    assert_eq!(ada.says(&tea, "tea?").await.stored.user.email, ada.email);
    let mut listener = ada.listens().await;
    listener.subscribes(&tea, Some(0), None).await;
    let frame = listener.hears_text().await;
    assert!(frame.contains("tea?") && !frame.contains(&ada.email), "{frame}");
}
