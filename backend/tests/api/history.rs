//! Reading what was said, page by page.

use serde_json::json;
use shared::{message::History, problem::ProblemCode};

use crate::{app::TestApp, database, proxy::Proxy};

fn seqs(page: &History) -> Vec<i64> {
    page.messages.iter().map(|message| message.seq).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn without_wishes_the_newest_hundred_come_oldest_first() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let empty = ada.history(&tea, "").await;
    assert_eq!((seqs(&empty), empty.earlier, empty.head), (Vec::new(), false, 1));
    ada.says_often(&tea, "tea?", 100).await;
    let all = ada.history(&tea, "").await;
    assert_eq!((seqs(&all), all.earlier), ((2..=101).collect(), false));
    ada.says_often(&tea, "tea?", 1).await;
    let newest = ada.history(&tea, "").await;
    assert_eq!((seqs(&newest), newest.earlier, newest.head), ((3..=102).collect(), true, 102));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_end_before_and_begin_after_a_number() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    ada.says_often(&tea, "tea?", 9).await; // 2 to 10
    let cases: [(&str, Vec<i64>, bool); 14] = [
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
    ];
    for (query, expected, earlier) in cases {
        let page = ada.history(&tea, query).await;
        assert_eq!((seqs(&page), page.earlier), (expected, earlier), "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_has_one_to_a_hundred_messages() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    for limit in ["1", "100"] {
        ada.get(&format!("/api/chats/{tea}/messages/?limit={limit}")).await.is(200);
    }
    for limit in ["0", "101", "-1"] {
        let answer = ada.get(&format!("/api/chats/{tea}/messages/?limit={limit}")).await;
        assert_eq!(answer.value()["limit"], json!(["A valid whole number in its range is required."]));
        answer.refused(ProblemCode::Invalid);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_walks_back_sees_everything_once() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    ada.says_often(&tea, "tea?", 250).await;
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

/// Executed statements are counted where they pass: on the way to the database.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_history_costs_no_more_statements_than_a_short_one() {
    let database = database::fresh().await;
    let proxy = Proxy::before(&database).await;
    let app = TestApp::on(database, proxy.url(), |_| ()).await;
    let (ada, tea) = app.tea().await;
    let mut people = vec![ada];
    for number in 0..9 {
        let person = app.person(&format!("person{number}")).await;
        person.joins(&tea).await;
        people.push(person);
    }
    let ada = &people[0];
    let paths =
        ["messages/", "messages/?before=999", "changes/"].map(|path| format!("/api/chats/{tea}/{path}"));
    ada.says(&tea, "tea?").await;
    let mut short = Vec::new();
    let mut long = Vec::new();
    for (costs, length) in [(&mut short, 1), (&mut long, 100)] {
        for path in &paths {
            let before = proxy.executed();
            let answer = ada.get(path).await.is(200);
            assert_eq!(answer.value()["messages"].as_array().unwrap().len(), length);
            costs.push(proxy.executed() - before);
        }
        for person in people.iter().cycle().take(99).filter(|_| length == 1) {
            person.says(&tea, "tea!").await;
        }
    }
    assert_eq!(short[1..], long[1..]);
    assert!(short.iter().all(|cost| (1..=4).contains(cost)), "{short:?}");
    assert_eq!(long[0], 0, "the newest page is in memory by now");
}
