//! URIs of a chat: previews, and how the URI is rotated.

use futures_util::future::join;
use serde_json::json;
use shared::{
    chat::ChatPreview,
    event::Event,
    id::{ChatId, Head},
    member::{MembershipStatus, Role},
    problem::ProblemCode,
    socket::{ClientFrame, ServerFrame},
};
use uuid::Uuid;

use crate::support::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn chat_preview_shows_chat_to_uri_holder() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    app.execute_sql("UPDATE chats SET name = 'Tea', topic = 'Which one?', closed = true").await;
    let brian = app.create_user("brian").await;
    brian.join(&tea).await;
    let mut here = ada.open_socket_in(&tea).await;
    let link = ada.create_link(&tea, json!({ "role": "reader" })).await.secret;
    let before = app.query_count("SELECT head FROM chats").await;
    let response = app.http.get(&format!("/api/chats/{link}/")).await.assert_status(200);
    let stranger: ChatPreview = response.json();
    assert_eq!((stranger.uri.as_str(), stranger.role, stranger.status), (link.as_str(), Role::Reader, None));
    assert_eq!((stranger.name.as_str(), stranger.topic.as_str()), ("Tea", "Which one?"));
    assert_eq!(
        (stranger.members, stranger.closed, stranger.guests_allowed, stranger.approval_required),
        (2, true, true, false)
    );
    assert_eq!(stranger.member_sample.iter().map(|user| user.id).collect::<Vec<_>>(), [ada.id]);
    assert!(!response.text.contains(&*tea) && !response.text.contains("example.org"), "{response:?}");
    let eve: ChatPreview = app.create_user("eve").await.preview(&tea).await.assert_status(200).json();
    assert_eq!((eve.uri, eve.role, eve.status), (tea.uri.clone(), Role::Writer, None));
    let member: ChatPreview = brian.preview(&link).await.assert_status(200).json();
    assert_eq!(
        (member.uri, member.role, member.status),
        (tea.uri.clone(), Role::Writer, Some(MembershipStatus::Member))
    );
    assert_eq!(app.query_count("SELECT head FROM chats").await, before);
    assert_eq!(app.query_count("SELECT uses::bigint FROM invite_links").await, 0);
    here.sync().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chat_preview_of_unknown_uri_is_not_found() {
    let app = TestApp::spawn().await;
    let (mut ada, tea) = app.ada_and_chat().await;
    for address in ["aaaaaaaaaaaaaaaaaaaaaa", "a%20b", "0a1b2c3d4e5f678"] {
        app.http.get(&format!("/api/chats/{address}/")).await.assert_problem(ProblemCode::ChatNotFound);
        ada.preview(address).await.assert_problem(ProblemCode::ChatNotFound);
    }
    ada.token.push('x');
    ada.preview(&tea).await.assert_problem(ProblemCode::InvalidToken);
}

#[tokio::test(flavor = "multi_thread")]
async fn closed_page_url_rejects_joins_but_not_links() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let eve = app.create_user("eve").await;
    app.execute_sql("UPDATE chats SET link_open = false").await;
    eve.try_join(&tea).await.assert_problem(ProblemCode::LinkClosed);
    eve.preview(&tea).await.assert_problem(ProblemCode::LinkClosed);
    ada.join(&tea).await;
    let link = ada.create_link(&tea, json!({ "role": "writer" })).await.secret;
    assert_eq!(eve.join(&link).await.uri, tea);
}

#[tokio::test(flavor = "multi_thread")]
async fn rotated_uri_keeps_members_and_revokes_old() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let (brian, eve) = (app.create_user("brian").await, app.create_user("eve").await);
    brian.join(&tea).await;
    brian.send_message(&tea, "warm").await;
    brian.post(&format!("/api/chats/{tea}/uri/")).await.assert_problem(ProblemCode::Forbidden);
    let new = ada.rotate_uri(&tea).await;
    assert!(new.len() == 22 && new != tea);
    for code in
        [eve.try_join(&tea).await, eve.preview(&tea).await, app.http.get(&format!("/api/chats/{tea}/")).await]
    {
        code.assert_problem(ProblemCode::LinkRevoked);
    }
    eve.join(&new).await;
    assert_eq!(brian.send_message(&tea, "by the old one").await.uri, new);
    assert_eq!(brian.history(&tea, "").await.uri, new);
    assert_eq!(brian.join(&tea).await.uri, new);
    let missed = brian.changes(&tea, Head::new(3)).await;
    assert_eq!((missed.chat_id, &missed.chat.unwrap().uri), (tea.id, &new));
    assert_eq!(missed.messages[0].event.as_ref(), Some(&Event::UriRotated));
    let newest = ada.rotate_uri(&tea).await;
    eve.try_join(&new).await.assert_status(200);
    assert_eq!(eve.join(&tea).await.uri, newest, "members may use every former URI");
    assert_eq!(
        app.query_count("SELECT count(*) FROM audit_log WHERE action->>'kind' = 'uri_rotated'").await,
        2
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn subscriber_gets_new_uri_as_chat_change() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_user("brian").await;
    brian.join(&tea).await;
    let (mut insider, mut other) = (ada.open_socket_in(&tea).await, brian.open_socket_in(&tea).await);
    let new = ada.rotate_uri(&tea).await;
    for socket in [&mut insider, &mut other] {
        let changes = socket.recv_changes().await;
        assert_eq!(
            (changes.chat_id, changes.head.get(), changes.chat.unwrap().uri),
            (tea.id, 4, new.clone())
        );
        assert_eq!(changes.messages[0].event.as_ref(), Some(&Event::UriRotated));
    }
    // Everything else goes on under the same id.
    brian.send_message(&tea, "by the old one").await;
    for socket in [&mut insider, &mut other] {
        assert_eq!(socket.recv_changes().await.messages[0].message, "by the old one");
    }
    other.report_typing(tea.id).await;
    assert_eq!(insider.recv_event().await, ServerFrame::Typing { chat_id: tea.id, user_id: brian.id });
    other.close().await;
    assert_eq!(insider.wait_for_presence(1).await, [ada.id]);
    insider.unsubscribe(tea.id).await;
    insider.post_message(tea.id, Uuid::new_v4(), "fence").await;
    assert!(matches!(insider.recv_event().await, ServerFrame::Posted { .. }), "no more frames of the chat");
}

#[tokio::test(flavor = "multi_thread")]
async fn subscribe_by_former_uri_returns_current_uri() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let epoch = ada.join(&tea).await.epoch;
    let link = ada.create_link(&tea, json!({ "role": "writer" })).await.secret;
    let new = ada.rotate_uri(&tea).await;
    for old in [&*tea, &link, &new] {
        let mut listener = ada.open_socket().await;
        listener.subscribe(old, Some(Head::new(1)), Some(epoch)).await;
        assert_eq!(listener.recv().await, ServerFrame::Subscribed { chat_id: tea.id, uri: new.clone() });
        let missed = listener.recv_changes().await;
        assert_eq!((missed.chat_id, missed.after.get(), missed.chat.unwrap().uri), (tea.id, 1, new.clone()));
        let id = Uuid::new_v4();
        listener.post_message(tea.id, id, "tea?").await;
        let frames = [listener.recv_event().await, listener.recv_event().await];
        assert!(
            frames
                .iter()
                .any(|frame| matches!(frame, ServerFrame::Posted { client_id, .. } if *client_id == id))
        );
        assert!(
            frames
                .iter()
                .any(|frame| matches!(frame, ServerFrame::Changes(changes) if changes.chat_id == tea.id))
        );
        listener.unsubscribe(tea.id).await;
        listener.post_message(tea.id, Uuid::new_v4(), "fence").await;
        assert!(matches!(listener.recv_event().await, ServerFrame::Posted { .. }));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn subscribe_by_id_needs_membership() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut listener = ada.open_socket().await;
    listener.subscribe_by_id(tea.id, None, None).await;
    assert_eq!(listener.recv().await, ServerFrame::Subscribed { chat_id: tea.id, uri: tea.uri.clone() });
    assert_eq!(listener.recv_changes().await.chat_id, tea.id);
    let mut stranger = app.create_user("eve").await.open_socket().await;
    for chat_id in [tea.id, ChatId::new(tea.id.get() + 1), ChatId::new(0), ChatId::new(-1)] {
        stranger.subscribe_by_id(chat_id, None, None).await;
        let rejection = stranger.recv_rejection().await;
        assert_eq!((rejection.chat_id, rejection.problem.code), (Some(chat_id), ProblemCode::ChatNotFound));
    }
    ada.delete_chat(&tea).await.assert_status(204);
    stranger.subscribe_by_id(tea.id, None, None).await;
    let code = stranger.recv_rejection().await.problem.code;
    assert_eq!(code, ProblemCode::ChatNotFound, "ids can be guessed");
    let neither = ClientFrame::Subscribe { chat_id: None, uri: None, after: None, epoch: None };
    stranger.send_frame(&neither).await;
    assert_eq!(stranger.recv_rejection().await.problem.code, ProblemCode::Malformed);
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_posts_and_rotations_lose_no_change() {
    const TIMES: usize = 12;
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_user("brian").await;
    brian.join(&tea).await;
    let mut listener = brian.open_socket_in(&tea).await;
    let rotating = async {
        for _ in 0..TIMES {
            ada.rotate_uri(&tea).await;
        }
    };
    let posting = async { brian.send_messages(&tea, "tea?", 150).await };
    let receiving = async {
        let (mut uri, mut head) = (tea.uri.clone(), Head::new(2));
        while head.get() < 2 + 150 + 2 * i64::try_from(TIMES).unwrap() {
            let changes = listener.recv_changes().await;
            assert!(changes.after <= head, "nothing is missing");
            head = changes.head;
            if let Some(chat) = changes.chat {
                uri = chat.uri;
            }
        }
        uri
    };
    let (uri, _) = join(receiving, join(rotating, posting)).await;
    assert_eq!(uri, ada.join(&tea).await.uri);
}

#[tokio::test(flavor = "multi_thread")]
async fn event_stream_survives_uri_rotation() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut stream = ada.open_stream(&tea).await;
    let new = ada.rotate_uri(&tea).await;
    assert_eq!(stream.recv_changes().await.1.chat.unwrap().uri, new);
    ada.send_message(&tea, "tea?").await;
    let (_, received) = stream.recv_changes().await;
    assert_eq!((received.chat_id, received.messages[0].message.as_str()), (tea.id, "tea?"));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_newest_former_uris_are_remembered() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    for _ in 0..102 {
        ada.rotate_uri(&tea).await;
    }
    let known = format!("SELECT count(*) FROM former_uris WHERE uri = '{tea}'");
    assert_eq!(app.query_count("SELECT count(*) FROM former_uris").await, 100);
    assert_eq!(app.query_count(&known).await, 0, "the oldest are forgotten");
}
