//! Up to where people have read.

use reqwest::Method;
use serde_json::json;
use shared::{
    member::Standing,
    problem::ProblemCode,
    socket::{ClientFrame, ServerFrame},
    your_chats::{Position, ReadPosition, ReadPositions},
};

use crate::{
    app::{Call, Person, TestApp},
    database,
    listener::Listener,
};

impl Person {
    fn read(&self, uri: &str, seq: i64) -> Call {
        self.call(&Method::PUT, &format!("/api/chats/{uri}/read_position/")).json(&json!({ "seq": seq }))
    }

    async fn reads(&self, uri: &str, seq: i64) -> i64 {
        self.read(uri, seq).await.is(200).read::<ReadPosition>().seq
    }

    async fn positions(&self, uri: &str) -> Vec<(i64, i64)> {
        let answer = self.get(&format!("/api/chats/{uri}/read_position/")).await.is(200);
        let positions = answer.read::<ReadPositions>().positions;
        positions.into_iter().map(|Position { user, seq }| (user, seq)).collect()
    }
}

async fn says_read(listener: &mut Listener, uri: &str, seq: i64) {
    listener.says(&ClientFrame::Read { uri: uri.to_owned(), seq }).await;
}

fn read(uri: &str, user: i64, seq: i64) -> ServerFrame {
    ServerFrame::Read { uri: uri.to_owned(), user, seq }
}

/// Ada and Brian, and ten messages of hers: the head is 12.
async fn ten_messages(app: &TestApp) -> (Person, Person, String) {
    let (ada, tea) = app.tea().await;
    let brian = app.person("brian").await;
    brian.joins(&tea).await;
    ada.says_often(&tea, "tea?", 10).await;
    (ada, brian, tea)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_never_goes_back_and_never_beyond_the_head() {
    let app = TestApp::start().await;
    let (ada, brian, tea) = ten_messages(&app).await;
    assert_eq!(brian.positions(&tea).await, [(brian.id, 2), (ada.id, 1)]);
    assert_eq!(brian.reads(&tea, 7).await, 7);
    assert_eq!(brian.only_chat().await.unread, 5);
    assert_eq!(brian.reads(&tea, 4).await, 7);
    assert_eq!(brian.reads(&tea, i64::MAX).await, 12);
    assert_eq!(brian.only_chat().await.unread, 0);
    assert_eq!(ada.positions(&tea).await, [(brian.id, 12), (ada.id, 1)]);
    brian.read(&tea, -1).await.refused(ProblemCode::Invalid);
    let nothing = brian.call(&Method::PUT, &format!("/api/chats/{tea}/read_position/")).json(&json!({}));
    nothing.await.refused(ProblemCode::Invalid);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_socket_says_is_kept_by_the_same_rule() {
    let app = TestApp::start().await;
    let (ada, brian, tea) = ten_messages(&app).await;
    let mut desktop = brian.listens_to(&tea).await;
    for (said, stands) in [(7, 7), (4, 7), (-5, 7), (i64::MAX, 12), (9, 12)] {
        says_read(&mut desktop, &tea, said).await;
        desktop.is_heard().await;
        assert_eq!(ada.positions(&tea).await[0], (brian.id, stands), "after {said}");
        assert_eq!(brian.only_chat().await.read_seq, stands, "after {said}");
    }
    ada.says(&tea, "and more").await;
    desktop.hears_changes().await;
    says_read(&mut desktop, &tea, 13).await;
    desktop.is_heard().await;
    assert_eq!(brian.only_chat().await.read_seq, 13, "what was said beyond the head is no hindrance");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_on_the_phone_is_heard_at_the_desktop_wherever_it_is() {
    let app = TestApp::start().await;
    let (ada, brian, tea) = ten_messages(&app).await;
    let (mut phone, mut desktop) = (brian.listens_to(&tea).await, brian.listens().await);
    let mut hers = ada.listens().await;
    says_read(&mut phone, &tea, 8).await;
    assert_eq!(desktop.hears().await, read(&tea, brian.id, 8), "though it does not have the chat open");
    brian.reads(&tea, 9).await;
    for device in [&mut phone, &mut desktop] {
        assert_eq!(device.hears().await, read(&tea, brian.id, 9));
    }
    assert!(phone.hears_until_now().await.is_empty(), "nobody is told what they said");
    assert!(hers.hears_until_now().await.is_empty(), "who does not have the chat open is not told of others");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_others_who_are_here_hear_it_once_a_second_and_only_the_last_of_it() {
    let app = TestApp::start().await;
    let (ada, brian, tea) = ten_messages(&app).await;
    let eve = app.person("eve").await;
    eve.joins(&tea).await;
    let (mut hers, mut his) = (ada.listens_to(&tea).await, brian.listens_to(&tea).await);
    let mut following = eve.listens().await;
    following.follows(&app, &[(&tea, 13)]).await;
    for seq in 3..=12 {
        says_read(&mut his, &tea, seq).await;
    }
    let mut heard = Vec::new();
    while heard.last() != Some(&read(&tea, brian.id, 12)) {
        heard.push(hers.hears().await);
    }
    assert!(heard.len() <= 3, "{heard:?}");
    assert_eq!(ada.reads(&tea, 5).await, 5);
    assert_eq!(his.hears().await, read(&tea, ada.id, 5), "also what was said by REST");
    assert!(following.hears_until_now().await.is_empty(), "who only follows is told of nobody");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_many_are_present_nobody_is_told_what_others_read() {
    let app = TestApp::start().await;
    let (ada, brian, tea) = ten_messages(&app).await;
    let mut here = vec![ada.listens_to(&tea).await, brian.listens_to(&tea).await];
    for number in 3..=21 {
        let person = app.person(&format!("person{number}")).await;
        person.joins(&tea).await;
        here.push(person.listens_to(&tea).await);
    }
    here[0].hears_presence_of(21).await;
    brian.reads(&tea, 12).await;
    assert_eq!(ada.positions(&tea).await.len(), 21);
    // The next word by the clock comes after the one in which it would have been told.
    here.pop().unwrap().leaves().await;
    let told = async |listener: &mut Listener| loop {
        match listener.hears_any().await {
            ServerFrame::Presence { count: 20, .. } => return false,
            ServerFrame::Read { .. } => return true,
            _ => {}
        }
    };
    assert!(!told(&mut here[0]).await);
    brian.reads(&tea, 15).await;
    assert!(matches!(here[0].hears().await, ServerFrame::Read { seq: 15, .. }), "with twenty they are");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_survives_a_restart() {
    let database = database::fresh().await;
    let url = database::url(&database);
    let app = TestApp::on(database.clone(), url.clone(), |_| ()).await;
    let (_, brian, tea) = ten_messages(&app).await;
    let mut phone = brian.listens_to(&tea).await;
    for seq in 3..=11 {
        says_read(&mut phone, &tea, seq).await;
    }
    phone.is_heard().await;
    app.stop().await;
    assert_eq!(app.count(&format!("SELECT read_seq FROM members WHERE user_id = {}", brian.id)).await, 11);
    let again = TestApp::on(database, url, |_| ()).await;
    let token = again.token(brian.id).await;
    let brian = Person { token, web: again.web.clone(), ..brian };
    let yours = brian.only_chat().await;
    assert_eq!((yours.read_seq, yours.unread), (11, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_membership_that_somebody_alters_is_waited_for_without_holding_up_the_others() {
    let app = TestApp::start().await;
    let (ada, brian, tea) = ten_messages(&app).await;
    let (mut hers, mut his) = (ada.listens_to(&tea).await, brian.listens_to(&tea).await);
    let mut sql = app.sql().await;
    let altering = sql.transaction().await.unwrap();
    altering.execute("SELECT FROM members WHERE user_id = $1 FOR UPDATE", &[&brian.id]).await.unwrap();
    says_read(&mut his, &tea, 9).await;
    his.is_heard().await;
    says_read(&mut hers, &tea, 8).await;
    hers.is_heard().await;
    assert_eq!(ada.positions(&tea).await, [(ada.id, 8), (brian.id, 2)]);
    altering.commit().await.unwrap();
    assert_eq!(ada.positions(&tea).await, [(brian.id, 9), (ada.id, 8)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_in_the_chat_neither_reads_nor_is_seen_reading() {
    let app = TestApp::start().await;
    let (ada, brian, tea) = ten_messages(&app).await;
    let eve = app.person("eve").await;
    eve.read(&tea, 5).await.refused(ProblemCode::ChatNotFound);
    let mut hers = eve.listens().await;
    says_read(&mut hers, &tea, 5).await;
    let (_, uri, problem) = hers.hears_refusal().await;
    assert_eq!((uri, problem.code), (Some(tea.clone()), ProblemCode::ChatNotFound));
    brian.reads(&tea, 9).await;
    app.puts(&tea, &brian, Standing::Removed).await;
    brian.read(&tea, 10).await.refused(ProblemCode::ChatNotFound);
    assert_eq!(ada.positions(&tea).await, [(ada.id, 1)]);
}
