//! One's chats: which, in which order, and what is unread in them.

use reqwest::Method;
use serde_json::json;
use shared::{
    member::{Role, Standing},
    problem::ProblemCode,
    socket::ServerFrame,
    your_chats::{UNREAD_MAX, YOUR_CHATS_MAX, YourChat, YourChats},
};

use crate::app::{Person, TestApp};

impl Person {
    pub async fn chats(&self) -> Vec<YourChat> {
        self.get("/api/chats/").await.is(200).read::<YourChats>().chats
    }

    pub async fn only_chat(&self) -> YourChat {
        let mut chats = self.chats().await;
        assert_eq!(chats.len(), 1, "{chats:?}");
        chats.remove(0)
    }
}

impl TestApp {
    /// Gives somebody another standing, as those who may do.
    pub async fn puts(&self, uri: &str, who: &Person, standing: Standing) {
        let chat: i64 = self.count(&format!("SELECT id FROM chats WHERE uri = '{uri}'")).await;
        let user_id = who.id;
        let act = self.app.act(chat, move |turn| Box::pin(turn.place(user_id, standing, Role::Writer)));
        act.await.unwrap();
    }
}

fn uris(chats: &[YourChat]) -> Vec<&str> {
    chats.iter().map(|chat| chat.uri.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_is_listed_with_all_that_names_it() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let mut people = Vec::new();
    for name in ["brian", "eve", "lena", "omar"] {
        people.push(app.person(name).await);
        people.last().unwrap().joins(&tea).await;
    }
    let said = people[0].says(&tea, "tea?").await.stored;
    let yours = ada.only_chat().await;
    assert_eq!(
        (yours.uri.as_str(), yours.head, yours.role, yours.muted),
        (tea.as_str(), 6, Role::Owner, false)
    );
    assert_eq!(yours.chat, ada.joins(&tea).await.chat);
    assert_eq!((yours.members, yours.unread, yours.read_seq), (5, 1, 1));
    let names: Vec<_> = yours.others.iter().map(|user| user.username.as_str()).collect();
    assert_eq!(names, ["brian", "eve", "lena"], "those who joined first");
    let last = yours.last.unwrap();
    assert_eq!((last.seq, last.message.as_str(), last.user.username.as_str()), (said.seq, "tea?", "brian"));
    assert!(yours.others.iter().chain([&last.user]).all(|user| user.email.is_empty()));
    let seen = people[0].only_chat().await;
    assert_eq!((seen.role, seen.others[0].username.as_str()), (Role::Writer, "ada"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chat_in_which_something_was_said_last_stands_first() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    assert!(ada.chats().await.is_empty());
    let (tea, coffee, water) = (ada.starts().await, ada.starts().await, ada.starts().await);
    assert_eq!(uris(&ada.chats().await), [&water, &coffee, &tea], "the one that was begun last");
    ada.says(&tea, "warm").await;
    assert_eq!(uris(&ada.chats().await), [&tea, &water, &coffee]);
    ada.says(&coffee, "hot").await;
    assert_eq!(uris(&ada.chats().await), [&coffee, &tea, &water]);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_others_said_since_one_came_is_unread() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    ada.says_often(&tea, "before", 3).await;
    let brian = app.person("brian").await;
    brian.joins(&tea).await;
    let yours = brian.only_chat().await;
    assert_eq!((yours.unread, yours.read_seq), (0, 5), "a newcomer has nothing to catch up with");
    assert_eq!(yours.last.unwrap().message, "before");
    ada.says(&tea, "one").await;
    brian.says(&tea, "mine").await;
    ada.says(&tea, "two").await;
    assert_eq!(brian.only_chat().await.unread, 2);
    assert_eq!(ada.only_chat().await.unread, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_a_hundred_unread_messages_are_not_counted() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let brian = app.person("brian").await;
    brian.joins(&tea).await;
    ada.says_often(&tea, "tea?", 99).await;
    assert_eq!(brian.only_chat().await.unread, 99);
    ada.says_often(&tea, "tea?", 11).await;
    assert_eq!(brian.only_chat().await.unread, UNREAD_MAX);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_and_what_was_done_is_neither_unread_nor_last() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let brian = app.person("brian").await;
    brian.joins(&tea).await;
    for text in ["one", "two", "three"] {
        ada.says(&tea, text).await;
    }
    let sql = app.sql().await;
    let last = async || brian.only_chat().await;
    assert_eq!((last().await.unread, last().await.last.unwrap().message.as_str()), (3, "three"));
    let delete = "UPDATE messages SET deleted_at = now(), message = '' WHERE message = $1";
    sql.execute(delete, &[&"three"]).await.unwrap();
    assert_eq!((last().await.unread, last().await.last.unwrap().message.as_str()), (2, "two"));
    let event = "UPDATE messages SET event = '{\"kind\": \"joined\"}' WHERE message = $1";
    sql.execute(event, &[&"two"]).await.unwrap();
    assert_eq!((last().await.unread, last().await.last.unwrap().message.as_str()), (1, "one"));
    sql.execute(delete, &[&"one"]).await.unwrap();
    assert_eq!((last().await.unread, last().await.last), (0, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_vanished_is_neither_unread_nor_last() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let brian = app.person("brian").await;
    brian.joins(&tea).await;
    ada.says_often(&tea, "tea?", 4).await;
    let sql = app.sql().await;
    for (kept_from, unread, last) in [(0, 4, Some(6)), (5, 2, Some(6)), (7, 0, None)] {
        sql.execute("UPDATE chats SET kept_from = $1", &[&i64::from(kept_from)]).await.unwrap();
        let yours = brian.only_chat().await;
        assert_eq!((yours.unread, yours.last.map(|last| last.seq)), (unread, last), "from {kept_from}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_that_one_is_not_in_or_that_has_ended_is_not_listed() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let (brian, eve) = (app.person("brian").await, app.person("eve").await);
    brian.joins(&tea).await;
    eve.joins(&tea).await;
    assert_eq!((brian.chats().await.len(), ada.only_chat().await.members), (1, 3));
    for standing in [Standing::Left, Standing::Removed, Standing::Banned, Standing::Knocking] {
        app.puts(&tea, &brian, standing).await;
        assert!(brian.chats().await.is_empty(), "{standing:?}");
        let yours = ada.only_chat().await;
        assert_eq!((yours.members, yours.others.len()), (2, 1), "{standing:?}");
    }
    app.sql().await.execute("UPDATE chats SET deleted_at = now()", &[]).await.unwrap();
    assert!(ada.chats().await.is_empty());
    app.web.get("/api/chats/").await.refused(ProblemCode::NotAuthenticated);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_back_finds_nothing_unread_of_the_time_between() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let brian = app.person("brian").await;
    brian.joins(&tea).await;
    app.puts(&tea, &brian, Standing::Left).await;
    ada.says_often(&tea, "behind his back", 3).await;
    app.puts(&tea, &brian, Standing::In).await;
    assert_eq!(brian.only_chat().await.unread, 0);
    ada.says(&tea, "hello again").await;
    assert_eq!(brian.only_chat().await.unread, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_very_many_chats_the_liveliest_are_listed() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let many = format!(
        "WITH new AS (INSERT INTO chats (uri, head, revision) \
           SELECT 'chat' || n, 1, 1 FROM generate_series(1, 210) AS n RETURNING id) \
         INSERT INTO members (chat_id, user_id, role, seq, revision, created_at, read_seq) \
         SELECT id, {}, 'owner', 1, 1, '2026-01-01'::timestamptz + id * interval '1 s', 1 FROM new",
        ada.id
    );
    app.sql().await.batch_execute(&many).await.unwrap();
    ada.says("chat3", "still here").await;
    let chats = ada.chats().await;
    assert_eq!(i64::try_from(chats.len()).unwrap(), YOUR_CHATS_MAX);
    assert_eq!(uris(&chats)[..3], ["chat3", "chat210", "chat209"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_is_muted_for_one_member_on_all_their_devices() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let brian = app.person("brian").await;
    brian.joins(&tea).await;
    let mut phone = brian.listens().await;
    let mute = async |body| brian.call(&Method::PUT, &format!("/api/chats/{tea}/mute/")).json(&body).await;
    for muted in [true, false, true] {
        mute(json!({ "muted": muted })).await.is(200);
        assert_eq!(brian.only_chat().await.muted, muted);
        assert_eq!(phone.hears().await, ServerFrame::Membership { uri: tea.clone(), standing: Standing::In });
    }
    assert!(!ada.only_chat().await.muted);
    for wrong in [json!({}), json!({ "muted": 7 }), json!({ "muted": null })] {
        mute(wrong).await.refused(ProblemCode::Invalid);
    }
    assert!(brian.only_chat().await.muted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_that_is_started_on_one_device_is_told_to_the_others() {
    let app = TestApp::start().await;
    let (ada, brian) = (app.person("ada").await, app.person("brian").await);
    let (mut phone, mut his) = (ada.listens().await, brian.listens().await);
    let uri = ada.starts().await;
    assert_eq!(phone.hears().await, ServerFrame::Membership { uri, standing: Standing::In });
    assert!(his.hears_until_now().await.is_empty());
}
