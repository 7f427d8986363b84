//! The chat list: which chats, in which order, and their unread counts.

use reqwest::Method;
use serde_json::json;
use shared::{
    chat_list::{CHAT_LIST_MAX, ChatListResponse, ChatSummary, UNREAD_MAX},
    member::{MembershipStatus, Role},
    problem::ProblemCode,
    socket::ServerFrame,
};

use crate::support::TestApp;

fn uris(chats: &[ChatSummary]) -> Vec<&str> {
    chats.iter().map(|chat| chat.uri.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn chat_list_shows_summary_fields() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut users = Vec::new();
    for name in ["brian", "eve", "lena", "omar"] {
        users.push(app.create_user(name).await);
        users.last().unwrap().join(&tea).await;
    }
    let posted = users[0].send_message(&tea, "tea?").await.stored;
    let yours = ada.only_chat().await;
    assert_eq!(
        (yours.uri.as_str(), yours.head.get(), yours.role, yours.muted),
        (tea.uri.as_str(), 6, Role::Owner, false)
    );
    assert_eq!(yours.chat, ada.join(&tea).await.chat);
    assert_eq!((yours.members, yours.unread, yours.read_seq.get()), (5, 1, 1));
    let names: Vec<_> = yours.other_members.iter().map(|user| user.username.as_str()).collect();
    assert_eq!(names, ["brian", "eve", "lena"], "in order of joining");
    let last = yours.last_message.unwrap();
    assert_eq!((last.seq, last.message.as_str(), last.user.username.as_str()), (posted.seq, "tea?", "brian"));
    assert!(yours.other_members.iter().chain([&last.user]).all(|user| user.email.is_empty()));
    let seen = users[0].only_chat().await;
    assert_eq!((seen.role, seen.other_members[0].username.as_str()), (Role::Writer, "ada"));
}

#[tokio::test(flavor = "multi_thread")]
async fn chat_list_is_sorted_by_last_message() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    assert!(ada.list_chats().await.is_empty());
    let (tea, coffee, water) = (ada.create_chat().await, ada.create_chat().await, ada.create_chat().await);
    assert_eq!(uris(&ada.list_chats().await), [&*water, &*coffee, &*tea], "newest first");
    ada.send_message(&tea, "warm").await;
    assert_eq!(uris(&ada.list_chats().await), [&*tea, &*water, &*coffee]);
    ada.send_message(&coffee, "hot").await;
    assert_eq!(uris(&ada.list_chats().await), [&*coffee, &*tea, &*water]);
}

#[tokio::test(flavor = "multi_thread")]
async fn unread_counts_messages_of_others_since_join() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    ada.send_messages(&tea, "before", 3).await;
    let brian = app.create_user("brian").await;
    brian.join(&tea).await;
    let yours = brian.only_chat().await;
    assert_eq!((yours.unread, yours.read_seq.get()), (0, 5), "new members have nothing unread");
    assert_eq!(yours.last_message.unwrap().message, "before");
    ada.send_message(&tea, "one").await;
    brian.send_message(&tea, "mine").await;
    ada.send_message(&tea, "two").await;
    assert_eq!(brian.only_chat().await.unread, 2);
    assert_eq!(ada.only_chat().await.unread, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn unread_count_is_capped() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_user("brian").await;
    brian.join(&tea).await;
    ada.send_messages(&tea, "tea?", 99).await;
    assert_eq!(brian.only_chat().await.unread, 99);
    ada.send_messages(&tea, "tea?", 11).await;
    assert_eq!(brian.only_chat().await.unread, UNREAD_MAX);
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_messages_and_events_are_not_unread() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_user("brian").await;
    brian.join(&tea).await;
    for text in ["one", "two", "three"] {
        ada.send_message(&tea, text).await;
    }
    let sql = app.sql().await;
    let last = async || brian.only_chat().await;
    assert_eq!((last().await.unread, last().await.last_message.unwrap().message.as_str()), (3, "three"));
    let delete = "UPDATE messages SET deleted_at = now(), message = '' WHERE message = $1";
    sql.execute(delete, &[&"three"]).await.unwrap();
    assert_eq!((last().await.unread, last().await.last_message.unwrap().message.as_str()), (2, "two"));
    let event = "UPDATE messages SET event = '{\"kind\": \"joined\"}' WHERE message = $1";
    sql.execute(event, &[&"two"]).await.unwrap();
    assert_eq!((last().await.unread, last().await.last_message.unwrap().message.as_str()), (1, "one"));
    sql.execute(delete, &[&"one"]).await.unwrap();
    assert_eq!((last().await.unread, last().await.last_message), (0, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn expired_messages_are_not_unread() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_user("brian").await;
    brian.join(&tea).await;
    ada.send_messages(&tea, "tea?", 4).await;
    let sql = app.sql().await;
    for (first_retained, unread, last) in [(0, 4, Some(6)), (5, 2, Some(6)), (7, 0, None)] {
        sql.execute("UPDATE chats SET first_retained_seq = $1", &[&i64::from(first_retained)]).await.unwrap();
        let yours = brian.only_chat().await;
        assert_eq!(
            (yours.unread, yours.last_message.map(|last| last.seq.get())),
            (unread, last),
            "from {first_retained}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn chat_list_excludes_left_and_deleted_chats() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let (brian, eve) = (app.create_user("brian").await, app.create_user("eve").await);
    brian.join(&tea).await;
    eve.join(&tea).await;
    assert_eq!((brian.list_chats().await.len(), ada.only_chat().await.members), (1, 3));
    for status in [
        MembershipStatus::Left,
        MembershipStatus::Removed,
        MembershipStatus::Banned,
        MembershipStatus::Pending,
    ] {
        app.apply_status(&tea, &brian, status).await;
        assert!(brian.list_chats().await.is_empty(), "{status:?}");
        let yours = ada.only_chat().await;
        assert_eq!((yours.members, yours.other_members.len()), (2, 1), "{status:?}");
    }
    app.sql().await.execute("UPDATE chats SET deleted_at = now()", &[]).await.unwrap();
    assert!(ada.list_chats().await.is_empty());
    app.http.get("/api/chats/").await.assert_problem(ProblemCode::NotAuthenticated);
}

#[tokio::test(flavor = "multi_thread")]
async fn rejoined_member_has_nothing_unread() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_user("brian").await;
    brian.join(&tea).await;
    app.apply_status(&tea, &brian, MembershipStatus::Left).await;
    ada.send_messages(&tea, "behind his back", 3).await;
    app.apply_status(&tea, &brian, MembershipStatus::Member).await;
    assert_eq!(brian.only_chat().await.unread, 0);
    ada.send_message(&tea, "hello again").await;
    assert_eq!(brian.only_chat().await.unread, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn chat_list_is_capped_to_most_recent() {
    let app = TestApp::spawn().await;
    let ada = app.create_user("ada").await;
    let many = format!(
        "WITH new AS (INSERT INTO chats (uri, head, revision) \
           SELECT 'chat' || n, 1, 1 FROM generate_series(1, 210) AS n RETURNING id) \
         INSERT INTO members (chat_id, user_id, role, seq, revision, created_at, read_seq) \
         SELECT id, {}, 'owner', 1, 1, '2026-01-01'::timestamptz + id * interval '1 s', 1 FROM new",
        ada.id
    );
    app.sql().await.batch_execute(&many).await.unwrap();
    ada.send_message("chat3", "still here").await;
    let chats = ada.list_chats().await;
    assert_eq!(i64::try_from(chats.len()).unwrap(), CHAT_LIST_MAX);
    assert_eq!(ada.get("/api/chats/").await.value()["more"], true);
    let ten =
        "UPDATE members SET status = 'left' WHERE chat_id IN (SELECT id FROM chats ORDER BY id LIMIT 10)";
    app.execute_sql(ten).await;
    assert_eq!(ada.get("/api/chats/").await.value().get("more"), None, "exactly as many as fit");
    assert_eq!(uris(&chats)[..3], ["chat3", "chat210", "chat209"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn chat_list_version_tells_what_was_missed() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_user("brian").await;
    brian.join(&tea).await;
    let list_version =
        async || brian.get("/api/chats/").await.assert_status(200).json::<ChatListResponse>().version;
    let socket_version = async || brian.open_socket_and_list_version().await.1;
    let mut version = list_version().await;
    assert_eq!(socket_version().await, version);
    let seq = ada.send_message(&tea, "tea?").await.stored.seq;
    assert_eq!(socket_version().await, version, "messages come with the changes of the chat");
    let put = async |path: &str, body| {
        let path = format!("/api/chats/{tea}/{path}/");
        brian.request(&Method::PUT, &path).json(&body).await.assert_status(200);
    };
    put("mute", json!({ "muted": true })).await;
    let mut assert_changed = async |what| {
        let before = std::mem::replace(&mut version, list_version().await);
        assert_ne!(version, before, "{what}");
        assert_eq!(socket_version().await, version, "{what}");
    };
    assert_changed("muted").await;
    put("read_position", json!({ "seq": seq })).await;
    assert_changed("read position").await;
    brian.create_chat().await;
    assert_changed("new chat").await;
    ada.set_status(&tea, &brian, MembershipStatus::Removed).await.assert_status(200);
    assert_changed("removed").await;
    let coffee = ada.create_chat().await;
    brian.join(&coffee).await;
    assert_changed("joined").await;
    ada.delete_chat(&coffee).await.assert_status(204);
    assert_changed("deleted").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mute_applies_to_one_member_on_all_devices() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_user("brian").await;
    brian.join(&tea).await;
    let mut phone = brian.open_socket().await;
    let mute = async |body| brian.request(&Method::PUT, &format!("/api/chats/{tea}/mute/")).json(&body).await;
    for muted in [true, false, true] {
        mute(json!({ "muted": muted })).await.assert_status(200);
        assert_eq!(brian.only_chat().await.muted, muted);
        assert_eq!(
            phone.recv_event().await,
            ServerFrame::Membership { chat_id: tea.id, status: MembershipStatus::Member }
        );
    }
    assert!(!ada.only_chat().await.muted);
    for wrong in [json!({}), json!({ "muted": 7 }), json!({ "muted": null })] {
        mute(wrong).await.assert_problem(ProblemCode::Invalid);
    }
    assert!(brian.only_chat().await.muted);
}

#[tokio::test(flavor = "multi_thread")]
async fn new_chat_is_announced_to_own_devices() {
    let app = TestApp::spawn().await;
    let (ada, brian) = (app.create_user("ada").await, app.create_user("brian").await);
    let (mut phone, mut his) = (ada.open_socket().await, brian.open_socket().await);
    let chat = ada.create_chat().await;
    phone.expect_membership(chat.id, MembershipStatus::Member).await;
    assert!(his.recv_pending().await.is_empty());
}
