//! Searching messages.

use std::time::Duration;

use backend::{
    jobs::{
        chat_expiry,
        search_index::{self, ChatQueue},
    },
    store::message_search,
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;
use shared::{
    id::MessageId,
    member::MembershipStatus,
    problem::{FieldCode, ProblemCode},
    search::{SEARCH_QUERY_MAX, SearchResponse},
    socket::{ClientFrame, ServerFrame},
};
use uuid::Uuid;

use crate::support::{ApiRequest, TestApp, TestChat, TestUser};

/// Lets the server index everything.
async fn index_all(app: &TestApp) {
    loop {
        let mut connection = app.state.db.get().await.unwrap();
        let behind = message_search::list_chats_behind(&mut connection, 1_000).await.unwrap();
        drop(connection);
        let mut queue = ChatQueue::default();
        queue.extend(behind);
        if queue.is_empty() {
            return;
        }
        search_index::index_some(&app.state.db, &mut queue).await.unwrap();
    }
}

/// Searches all chats of the user, or the chat with this URI.
fn try_search(user: &TestUser, uri: Option<&str>, query: &str, rest: &str) -> ApiRequest {
    let folder = uri.map(|uri| format!("chats/{uri}/")).unwrap_or_default();
    user.get(&format!("/api/{folder}search/?q={}{rest}", utf8_percent_encode(query, NON_ALPHANUMERIC)))
}

async fn search(user: &TestUser, uri: Option<&str>, query: &str) -> SearchResponse {
    try_search(user, uri, query, "").await.assert_status(200).json()
}

fn texts(response: &SearchResponse) -> Vec<&str> {
    response.results.iter().map(|result| result.message.message.as_str()).collect()
}

/// Asserts what the user finds in all chats, the newest first; before and after the messages are indexed.
async fn assert_finds(app: &TestApp, user: &TestUser, expected: &[(&str, &[&str])]) {
    for round in 0..2 {
        for (query, found) in expected {
            let response = search(user, None, query).await;
            assert_eq!(texts(&response), *found, "{query:?} in round {round}");
            assert!(response.before.is_none() && !response.incomplete, "{query:?}");
        }
        index_all(app).await;
    }
}

async fn send_all(user: &TestUser, chat: &TestChat, texts: &[&str]) {
    for text in texts {
        user.send_message(chat, text).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn words_prefixes_and_parts_are_found() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let sent = [
        "Green tea at noon?",
        "steam engines",
        "Grüner TEE",
        "明天上午开会议",
        "🍵 for all",
        "ข้าวสวยร้อน",
        "go to it",
    ];
    send_all(&ada, &tea, &sent).await;
    let expected: [(&str, &[&str]); 14] = [
        ("tea", &["steam engines", "Green tea at noon?"]),
        ("TEA green", &["Green tea at noon?"]),
        ("gre", &["Green tea at noon?"]),
        ("gruner tee", &["Grüner TEE"]),
        ("\"tea\"", &["Green tea at noon?"]),
        ("\"tea at\" green", &["Green tea at noon?"]),
        ("\"tea noon\"", &[]),
        ("会议", &["明天上午开会议"]),
        ("午", &["明天上午开会议"]),
        ("上午开", &["明天上午开会议"]),
        ("🍵", &["🍵 for all"]),
        ("สวย", &["ข้าวสวยร้อน"]),
        ("t", &["go to it", "Grüner TEE", "Green tea at noon?"]),
        ("coffee", &[]),
    ];
    assert_finds(&app, &ada, &expected).await;
    assert_eq!(search(&ada, Some(&tea), "tea").await, search(&ada, None, "tea").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn result_has_message_chat_and_ranges() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    ada.update_settings(&tea, &json!({ "name": "Tea house" })).await.assert_status(200);
    let sent = ada.send_message(&tea, "🍵 Café and 🍵 cafés").await.stored;
    for _ in 0..2 {
        let found = search(&ada, Some(&tea), "cafe 🍵").await.results.remove(0);
        assert_eq!((found.chat_id, &found.uri, found.chat_name.as_str()), (tea.id, &tea.uri, "Tea house"));
        assert_eq!(found.message, ada.history(&tea, "").await.messages.pop().unwrap());
        assert_eq!((found.message.seq, found.message.id), (sent.seq, sent.id));
        assert_eq!(found.matches, [[0, 2], [3, 7], [12, 14], [15, 19]]);
        index_all(&app).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_chats_of_member_are_searched() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let secret = ada.create_chat().await;
    send_all(&ada, &secret, &["secret tea"]).await;
    send_all(&ada, &tea, &["public tea"]).await;
    assert_finds(&app, &brian, &[("tea", &["public tea"])]).await;
    assert_finds(&app, &ada, &[("tea", &["public tea", "secret tea"])]).await;
    try_search(&brian, Some(&secret), "tea", "").await.assert_problem(ProblemCode::ChatNotFound);
    assert_eq!(texts(&search(&ada, Some(&secret), "tea").await), ["secret tea"]);
    app.http.get("/api/search/?q=tea").await.assert_problem(ProblemCode::NotAuthenticated);
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_keys_find_nothing_else() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    send_all(&ada, &ada.create_chat().await, &["secret tea https://example.org"]).await;
    send_all(&ada, &tea, &["tea by ada"]).await;
    send_all(&brian, &tea, &["coffee by brian"]).await;
    index_all(&app).await;
    // As if all hashes were equal.
    let all_keys = "SELECT array_agg(DISTINCT key) FROM message_search, unnest(keys) AS key";
    app.execute_sql(&format!("UPDATE message_search SET keys = ({all_keys})")).await;
    let expected: [(&str, &[&str]); 4] = [
        ("tea", &["tea by ada"]),
        ("from:brian", &["coffee by brian"]),
        ("has:link", &[]),
        ("tea before:2026-01-01", &[]),
    ];
    for (query, found) in expected {
        assert_eq!(texts(&search(&brian, None, query).await), found, "{query}");
        assert_eq!(texts(&search(&brian, Some(&tea), query).await), found, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn former_member_finds_nothing() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    send_all(&ada, &tea, &["tea?"]).await;
    index_all(&app).await;
    for (name, status) in [
        ("brian", MembershipStatus::Removed),
        ("charles", MembershipStatus::Banned),
        ("dora", MembershipStatus::Left),
    ] {
        let user = app.create_member(name, &tea).await;
        assert_eq!(texts(&search(&user, None, "tea").await), ["tea?"]);
        app.apply_status(&tea, &user, status).await;
        assert_eq!(texts(&search(&user, None, "tea").await), Vec::<&str>::new(), "{name}");
        try_search(&user, Some(&tea), "tea", "").await.assert_problem(ProblemCode::ChatNotFound);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_present_texts_are_found() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    ada.update_settings(&tea, &json!({ "topic": "apples" })).await.assert_status(200);
    let edited = ada.send_message(&tea, "apples").await.stored.seq;
    let deleted = ada.send_message(&tea, "pears").await.stored.seq;
    index_all(&app).await;
    assert_finds(&app, &ada, &[("apples", &["apples"]), ("pears", &["pears"])]).await;
    ada.edit_message(&tea, edited, "plums").await.assert_status(200);
    ada.delete_message(&tea, deleted).await.assert_status(204);
    // A deleted message has a sentence in its place.
    assert_finds(&app, &ada, &[("apples", &[]), ("pears", &[]), ("deleted", &[]), ("plums", &["plums"])])
        .await;
    assert_eq!(app.query_count("SELECT count(*) FROM message_search").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn expired_messages_are_not_found() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    send_all(&ada, &tea, &["old tea", "new tea"]).await;
    index_all(&app).await;
    app.execute_sql("UPDATE chats SET first_retained_seq = 3").await;
    assert_finds(&app, &ada, &[("tea", &["new tea"])]).await;
    chat_expiry::run_once(&app.state.db, &app.state.chats).await.unwrap();
    assert_eq!(app.query_count("SELECT count(*) FROM message_search").await, 1);
    assert_finds(&app, &ada, &[("tea", &["new tea"])]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_chat_leaves_no_index() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    send_all(&ada, &tea, &["tea?"]).await;
    index_all(&app).await;
    ada.delete_chat(&tea).await.assert_status(204);
    assert_eq!(texts(&search(&ada, None, "tea").await), Vec::<&str>::new());
    chat_expiry::run_once(&app.state.db, &app.state.chats).await.unwrap();
    let left = "SELECT (SELECT count(*) FROM message_search) + (SELECT count(*) FROM search_progress)";
    assert_eq!(app.query_count(left).await, 0);
    // Nothing indexes it again.
    index_all(&app).await;
    assert_eq!(app.query_count(left).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_have_every_message_once() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let coffee = ada.create_chat().await;
    for number in 0..25 {
        let chat = if number % 3 == 0 { &coffee } else { &tea };
        ada.send_message(chat, &format!("number {number}")).await;
    }
    for round in 0..2 {
        let (mut found, mut rest) = (Vec::new(), String::from("&limit=7"));
        loop {
            let page: SearchResponse = try_search(&ada, None, "numb", &rest).await.assert_status(200).json();
            assert!(page.results.len() <= 7);
            found.extend(page.results.into_iter().map(|result| result.message));
            // What is posted or edited meanwhile does not move the pages.
            let last = ada.send_message(&tea, "number later").await.stored.seq;
            ada.edit_message(&tea, last, "number late").await.assert_status(200);
            ada.delete_message(&tea, last).await.assert_status(204);
            let Some(before) = page.before else { break };
            rest = format!("&limit=7&before={before}");
        }
        let ids: Vec<MessageId> = found.iter().map(|message| message.id).collect();
        assert!(ids.is_sorted_by(|newer, older| newer > older), "{ids:?}");
        let numbers: Vec<_> = found.iter().map(|message| message.message.clone()).collect();
        let expected: Vec<_> = (0..25).rev().map(|number| format!("number {number}")).collect();
        assert_eq!(numbers, expected, "round {round}");
        index_all(&app).await;
    }
    for (rest, field) in
        [("&limit=0", "limit"), ("&limit=101", "limit"), ("&before=-1", "before"), ("&before=x", "before")]
    {
        let problem = try_search(&ada, None, "tea", rest).await.assert_problem(ProblemCode::Invalid);
        assert_eq!((problem.errors[0].field.as_str(), problem.errors[0].code), (field, FieldCode::NotNumber));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_select_author_date_and_links() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let guest = app.create_guest("Quick Fox").await;
    guest.join(&tea).await;
    send_all(&ada, &tea, &["tea by ada"]).await;
    send_all(&brian, &tea, &["tea by brian", "see https://example.org"]).await;
    send_all(&guest, &tea, &["tea by guest", "example.org is no link"]).await;
    app.execute_sql(
        "UPDATE messages SET created_at = '2026-03-01T23:59:59.999Z' WHERE message = 'tea by ada'; \
         UPDATE messages SET created_at = '2026-03-02T00:00:00Z' WHERE message = 'tea by brian'; \
         TRUNCATE search_progress, message_search",
    )
    .await;
    let expected: [(&str, &[&str]); 13] = [
        ("tea from:brian", &["tea by brian"]),
        ("from:@ADA", &["tea by ada"]),
        ("from:ada from:brian tea", &["tea by brian", "tea by ada"]),
        ("from:me", &["tea by ada"]),
        ("from:fox tea", &["tea by guest"]),
        ("tea from:\"quick fox\"", &["tea by guest"]),
        ("from:eve", &[]),
        ("before:2026-03-02", &["tea by ada"]),
        ("after:2026-03-02 before:2026-03-03", &["tea by brian"]),
        ("tea after:2026-03-02", &["tea by guest", "tea by brian"]),
        ("after:2026-03-03 before:2026-03-02", &[]),
        ("has:link", &["see https://example.org"]),
        ("example has:link from:brian", &["see https://example.org"]),
    ];
    assert_finds(&app, &ada, &expected).await;
}

/// Searches, and the only message that each finds.
const SPECIAL: [(&str, &str); 17] = [
    ("100%", "100% sure"),
    ("snake_case", "snake_case"),
    (r"back\slash", r"back\slash"),
    ("it's", "it's"),
    ("a & b", "a & b | !c"),
    ("tea:*", "tea:*"),
    ("<->", "<-> near"),
    ("{1,2}", "{1,2}"),
    ("$1", "$1"),
    ("';--", "';--"),
    ("(x)", "(x)"),
    ("c++", "C++"),
    ("%%%", "%%%"),
    ("___", "___"),
    (r"\\\", r"\\\"),
    ("{}", "{}"),
    ("ÉTÉ", "e\u{301}t\u{e9}"),
];

#[tokio::test(flavor = "multi_thread")]
async fn special_characters_are_literal() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let sent = SPECIAL.map(|(_, text)| text);
    send_all(&ada, &tea, &sent).await;
    for (query, text) in SPECIAL {
        assert_finds(&app, &ada, &[(query, &[text])]).await;
    }
    assert_finds(&app, &ada, &[("snakeXcase", &[]), ("100_", &[]), ("s%re", &[])]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_found_by_their_files() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    for (text, files) in [
        ("look", r#"{"name": "Floor plan.PDF", "media_type": "application/pdf"}"#),
        (
            "view",
            r#"{"name": "dsc_0042.jpg", "media_type": "image/jpeg", "image": {"width": 4, "height": 3}}"#,
        ),
    ] {
        let seq = ada.send_message(&tea, text).await.stored.seq;
        let file =
            format!(r#"jsonb_build_array('{{"id": "{}", "size": 1}}' || '{files}'::jsonb)"#, Uuid::nil());
        app.execute_sql(&format!("UPDATE messages SET files = {file} WHERE seq = {seq}")).await;
    }
    ada.send_message(&tea, "neither a plan nor a jpg").await;
    // They may have been indexed already.
    app.execute_sql("TRUNCATE search_progress, message_search").await;
    assert_finds(
        &app,
        &ada,
        &[
            ("has:file", &["view", "look"]),
            ("has:image", &["view"]),
            ("has:file has:link", &[]),
            ("floor", &["look"]),
            ("\"floor plan\"", &["look"]),
            ("jpg has:file", &["view"]),
            ("0042", &["view"]),
        ],
    )
    .await;
    // The text alone has places to mark.
    let found = search(&ada, None, "plan").await.results;
    let matches: Vec<_> = found.iter().map(|result| result.matches.len()).collect();
    assert_eq!(matches, [1, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_searches_name_the_reason() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let long = "é".repeat(SEARCH_QUERY_MAX + 1);
    for (query, code) in [
        ("", FieldCode::Blank),
        (" \u{200b}", FieldCode::Blank),
        ("tea\0", FieldCode::NullCharacter),
        ("has:video", FieldCode::InvalidFilter),
        ("from:", FieldCode::InvalidFilter),
        ("before:yesterday", FieldCode::NotADate),
        ("after:2026-13-01", FieldCode::NotADate),
        (long.as_str(), FieldCode::TooLong),
        (&"x".repeat(4_000), FieldCode::TooLong),
    ] {
        for uri in [None, Some(&*tea)] {
            let problem = try_search(&ada, uri, query, "").await.assert_problem(ProblemCode::Invalid);
            assert_eq!((problem.errors[0].field.as_str(), problem.errors[0].code), ("q", code), "{query:?}");
        }
    }
    let missing = ada.get("/api/search/").await.assert_problem(ProblemCode::Invalid);
    assert_eq!(missing.errors[0].code, FieldCode::Required);
    ada.get("/api/search/?q=%ff").await.assert_problem(ProblemCode::Malformed);
}

/// Stores messages without the server, as an older version did.
async fn store_many(app: &TestApp, chat: &TestChat, count: i64) {
    let (id, statement) =
        (chat.id, "INSERT INTO messages (chat_id, seq, revision, user_id, client_id, message, created_at)");
    app.execute_sql(&format!(
        "{statement} SELECT {id}, head + i, head + i, 1, gen_random_uuid(), 'tea ' || i, now() \
           FROM chats, generate_series(1, {count}) AS i WHERE chats.id = {id}; \
         UPDATE chats SET head = head + {count} WHERE id = {id}",
    ))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_share_indexing_of_old_messages() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let other = app.spawn_again().await;
    store_many(&app, &tea, 1_000).await;
    for number in 0..20 {
        store_many(&app, &ada.create_chat().await, number).await;
    }
    tokio::join!(index_all(&app), index_all(&other));
    assert_eq!(app.query_count("SELECT count(*) FROM message_search").await, 1_000 + 190);
    let behind = "SELECT count(*) FROM search_progress JOIN chats ON id = chat_id WHERE chats.head <> search_progress.head";
    assert_eq!(app.query_count(behind).await, 0);
    assert_eq!(texts(&search(&ada, Some(&tea), "\"tea 500\"").await), ["tea 500"]);
    // A message that only the other server knows of is found at once.
    ada.with_server(&other).send_message(&tea, "earl grey").await;
    assert_eq!(texts(&search(&ada, None, "grey").await), ["earl grey"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn search_without_index_goes_on_with_next_page() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut sql = app.sql().await;
    let pause = sql.transaction().await.unwrap();
    pause.batch_execute("LOCK TABLE search_progress IN EXCLUSIVE MODE").await.unwrap();
    store_many(&app, &tea, 22_000).await;
    let query = "\"tea 400\"";
    let (mut page, mut pages) = (search(&ada, None, query).await, 1);
    while let Some(before) = page.before {
        assert!(texts(&page).is_empty() && !page.incomplete, "{page:?}");
        let next = format!("&before={before}");
        page = try_search(&ada, None, query, &next).await.assert_status(200).json();
        pages += 1;
    }
    assert_eq!((texts(&page), page.incomplete), (vec!["tea 400"], false));
    assert!(pages > 2, "more than 10,000 messages on one of {pages} pages");
    pause.commit().await.unwrap();
    index_all(&app).await;
    assert_finds(&app, &ada, &[(query, &["tea 400"])]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_is_indexed_in_background() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut socket = ada.open_socket_in(&tea).await;
    let post = ClientFrame::Post {
        chat_id: tea.id,
        client_id: Uuid::new_v4(),
        message: "over the socket".to_owned(),
        reply_to: None,
        files: Vec::new(),
    };
    socket.send_frame(&post).await;
    socket.recv_changes().await;
    assert!(matches!(socket.recv_event().await, ServerFrame::Posted { .. }));
    let edited = ada.send_message(&tea, "apples").await.stored.seq;
    ada.edit_message(&tea, edited, "plums").await.assert_status(200);
    let is_current = "SELECT count(*) FROM search_progress JOIN chats ON id = chat_id WHERE chats.head = search_progress.head";
    let indexed = async {
        while app.query_count(is_current).await == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), indexed).await.expect("the job indexes the chat");
    assert_eq!(app.query_count("SELECT count(*) FROM message_search").await, 2);
    assert_eq!(texts(&search(&ada, None, "the socket").await), ["over the socket"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn mentions_are_found_by_the_mentioned() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let eve = app.create_member("eve", &tea).await;
    let one = format!("green <@{}>", brian.id);
    let code = format!("`<@{}>`", brian.id);
    send_all(&ada, &tea, &["<@here> black", &one, &code, "white"]).await;
    send_all(&brian, &tea, &["<@here> own"]).await;
    let expected = [
        ("mentions:me", &[one.as_str(), "<@here> black"][..]),
        ("Mentions:ME green", &[one.as_str()]),
        ("mentions:me from:me", &[]),
        ("mentions:me before:2020-01-01", &[]),
    ];
    assert_finds(&app, &brian, &expected).await;
    assert_finds(&app, &eve, &[("mentions:me", &["<@here> own", "<@here> black"][..])]).await;
    assert_eq!(texts(&search(&brian, Some(&tea), "mentions:me").await), [one.as_str(), "<@here> black"]);
    let found = search(&brian, None, "mentions:me green").await.results.remove(0);
    assert_eq!((found.message.mentions.users[0].name.as_str(), found.matches), ("brian", vec![[0, 5]]));
    let mention = ada.history(&tea, "").await.messages[1].seq;
    ada.edit_message(&tea, mention, "green").await.assert_status(200);
    assert_finds(&app, &brian, &[("mentions:me", &["<@here> black"][..])]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_of_mentions_are_not_found() {
    let app = TestApp::spawn().await;
    app.execute_sql("ALTER TABLE users ALTER id RESTART WITH 4711").await;
    let (ada, tea) = app.ada_and_chat().await;
    assert_eq!(ada.id.get(), 4711);
    send_all(&ada, &tea, &["tea <@4711> <@here>", "tea <@4712>"]).await;
    // The second one is no mention, but a text.
    let expected: [(&str, &[&str]); 4] =
        [("4711", &[]), ("47", &["tea <@4712>"]), ("here", &[]), ("4712", &["tea <@4712>"])];
    assert_finds(&app, &ada, &expected).await;
}
