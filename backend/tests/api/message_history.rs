//! Reading messages page by page.

use serde_json::json;
use shared::{
    id::Seq,
    message::MessagePage,
    problem::{FieldCode, ProblemCode},
};

use crate::support::TestApp;

fn seqs(page: &MessagePage) -> Vec<i64> {
    page.messages.iter().map(|message| message.seq.get()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn history_defaults_to_newest_hundred() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let empty = ada.history(&tea, "").await;
    assert_eq!((seqs(&empty), empty.earlier, empty.head.get()), (Vec::new(), false, 1));
    ada.send_messages(&tea, "tea?", 100).await;
    let all = ada.history(&tea, "").await;
    assert_eq!((seqs(&all), all.earlier), ((2..=101).collect(), false));
    ada.send_messages(&tea, "tea?", 1).await;
    let newest = ada.history(&tea, "").await;
    assert_eq!((seqs(&newest), newest.earlier, newest.head.get()), ((3..=102).collect(), true, 102));
}

#[tokio::test(flavor = "multi_thread")]
async fn history_pages_by_before_and_after() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    ada.send_messages(&tea, "tea?", 9).await; // 2 to 10
    let cases: [(&str, Vec<i64>, bool); 20] = [
        ("?limit=3", vec![8, 9, 10], true),
        ("?limit=9", (2..=10).collect(), false),
        ("?limit=1", vec![10], true),
        ("?before=8&limit=3", vec![5, 6, 7], true),
        ("?before=5&limit=3", vec![2, 3, 4], false),
        ("?before=3", vec![2], false),
        ("?before=2", vec![], false),
        ("?before=0", vec![], false),
        ("?before=999", (2..=10).collect(), false),
        ("?after=7&limit=2", vec![8, 9], true),
        ("?after=0&limit=2", vec![2, 3], false),
        ("?after=2", (3..=10).collect(), true),
        ("?after=10", vec![], true),
        ("?after=3&before=6", vec![4, 5], true),
        ("?around=6&limit=5", vec![4, 5, 6, 7, 8], true),
        ("?around=6&limit=1", vec![6], true),
        ("?around=3&limit=6", vec![2, 3, 4, 5, 6, 7], false),
        ("?around=10&limit=4", vec![8, 9, 10], true),
        ("?around=999&limit=2", vec![9, 10], true),
        ("?around=0&limit=2", vec![2, 3], false),
    ];
    for (query, expected, earlier) in cases {
        let page = ada.history(&tea, query).await;
        assert_eq!((seqs(&page), page.earlier), (expected, earlier), "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_selections_of_a_page_are_rejected() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let since = "since=2026-11-29T16:00:00Z";
    for (query, field, code) in [
        ("around=6&before=8", "around", FieldCode::NotCombinable),
        ("around=6&after=2", "around", FieldCode::NotCombinable),
        (&format!("{since}&after=2"), "since", FieldCode::NotCombinable),
        (&format!("{since}&around=2"), "since", FieldCode::NotCombinable),
        ("since=yesterday", "since", FieldCode::NotATime),
        ("since=2026-11-29", "since", FieldCode::NotATime),
    ] {
        let response = ada.get(&format!("/api/chats/{tea}/messages/?{query}")).await;
        let error = response.assert_problem(ProblemCode::Invalid).errors.remove(0);
        assert_eq!((error.field.as_str(), error.code), (field, code), "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn page_begins_at_a_time() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    ada.send_messages(&tea, "tea?", 20).await; // 2 to 21
    ada.delete_message(&tea, Seq::new(9)).await.assert_status(204);
    // One a day, and two at the same time.
    let dates = "UPDATE messages SET created_at = timestamptz '2026-01-01T00:00:00Z' + interval '1 day' * \
         CASE seq WHEN 8 THEN 7 ELSE seq END";
    app.execute_sql(dates).await;
    for (since, first, earlier) in [
        ("2020-01-01T00:00:00Z", Some(2), false),
        ("2026-01-03T00:00:00Z", Some(2), false),
        ("2026-01-03T00:00:00.001Z", Some(3), true),
        ("2026-01-08T00:00:00Z", Some(7), true),
        ("2026-01-08T02:00:00%2B01:00", Some(9), true),
        ("2026-01-22T00:00:00Z", Some(21), true),
        ("2026-01-23T00:00:00Z", None, true),
    ] {
        let page = ada.history(&tea, &format!("?since={since}")).await;
        let expected = first.map_or(Vec::new(), |first| (first..=21).collect());
        assert_eq!((seqs(&page), page.earlier), (expected, earlier), "{since}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn history_limit_is_one_to_a_hundred() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    for limit in ["1", "100"] {
        ada.get(&format!("/api/chats/{tea}/messages/?limit={limit}")).await.assert_status(200);
    }
    for limit in ["0", "101", "-1"] {
        let response = ada.get(&format!("/api/chats/{tea}/messages/?limit={limit}")).await;
        assert_eq!(response.value()["limit"], json!(["A valid whole number in its range is required."]));
        response.assert_problem(ProblemCode::Invalid);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn paging_back_returns_everything_once() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    ada.send_messages(&tea, "tea?", 250).await;
    let (mut seen, mut before) = (Vec::new(), i64::MAX);
    loop {
        let page = ada.history(&tea, &format!("?before={before}&limit=30")).await;
        before = seqs(&page)[0];
        seen.splice(0..0, seqs(&page));
        if !page.earlier {
            break;
        }
    }
    assert_eq!(seen, (2..=251).collect::<Vec<_>>());
}

/// A proxy before the database counts the statements.
#[tokio::test(flavor = "multi_thread")]
async fn history_statement_count_is_constant() {
    let (app, proxy) = TestApp::spawn_behind_proxy().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut users = vec![ada];
    for number in 0..9 {
        let user = app.create_user(&format!("person{number}")).await;
        user.join(&tea).await;
        users.push(user);
    }
    let ada = &users[0];
    let paths =
        ["messages/", "messages/?before=999", "changes/"].map(|path| format!("/api/chats/{tea}/{path}"));
    ada.send_message(&tea, "tea?").await;
    let mut short = Vec::new();
    let mut long = Vec::new();
    for (costs, length) in [(&mut short, 1), (&mut long, 100)] {
        // Reads the membership, which is checked again every few seconds.
        ada.get(&paths[2]).await.assert_status(200);
        for path in &paths {
            let before = proxy.statement_count();
            let response = ada.get(path).await.assert_status(200);
            assert_eq!(response.value()["messages"].as_array().unwrap().len(), length);
            costs.push(proxy.statement_count() - before);
        }
        for user in users.iter().cycle().take(99).filter(|_| length == 1) {
            user.send_message(&tea, "tea!").await;
        }
    }
    assert_eq!(short[1..], long[1..]);
    assert!(short.iter().all(|cost| (1..=4).contains(cost)), "{short:?}");
    assert_eq!(long[0], 0, "the newest page is cached");
}
