//! Exports of a chat.

use std::{collections::BTreeMap, os::unix::fs::symlink};

use reqwest::Method;
use serde_json::{Value, json};
use shared::{
    data_export::{DataExport, DataExportsResponse, ExportState},
    event::Event,
    id::Seq,
    member::{MembershipStatus, Role},
    message::{Message, MessagePosted},
    problem::ProblemCode,
};
use uuid::Uuid;

use crate::{
    data_export::parse_file,
    support::{TestApp, TestChat, TestUser, assert_security_headers, png},
};

type Files = BTreeMap<String, Vec<u8>>;

fn exports_of(chat: &TestChat) -> String {
    format!("/api/chats/{chat}/exports/")
}

impl TestUser {
    async fn export_chat(&self, chat: &TestChat) -> Files {
        let path = exports_of(chat);
        let id = self.start_export_at(&path).await.id;
        let export = self.wait_for_export_at(&path, id).await;
        assert_eq!((export.state, export.done), (ExportState::Ready, export.total));
        self.download_export_at(&path, id).await
    }

    async fn allow_export(&self, chat: &TestChat, allowed: bool) {
        self.update_settings(chat, &json!({ "export_allowed": allowed })).await.assert_status(200);
    }
}

fn messages_in(files: &Files) -> Vec<Message> {
    serde_json::from_value(parse_file(files, "messages.json")).unwrap()
}

fn page<'a>(files: &'a Files, name: &str) -> &'a str {
    std::str::from_utf8(&files[name]).unwrap()
}

/// What Ada and Brian say; returns a message that was edited, a reply to it, and a deleted message.
async fn talk(ada: &TestUser, brian: &TestUser, tea: &TestChat) -> [Seq; 3] {
    ada.update_settings(tea, &json!({ "name": "Tea", "topic": "At four" })).await.assert_status(200);
    let first = ada.send_message(tea, "tea at *four*?").await.stored.seq;
    let reply = brian.reply(tea, first, "with scones").await.assert_status(200).json::<Message>().seq;
    let deleted = brian.send_message(tea, "taken back").await.stored.seq;
    brian.delete_message(tea, deleted).await.assert_status(204);
    ada.reply(tea, deleted, "why?").await.assert_status(200);
    ada.edit_message(tea, first, "tea at *five*?").await.assert_status(200);
    brian.react(tea, first, "🫖").await.assert_status(200);
    ada.request(&Method::PUT, &format!("/api/chats/{tea}/pins/{first}/")).await.assert_status(200);
    [first, reply, deleted]
}

#[tokio::test(flavor = "multi_thread")]
async fn chat_export_holds_what_members_see() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let [first, reply, deleted] = talk(&ada, &brian, &tea).await;
    let coffee = ada.create_chat().await;
    ada.send_message(&coffee, "another chat").await;

    let files = ada.export_chat(&tea).await;
    let names: Vec<_> = files.keys().map(String::as_str).collect();
    assert_eq!(names, ["chat.json", "index.html", "messages.json"]);
    assert_eq!(messages_in(&files), ada.history(&tea, "").await.messages);
    let chat = parse_file(&files, "chat.json");
    assert_eq!(chat["head"], json!(app.query_count("SELECT head FROM chats ORDER BY id LIMIT 1").await));
    assert_eq!((&chat["chat"]["name"], &chat["chat"]["pins"]), (&json!("Tea"), &json!([first])));
    let members = chat["members"].as_array().unwrap();
    let names: Vec<_> = members.iter().map(|member| member["username"].as_str().unwrap()).collect();
    assert_eq!(names, ["ada", "brian"]);

    assert_page_reads_like_chat(page(&files, "index.html"), [first, reply, deleted]);
    let everything: Vec<u8> = files.values().flatten().copied().collect();
    let everything = String::from_utf8_lossy(&everything);
    for hidden in ["taken back", "tea at *four*", "another chat", "@example.org", &tea.uri] {
        assert!(!everything.contains(hidden), "{hidden}");
    }
}

fn assert_page_reads_like_chat(html: &str, [first, reply, deleted]: [Seq; 3]) {
    for part in [
        "<h1 dir=\"auto\">Tea</h1>".to_owned(),
        "<p dir=\"auto\">At four</p>".to_owned(),
        format!("<article id=\"m-{first}\" class=\"first\">"),
        "<p>tea at <em>five</em>?</p>".to_owned(),
        "<span>edited</span> <span>pinned</span>".to_owned(),
        "<li><span class=\"emoji\">🫖</span> <bdi>brian</bdi></li>".to_owned(),
        format!("<article id=\"m-{reply}\" class=\"first\">"),
        format!(
            "<a class=\"quote\" href=\"#m-{first}\"><bdi class=\"author\">ada</bdi> <span dir=\"auto\">tea at five?"
        ),
        format!("<a class=\"quote\" href=\"#m-{deleted}\">Message deleted</a>"),
        "<p class=\"deleted\">Message deleted</p>".to_owned(),
        "<bdi>ada</bdi> named the chat Tea ".to_owned(),
    ] {
        assert!(html.contains(&part), "{part}\n{html}");
    }
}

/// Would end the style sheet, and run.
const MARKUP: &str = "</style><script>x</script>'\"&";

#[tokio::test(flavor = "multi_thread")]
async fn chat_export_escapes_names_and_texts() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let name = json!({ "display_name": MARKUP });
    ada.request(&Method::PATCH, "/auth/me/").json(&name).await.assert_status(200);
    ada.update_settings(&tea, &json!({ "name": MARKUP, "topic": MARKUP })).await.assert_status(200);
    let first = ada.send_message(&tea, MARKUP).await.stored.seq;
    ada.reply(&tea, first, &format!("```{MARKUP}\n{MARKUP}\n```")).await.assert_status(200);
    ada.send_message(&tea, "a\u{1}b\u{8}c \u{202e}drowssap\u{2066} [x](javascript:alert(1)) <img src=x>")
        .await;
    ada.request(&Method::PUT, &format!("/api/chats/{tea}/pins/{first}/")).await.assert_status(200);

    let files = ada.export_chat(&tea).await;
    let html = page(&files, "index.html");
    assert_eq!(html.matches("<script").count(), 0, "{html}");
    assert_eq!((html.matches("</style").count(), html.matches("<style").count()), (1, 1));
    assert!(!html.contains("<img") && !html.contains("href=\"javascript") && !html.contains('\u{1}'));
    let escaped = "&lt;/style&gt;&lt;script&gt;x&lt;/script&gt;&#39;&quot;&amp;";
    // The name and the topic of the chat, in the head and in two events; the text, its quote, its pin; twice in the code block;
    // the name of the author in each row.
    assert!(html.matches(escaped).count() > 12, "{html}");
    assert!(html.contains("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src &#39;none&#39;; style-src &#39;sha256-"));
    assert_eq!(messages_in(&files), ada.history(&tea, "").await.messages);
}

/// The paths with which an export is shown and downloaded.
fn paths_of(chat: &TestChat, id: Uuid) -> [String; 2] {
    ["", "file/"].map(|end| format!("{}{id}/{end}", exports_of(chat)))
}

#[tokio::test(flavor = "multi_thread")]
async fn members_export_only_where_allowed() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let path = exports_of(&tea);
    let [brian, rui] = [app.create_member("brian", &tea).await, app.create_member("rui", &tea).await];
    ada.set_role(&tea, &rui, Role::Reader).await.assert_status(200);
    let guest = app.create_guest("Amber Otter").await;
    guest.join(&tea).await;
    let eve = app.create_user("eve").await;
    for member in [&brian, &rui, &guest] {
        for request in [member.post(&path), member.get(&path)] {
            request.await.assert_problem(ProblemCode::Forbidden);
        }
    }
    eve.post(&path).await.assert_problem(ProblemCode::ChatNotFound);

    ada.allow_export(&tea, true).await;
    let event = Some(Event::Export { allowed: true });
    assert_eq!(ada.history(&tea, "").await.messages.last().unwrap().event, event);
    for member in [&brian, &rui, &guest] {
        assert_eq!(messages_in(&member.export_chat(&tea).await), ada.history(&tea, "").await.messages);
    }

    let exports = brian.get(&path).await.assert_status(200).json::<DataExportsResponse>().exports;
    let [DataExport { id, .. }] = exports[..] else { panic!("{exports:?}") };
    // Each export belongs to one member, and is not among the exports of the account.
    for other in [&ada, &rui] {
        for path in paths_of(&tea, id) {
            other.get(&path).await.assert_problem(ProblemCode::NotFound);
        }
    }
    brian.get(&format!("/auth/exports/{id}/file/")).await.assert_problem(ProblemCode::NotFound);
    let account: DataExportsResponse = brian.get("/auth/exports/").await.assert_status(200).json();
    assert_eq!(account.exports, []);

    ada.allow_export(&tea, false).await;
    for path in paths_of(&tea, id) {
        brian.get(&path).await.assert_problem(ProblemCode::Forbidden);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn removed_member_cannot_download_export() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    ada.allow_export(&tea, true).await;
    let path = exports_of(&tea);
    let id = brian.start_export_at(&path).await.id;
    brian.wait_for_export_at(&path, id).await;
    let by_ticket = async || {
        let ticket = brian.create_ticket().await;
        app.http.get(&format!("{path}{id}/file/?ticket={ticket}")).open().await.unwrap()
    };
    let response = by_ticket().await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/zip");
    let disposition = response.headers()["content-disposition"].to_str().unwrap();
    assert!(disposition.starts_with("attachment; filename=\"chatire-chat-20"), "{disposition}");
    assert_security_headers(&path, response.headers());
    for status in [MembershipStatus::Removed, MembershipStatus::Banned] {
        ada.set_status(&tea, &brian, status).await.assert_status(200);
        for path in paths_of(&tea, id) {
            brian.get(&path).await.assert_problem(ProblemCode::ChatNotFound);
        }
        assert_eq!(by_ticket().await.status(), 404);
    }
    // Another chat of the same user does not lead to it.
    let coffee = brian.create_chat().await;
    for path in paths_of(&coffee, id) {
        brian.get(&path).await.assert_problem(ProblemCode::NotFound);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn chat_export_goes_with_the_chat() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let coffee = ada.create_chat().await;
    let path = exports_of(&tea);
    let id = ada.start_export_at(&path).await.id;
    ada.wait_for_export_at(&path, id).await;
    ada.export_chat(&coffee).await;
    let folder = app.data_dir.path().join("exports");
    let files = || std::fs::read_dir(&folder).unwrap().count();
    assert_eq!(files(), 2);
    ada.delete_chat(&tea).await.assert_status(204);
    assert_eq!(files(), 1);
    assert_eq!(app.query_count("SELECT count(*) FROM data_exports").await, 1);
    for path in paths_of(&tea, id) {
        ada.get(&path).await.assert_problem(ProblemCode::ChatDeleted);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_member_has_one_unfinished_chat_export() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let coffee = ada.create_chat().await;
    app.execute_sql(&format!(
        "INSERT INTO data_exports (id, user_id, chat_id) VALUES (gen_random_uuid(), {}, {})",
        ada.id, tea.id
    ))
    .await;
    ada.post(&exports_of(&tea)).await.assert_problem(ProblemCode::Conflict);
    ada.export_chat(&coffee).await;
    ada.start_export_at("/auth/exports/").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chat_export_is_the_chat_at_one_head() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let [edited, deleted] =
        [ada.send_message(&tea, "one").await.stored.seq, ada.send_message(&tea, "two").await.stored.seq];
    let before = ada.history(&tea, "").await;
    let id = Uuid::new_v4();
    app.execute_sql(&format!(
        "INSERT INTO data_exports (id, user_id, chat_id) VALUES ('{id}', {}, {})",
        ada.id, tea.id
    ))
    .await;
    // The export has read the chat, and waits to say so.
    let sql = app.sql().await;
    sql.batch_execute("BEGIN; LOCK TABLE data_exports IN SHARE MODE").await.unwrap();
    app.state.data_exporter.resume_unfinished().await.unwrap();
    app.wait_for_lock_waiter().await;
    ada.edit_message(&tea, edited, "three").await.assert_status(200);
    ada.delete_message(&tea, deleted).await.assert_status(204);
    ada.send_message(&tea, "four").await;
    sql.batch_execute("COMMIT").await.unwrap();
    let path = exports_of(&tea);
    assert_eq!(ada.wait_for_export_at(&path, id).await.state, ExportState::Ready);
    let files = ada.download_export_at(&path, id).await;
    assert_eq!(parse_file(&files, "chat.json")["head"], json!(before.head));
    assert_eq!(messages_in(&files), before.messages);
}

#[tokio::test(flavor = "multi_thread")]
async fn expired_messages_are_not_exported() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let files = ada.export_chat(&tea).await;
    assert_eq!(messages_in(&files), []);
    assert!(page(&files, "index.html").contains("No messages yet"));
    let old = ada.send_message(&tea, "long gone").await.stored.seq;
    let kept = ada.reply(&tea, old, "still here").await.assert_status(200).json::<Message>().seq;
    app.execute_sql(&format!("UPDATE chats SET first_retained_seq = {kept}")).await;
    let files = ada.export_chat(&tea).await;
    let seqs: Vec<Seq> = messages_in(&files).iter().map(|message| message.seq).collect();
    assert_eq!(seqs, [kept]);
    let html = page(&files, "index.html");
    assert!(html.contains("<p class=\"quote\">This message is gone</p>") && !html.contains("long gone"));
}

#[tokio::test(flavor = "multi_thread")]
async fn long_chat_is_exported_as_linked_pages() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    app.execute_sql(&format!(
        "INSERT INTO messages (chat_id, user_id, client_id, message, seq, revision, created_at, reply_to) \
         SELECT {}, {}, gen_random_uuid(), 'leaf ' || n, n, n, '2026-01-01'::timestamptz + n * interval '1 minute', \
           CASE WHEN n = 10000 THEN 2 END FROM generate_series(2, 10000) AS n; \
         UPDATE chats SET head = 10000, pins = '{{9999}}' WHERE id = {}",
        tea.id, ada.id, tea.id
    ))
    .await;
    let files = ada.export_chat(&tea).await;
    let pages: Vec<_> = files.keys().filter(|name| !name.contains(".json")).collect();
    assert_eq!(pages, ["index.html", "page-2.html", "page-3.html"]);
    let mut seqs = Vec::new();
    for name in pages {
        let articles = page(&files, name).split("<article id=\"m-").skip(1);
        seqs.extend(articles.map(|article| article.split('"').next().unwrap().parse::<i64>().unwrap()));
    }
    assert_eq!(seqs, (2..=10_000).collect::<Vec<_>>());
    let (first, last) = (page(&files, "index.html"), page(&files, "page-3.html"));
    assert!(first.contains("<a href=\"page-3.html#m-9999\">") && first.contains("9,999 messages"));
    assert!(first.contains("<a rel=\"next\" href=\"page-2.html\">Later</a>") && !first.contains("Earlier"));
    assert!(last.contains("<a class=\"quote\" href=\"index.html#m-2\"><bdi class=\"author\">ada</bdi>"));
    assert!(last.contains("<a rel=\"prev\" href=\"page-2.html\">Earlier</a>") && !last.contains("Later"));
}

#[tokio::test(flavor = "multi_thread")]
async fn full_disk_fails_the_export() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    ada.send_message(&tea, "tea?").await;
    let id = Uuid::new_v4();
    app.execute_sql(&format!(
        "INSERT INTO data_exports (id, user_id, chat_id) VALUES ('{id}', {}, {})",
        ada.id, tea.id
    ))
    .await;
    let folder = app.data_dir.path().join("exports");
    std::fs::create_dir_all(&folder).unwrap();
    symlink("/dev/full", folder.join(format!("{id}.zip"))).unwrap();
    app.state.data_exporter.resume_unfinished().await.unwrap();
    assert_eq!(ada.wait_for_export_at(&exports_of(&tea), id).await.state, ExportState::Failed);
    ada.get(&format!("{}{id}/file/", exports_of(&tea))).await.assert_problem(ProblemCode::NotFound);
    // The next one works.
    ada.export_chat(&tea).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn exports_hold_the_files_of_messages() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let plan = brian.upload(&tea, "floor plan?.txt", b"first floor".to_vec()).await;
    let menu = ada.upload(&tea, "menu.png", png(300)).await;
    let gone = ada.upload(&tea, "gone.txt", b"taken back".to_vec()).await;
    let post = async |user: &TestUser, body: Value| {
        let path = format!("/api/chats/{tea}/messages/");
        user.post(&path).json(&body).await.assert_status(200).json::<MessagePosted>().stored.seq
    };
    let first = post(&brian, json!({ "files": [plan.id] })).await;
    let second = post(&ada, json!({ "message": "the menu", "files": [menu.id], "reply_to": first })).await;
    let deleted = post(&ada, json!({ "files": [gone.id] })).await;
    ada.delete_message(&tea, deleted).await.assert_status(204);

    let files = ada.export_chat(&tea).await;
    let (plan_path, menu_path) =
        (format!("files/{first}-1-floor plan_.txt"), format!("files/{second}-1-menu.png"));
    let names: Vec<_> = files.keys().map(String::as_str).collect();
    assert_eq!(names, ["chat.json", &plan_path, &menu_path, "index.html", "messages.json"]);
    assert_eq!(files[&plan_path], b"first floor");
    assert_eq!(u64::try_from(files[&menu_path].len()).unwrap(), menu.size);
    let html = page(&files, "index.html");
    for part in [
        format!("<a href=\"files/{first}-1-floor%20plan_.txt\"><bdi>floor plan?.txt</bdi></a>"),
        format!("<img loading=\"lazy\" src=\"{menu_path}\" alt=\"menu.png\" width=\"300\" height=\"300\">"),
        "<bdi class=\"author\">brian</bdi> <span dir=\"auto\">floor plan?.txt</span>".to_owned(),
    ] {
        assert!(html.contains(&part), "{part}\n{html}");
    }

    // Of an account, its own files.
    let id = brian.start_export_at("/auth/exports/").await.id;
    brian.wait_for_export_at("/auth/exports/", id).await;
    let files = brian.download_export_at("/auth/exports/", id).await;
    let with_files: Vec<_> = files.keys().filter(|name| name.contains("-files/")).collect();
    assert_eq!(with_files, [&format!("messages/{}-{plan_path}", tea.id)]);
    assert_eq!(parse_file(&files, &format!("messages/{}.json", tea.id))[0]["files"], json!([plan]));
}
