//! Messages with files. Uploading and downloading them has tests of its own.

use reqwest::Method;
use serde_json::{Value, json};
use shared::{
    file::{ImageSize, MessageFile},
    message::{Message, MessagePosted},
    problem::{FieldCode, ProblemCode},
    socket::{ClientFrame, ServerFrame},
};
use uuid::Uuid;

use crate::support::{ApiRequest, TestApp, TestChat, TestUser};

/// Records that the user has uploaded an image to the chat.
async fn insert_file(app: &TestApp, user: &TestUser, chat: &TestChat, name: &str) -> Uuid {
    let (id, user_id, chat_id) = (Uuid::new_v4(), user.id, chat.id);
    app.execute_sql(&format!(
        "INSERT INTO files (id, chat_id, user_id, object_key, name, media_type, stored_size, size, width, height, \
           checksum) \
         VALUES ('{id}', {chat_id}, {user_id}, '{id}', '{name}', 'image/png', 9, 7, 40, 30, '')"
    ))
    .await;
    id
}

fn file(id: Uuid, name: &str) -> MessageFile {
    let image = Some(ImageSize { width: 40, height: 30 });
    MessageFile { id, name: name.to_owned(), size: 7, media_type: "image/png".to_owned(), image }
}

fn try_post(user: &TestUser, uri: &str, body: &Value) -> ApiRequest {
    user.post(&format!("/api/chats/{uri}/messages/")).json(body)
}

async fn post(user: &TestUser, uri: &str, body: &Value) -> Message {
    try_post(user, uri, body).await.assert_status(200).json::<MessagePosted>().stored
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_shown_everywhere() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let plan = insert_file(&app, &brian, &tea, "plan.png").await;
    let view = insert_file(&app, &brian, &tea, "view.png").await;
    let mut listener = ada.open_socket_in(&tea).await;
    // Fills the cache.
    ada.history(&tea, "").await;
    let posted = post(&brian, &tea, &json!({ "files": [view, plan] })).await;
    assert_eq!((posted.message.as_str(), posted.user.id), ("", brian.id));
    assert_eq!(posted.files, [file(view, "view.png"), file(plan, "plan.png")]);
    let expected = Message { user: posted.user.clone().public(), ..posted };
    assert_eq!(listener.recv_changes().await.messages, std::slice::from_ref(&expected));
    for query in ["", "?before=100"] {
        assert_eq!(ada.history(&tea, query).await.messages.pop().unwrap(), expected, "{query}");
    }
    assert_eq!(ada.only_chat().await.last_message.unwrap().files, expected.files);
}

#[tokio::test(flavor = "multi_thread")]
async fn message_keeps_files_until_it_is_deleted() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let plan = insert_file(&app, &ada, &tea, "plan.png").await;
    let seq = post(&ada, &tea, &json!({ "message": "look", "files": [plan] })).await.seq;
    let with_message = "SELECT count(*) FROM files WHERE posted AND message_id IS NOT NULL";
    // The text may go, as long as there is a file.
    let edited: Message = ada.edit_message(&tea, seq, "").await.assert_status(200).json();
    assert_eq!((edited.message.as_str(), edited.files.len()), ("", 1));
    let text = ada.send_message(&tea, "only text").await.stored.seq;
    let refused = ada.edit_message(&tea, text, " ").await.assert_problem(ProblemCode::Invalid);
    assert_eq!(refused.errors[0].code, FieldCode::Blank);
    assert_eq!(app.query_count(with_message).await, 1);
    ada.delete_message(&tea, seq).await.assert_status(204);
    assert!(ada.history(&tea, "").await.messages.iter().all(|message| message.files.is_empty()));
    assert_eq!(app.query_count(with_message).await, 0);
    assert_eq!(app.query_count("SELECT count(*) FROM messages WHERE files IS NOT NULL").await, 0);
    // Nothing brings it back.
    let again = try_post(&ada, &tea, &json!({ "files": [plan] })).await;
    again.assert_problem(ProblemCode::FileNotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn file_belongs_to_one_message_of_its_uploader() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let coffee = ada.create_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let plan = insert_file(&app, &ada, &tea, "plan.png").await;
    let elsewhere = insert_file(&app, &ada, &coffee, "plan.png").await;
    let free = insert_file(&app, &ada, &tea, "free.png").await;
    let client_id = Uuid::new_v4();
    let body = json!({ "message": "look", "files": [plan], "client_id": client_id });
    let stored = post(&ada, &tea, &body).await;
    assert_eq!(post(&ada, &tea, &body).await, stored);
    for other in [json!([]), json!([free]), json!([plan, free])] {
        let body = json!({ "message": "look", "files": other, "client_id": client_id });
        try_post(&ada, &tea, &body).await.assert_problem(ProblemCode::ClientIdConflict);
    }
    for (user, files) in [
        (&ada, vec![plan]),
        (&ada, vec![elsewhere]),
        (&ada, vec![free, free]),
        (&ada, vec![free, Uuid::new_v4()]),
        (&brian, vec![free]),
    ] {
        let refused = try_post(user, &tea, &json!({ "message": "look", "files": files })).await;
        refused.assert_problem(ProblemCode::FileNotFound);
    }
    // After an edit the same post is still known, and other files are not.
    ada.edit_message(&tea, stored.seq, "look here").await.assert_status(200);
    assert_eq!(post(&ada, &tea, &body).await.message, "look here");
    post(&ada, &tea, &json!({ "files": [free] })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_posted_over_socket_in_order() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let ids = [insert_file(&app, &ada, &tea, "1.png").await, insert_file(&app, &ada, &tea, "2.png").await];
    let mut socket = ada.open_socket_in(&tea).await;
    let frame = |message: &str, files: &[Uuid]| ClientFrame::Post {
        chat_id: tea.id,
        client_id: Uuid::new_v4(),
        message: message.to_owned(),
        reply_to: None,
        files: files.to_vec(),
    };
    let frames = [frame("1", &ids[..1]), frame("2", &[]), frame("3", &ids[1..]), frame("4", &[])];
    for post in &frames {
        socket.send_frame(post).await;
    }
    let mut posted = 0;
    while posted < frames.len() {
        posted += usize::from(matches!(socket.recv_event().await, ServerFrame::Posted { .. }));
    }
    let history = ada.history(&tea, "").await.messages;
    let texts: Vec<_> =
        history.iter().filter(|it| it.event.is_none()).map(|it| it.message.as_str()).collect();
    assert_eq!(texts, ["1", "2", "3", "4"]);
    socket.send_frame(&frame("", &[])).await;
    assert_eq!(socket.recv_rejection().await.problem.errors[0].code, FieldCode::Blank);
    socket.send_frame(&frame("", &[Uuid::new_v4(); 11])).await;
    assert_eq!(socket.recv_rejection().await.problem.errors[0].code, FieldCode::TooManyFiles);
    socket.send_frame(&frame("", &ids[..1])).await;
    assert_eq!(socket.recv_rejection().await.problem.code, ProblemCode::FileNotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_lists_of_files_name_the_reason() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    for (files, code) in [
        (json!("plan"), FieldCode::NotUuid),
        (json!(["plan"]), FieldCode::NotUuid),
        (json!([7]), FieldCode::NotUuid),
        (json!({}), FieldCode::NotText),
        (json!(vec![Uuid::new_v4(); 11]), FieldCode::TooManyFiles),
    ] {
        let body = json!({ "message": "look", "files": files });
        let problem = try_post(&ada, &tea, &body).await.assert_problem(ProblemCode::Invalid);
        assert_eq!((problem.errors[0].field.as_str(), problem.errors[0].code), ("files", code), "{body}");
    }
    for body in [json!({ "message": "look", "files": null }), json!({ "message": "look", "files": [] })] {
        assert_eq!(post(&ada, &tea, &body).await.files, []);
    }
    // A form has commas between them.
    let (first, second) =
        (insert_file(&app, &ada, &tea, "1").await, insert_file(&app, &ada, &tea, "2").await);
    let form = app.http.request(&Method::POST, &format!("/api/chats/{tea}/messages/"));
    let form = form.header("authorization", &format!("JWT {}", ada.token));
    let files = format!("{first},{second}");
    let posted: MessagePosted = form.form(&[("files", &files)]).await.assert_status(200).json();
    assert_eq!(posted.stored.files.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn expired_and_purged_messages_lose_their_files() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let plan = insert_file(&app, &ada, &tea, "plan.png").await;
    post(&ada, &tea, &json!({ "files": [plan] })).await;
    app.execute_sql("DELETE FROM messages").await;
    assert_eq!(app.query_count("SELECT count(*) FROM files WHERE posted AND message_id IS NULL").await, 1);
}
