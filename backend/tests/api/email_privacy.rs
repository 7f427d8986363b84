//! E-mail addresses are shown to their owners only.

use std::future::IntoFuture;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use shared::{id::Head, member::MembershipStatus, socket::ServerFrame};

use crate::support::{ApiResponse, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn email_is_never_shown_to_other_members() {
    let app = TestApp::spawn().await;
    let (mut ada, tea) = app.ada_and_chat().await;
    let brian = app.create_user("brian").await;
    let mut eve = brian.open_socket().await;
    brian.try_join(&tea).await.assert_status(200);
    eve.expect_membership(tea.id, MembershipStatus::Member).await;
    eve.subscribe(&tea, Some(Head::new(0)), None).await;
    assert!(matches!(eve.recv().await, ServerFrame::Subscribed { .. }));
    let mut received = vec![eve.recv_text().await];
    let own: Vec<ApiResponse> =
        join_all([ada.try_send_message(&tea, "tea?").into_future(), ada.try_join(&tea).into_future()]).await;
    assert!(
        own.iter().all(|response| response.text.contains(&ada.email)),
        "everyone gets their own: {own:?}"
    );
    received.push(eve.recv_text().await);
    let mut author = ada.open_socket_in(&tea).await;
    author.post_message(tea.id, uuid::Uuid::new_v4(), "coffee?").await;
    received.push(eve.recv_text().await);
    ada.rename("Ada").await;
    received.push(eve.recv_text().await);
    let lena = app.create_user("lena").await;
    lena.join(&tea).await;
    received.push(eve.recv_text().await);
    let mut responses = vec![brian.try_join(&tea).await, brian.try_send_message(&tea, "me too").await];
    for path in ["messages/", "messages/?after=0", "changes/", "changes/?after=1"] {
        responses.push(brian.get(&format!("/api/chats/{tea}/{path}")).await);
    }
    let change = ada.request(&Method::PUT, "/auth/me/").json(&json!({ "email": ada.email })).await;
    assert!(change.assert_status(200).text.contains(&ada.email));
    let texts =
        received.into_iter().chain(responses.into_iter().map(|response| response.assert_status(200).text));
    for text in texts {
        assert!(!text.contains(&ada.email) && !text.contains(&lena.email), "{text}");
        assert!(
            text.contains("ada") || text.contains("Ada") || text.contains("lena") || text.contains("me too")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn own_email_is_in_responses_but_not_in_frames() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let joined = ada.join(&tea).await;
    assert_eq!((joined.user.email, &joined.members[0].user.email), (ada.email.clone(), &ada.email));
    assert_eq!(ada.send_message(&tea, "tea?").await.stored.user.email, ada.email);
    let mut listener = ada.open_socket().await;
    listener.subscribe(&tea, Some(Head::new(0)), None).await;
    assert!(matches!(listener.recv().await, ServerFrame::Subscribed { .. }));
    let frame = listener.recv_text().await;
    assert!(frame.contains("tea?") && !frame.contains(&ada.email), "{frame}");
}
