//! Reactions to messages.

use backend::jobs::chat_expiry;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use shared::{
    id::{Seq, UserId},
    member::{MembershipStatus, Role},
    message::{Message, Reaction, ReactionUsers, ReactionsResponse},
    problem::{FieldCode, ProblemCode},
    sync::ApplyResult,
    timeline::Timeline,
};

use crate::support::{ApiRequest, TestApp, TestChat, TestUser};

fn reaction(emoji: &str, users: &[UserId]) -> Reaction {
    Reaction { emoji: emoji.into(), count: users.len().try_into().unwrap(), users: users.to_vec() }
}

async fn list_users(user: &TestUser, uri: &str, seq: Seq) -> Vec<ReactionUsers> {
    let path = format!("/api/chats/{uri}/messages/{seq}/reactions/");
    user.get(&path).await.assert_status(200).json::<ReactionsResponse>().reactions
}

#[tokio::test(flavor = "multi_thread")]
async fn reactions_are_the_same_everywhere() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let posted = ada.send_message(&tea, "tea?").await.stored;
    let mut away = ada.open_timeline(&tea).await;
    let mut listener = ada.open_socket_in(&tea).await;
    // Fills the cache.
    ada.history(&tea, "").await;
    let first: Message = brian.react(&tea, posted.seq, "👍").await.assert_status(200).json();
    assert_eq!(first.reactions, [reaction("👍", &[brian.id])]);
    assert_eq!(first.revision, posted.revision.as_head().advance(1).as_seq());
    let received = listener.recv_changes().await;
    assert_eq!((received.head.get() - received.after.get(), &received.messages), (1, &vec![first]));
    ada.react(&tea, posted.seq, "🫖").await.assert_status(200);
    let last: Message = ada.react(&tea, posted.seq, "👍").await.assert_status(200).json();
    assert_eq!(last.reactions, [reaction("👍", &[brian.id, ada.id]), reaction("🫖", &[ada.id])]);
    assert_eq!((last.edited_at, last.message.as_str()), (None, "tea?"));
    for query in ["", "?before=100", "?after=2"] {
        assert_eq!(ada.history(&tea, query).await.messages.pop(), Some(last.clone()), "{query}");
    }
    assert_eq!(away.apply(ada.changes(&tea, away.head()).await), ApplyResult::Applied);
    assert_eq!(away, ada.open_timeline(&tea).await);
    let edited: Message = ada.edit_message(&tea, posted.seq, "Tea?").await.assert_status(200).json();
    assert_eq!(edited.reactions, last.reactions, "an edit keeps them");
    let back: Message = brian.take_back(&tea, posted.seq, "👍").await.assert_status(200).json();
    assert_eq!(back.reactions, [reaction("👍", &[ada.id]), reaction("🫖", &[ada.id])]);
    ada.take_back(&tea, posted.seq, "👍").await.assert_status(200);
    let none: Message = ada.take_back(&tea, posted.seq, "🫖").await.assert_status(200).json();
    assert_eq!(none.reactions, []);
    assert_eq!(app.query_count("SELECT count(*) FROM messages WHERE reactions IS NOT NULL").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn repeated_reaction_changes_nothing() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let seq = ada.send_message(&tea, "tea?").await.stored.seq;
    ada.take_back(&tea, seq, "❤️").await.assert_status(200);
    let first: Message = ada.react(&tea, seq, "❤️").await.assert_status(200).json();
    // With and without the variation selector, it is the same emoji.
    for emoji in ["❤️", "❤"] {
        assert_eq!(ada.react(&tea, seq, emoji).await.assert_status(200).json::<Message>(), first);
    }
    assert_eq!(first.reactions, [reaction("❤\u{fe0f}", &[ada.id])]);
    join_all((0..10).map(|_| async { ada.take_back(&tea, seq, "❤").await.assert_status(200) })).await;
    assert_eq!(app.query_count("SELECT head FROM chats").await, 4);
    assert_eq!(app.query_count("SELECT count(*) FROM message_reactions").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_writers_react_and_only_to_messages() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let guest = app.create_guest("Guest").await;
    guest.join(&tea).await;
    let seq = ada.send_message(&tea, "tea?").await.stored.seq;
    guest.react(&tea, seq, "👍").await.assert_status(200);
    for wrong in ["x", "👍👍", "👍 ", "1", "💩x", "\u{200d}", "%", "a\0"] {
        let problem = ada.react(&tea, seq, wrong).await.assert_problem(ProblemCode::Invalid);
        assert_eq!(
            (problem.errors[0].field.as_str(), problem.errors[0].code),
            ("emoji", FieldCode::NotAChoice)
        );
    }
    ada.react(&tea, Seq::new(999), "👍").await.assert_problem(ProblemCode::NotFound);
    ada.update_settings(&tea, &json!({ "topic": "green" })).await.assert_status(200);
    let event = ada.history(&tea, "").await.messages.last().unwrap().seq;
    ada.react(&tea, event, "👍").await.assert_problem(ProblemCode::Conflict);
    app.create_user("eve").await.react(&tea, seq, "👍").await.assert_problem(ProblemCode::ChatNotFound);
    brian.react(&tea, seq, "👍").await.assert_status(200);
    ada.set_role(&tea, &brian, Role::Reader).await.assert_status(200);
    for method in [Method::PUT, Method::DELETE] {
        brian.set_reaction(&method, &tea, seq, "👍").await.assert_problem(ProblemCode::Forbidden);
    }
    assert_eq!(list_users(&brian, &tea, seq).await[0].count, 2, "readers see who reacted");
    ada.set_status(&tea, &brian, MembershipStatus::Removed).await.assert_status(200);
    brian.take_back(&tea, seq, "👍").await.assert_problem(ProblemCode::ChatNotFound);
    ada.update_settings(&tea, &json!({ "closed": true })).await.assert_status(200);
    ada.react(&tea, seq, "👍").await.assert_problem(ProblemCode::ChatClosed);
    guest.take_back(&tea, seq, "👍").await.assert_problem(ProblemCode::ChatClosed);
    assert_eq!(app.query_count("SELECT count(*) FROM message_reactions").await, 2);
}

/// Ten emoji that no other group has.
fn emoji_group(group: usize) -> impl Iterator<Item = &'static str> {
    emojis::iter().map(emojis::Emoji::as_str).skip(group * 10).take(10)
}

#[tokio::test(flavor = "multi_thread")]
async fn kinds_of_reactions_are_limited() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let seq = ada.send_message(&tea, "tea?").await.stored.seq;
    for group in 0..5 {
        let user = app.create_member(&format!("user{group}"), &tea).await;
        for emoji in emoji_group(group) {
            user.react(&tea, seq, emoji).await.assert_status(200);
        }
        let eleventh = emoji_group(9).next().unwrap();
        user.react(&tea, seq, eleventh).await.assert_problem(ProblemCode::ReactionLimitReached);
    }
    let new = emoji_group(5).next().unwrap();
    ada.react(&tea, seq, new).await.assert_problem(ProblemCode::ReactionKindsLimitReached);
    // A kind that is there can be used by others.
    let old = emoji_group(3).next().unwrap();
    let message: Message = ada.react(&tea, seq, old).await.assert_status(200).json();
    assert_eq!((message.reactions.len(), message.reactions[30].count), (50, 2));
    let order: Vec<_> = message.reactions.iter().map(|reaction| reaction.emoji.as_str()).collect();
    assert_eq!(order, (0..5).flat_map(emoji_group).collect::<Vec<_>>());
}

/// Users with these numbers as names, as members of the chat.
async fn create_members(app: &TestApp, tea: &TestChat, count: usize) -> Vec<TestUser> {
    let mut users = Vec::new();
    for number in 0..count {
        users.push(app.create_member(&format!("user{number}"), tea).await);
    }
    users
}

/// Asserts that the column and the table say the same.
async fn assert_counts_match(app: &TestApp) {
    let different = "SELECT count(*) FROM \
        (SELECT messages.seq, value ->> 'emoji' AS emoji, (value ->> 'count')::int AS count FROM messages, \
           jsonb_array_elements(reactions)) AS shown \
        FULL JOIN (SELECT seq, emoji, count(*) AS count FROM message_reactions GROUP BY seq, emoji) AS stored \
          USING (seq, emoji) WHERE shown.count IS DISTINCT FROM stored.count";
    assert_eq!(app.query_count(different).await, 0);
}

/// On a slow machine, a change may wait too long for those before it. Then the same request is sent again.
async fn repeat_while_busy(request: impl Fn() -> ApiRequest) {
    loop {
        let response = request().await;
        if response.status != ProblemCode::Busy.status() {
            response.assert_status(200);
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_reactions_at_once_are_all_counted() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let users = create_members(&app, &tea, 50).await;
    let seq = ada.send_message(&tea, "tea?").await.stored.seq;
    let mut listeners = Vec::new();
    for user in &users[..5] {
        listeners.push((user.open_timeline(&tea).await, user.open_socket_in(&tea).await));
    }
    let react = async |(number, user): (usize, &TestUser)| {
        repeat_while_busy(|| user.react(&tea, seq, "👍")).await;
        repeat_while_busy(|| user.react(&tea, seq, ["🫖", "❤️"][number % 2])).await;
        if number < 10 {
            repeat_while_busy(|| user.take_back(&tea, seq, "👍")).await;
        }
    };
    join_all(users.iter().enumerate().map(react)).await;
    let expected = ada.open_timeline(&tea).await;
    let mut reactions = expected.message(seq).unwrap().reactions.clone();
    reactions.sort_by_key(|reaction| reaction.count);
    let counts: Vec<_> = reactions.iter().map(|it| (it.count, it.users.len())).collect();
    assert_eq!(counts, [(25, 20), (25, 20), (40, 20)]);
    // A change for every request, without gaps.
    assert_eq!(app.query_count("SELECT head FROM chats").await, 52 + 110);
    assert_counts_match(&app).await;
    for (timeline, listener) in &mut listeners {
        while timeline.head() < expected.head() {
            assert_ne!(timeline.apply(listener.recv_changes().await), ApplyResult::Gap);
        }
        assert_eq!(timeline.message(seq), expected.message(seq));
    }
    let listed = list_users(&users[0], &tea, seq).await;
    let thumbs = listed.iter().find(|it| it.emoji == "👍").unwrap();
    assert_eq!((thumbs.count, thumbs.own, thumbs.users.len()), (40, false, 40));
}

#[tokio::test(flavor = "multi_thread")]
async fn next_user_takes_the_place_of_a_listed_one() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let users = create_members(&app, &tea, 23).await;
    let seq = ada.send_message(&tea, "tea?").await.stored.seq;
    for user in &users {
        user.react(&tea, seq, "👍").await.assert_status(200);
    }
    let ids: Vec<_> = users.iter().map(|user| user.id).collect();
    let after = async |user: &TestUser| {
        let message: Message = user.take_back(&tea, seq, "👍").await.assert_status(200).json();
        let Reaction { count, users, .. } = message.reactions[0].clone();
        (count, users)
    };
    assert_eq!(after(&users[22]).await, (22, ids[..20].to_vec()));
    assert_eq!(after(&users[0]).await, (21, ids[1..21].to_vec()));
    assert_eq!(after(&users[5]).await, (20, [&ids[1..5], &ids[6..22]].concat()));
    assert_eq!(after(&users[1]).await, (19, [&ids[2..5], &ids[6..22]].concat()));
    assert_counts_match(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn list_names_who_reacted() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let seq = ada.send_message(&tea, "tea?").await.stored.seq;
    assert_eq!(list_users(&ada, &tea, seq).await, []);
    for (user, emoji) in [(&brian, "👍"), (&ada, "👍"), (&ada, "🫖")] {
        user.react(&tea, seq, emoji).await.assert_status(200);
    }
    ada.request(&Method::PATCH, "/auth/me/")
        .json(&json!({ "display_name": "Ada L." }))
        .await
        .assert_status(200);
    let shown = |reactions: Vec<ReactionUsers>| -> Vec<(String, u32, bool, Vec<String>)> {
        let names = |one: &ReactionUsers| one.users.iter().map(|user| user.name.clone()).collect();
        reactions.iter().map(|one| (one.emoji.clone(), one.count, one.own, names(one))).collect()
    };
    let expected = [
        ("👍".to_owned(), 2, true, vec!["brian".to_owned(), "Ada L.".to_owned()]),
        ("🫖".to_owned(), 1, false, vec!["Ada L.".to_owned()]),
    ];
    assert_eq!(shown(list_users(&brian, &tea, seq).await), expected);
    // The reactions of a deleted account stay, as its messages do, without its name.
    brian.delete_account().await;
    let listed = list_users(&ada, &tea, seq).await;
    assert_eq!((listed[0].count, listed[0].users[1].name.as_str()), (2, "Ada L."));
    assert_ne!(listed[0].users[0].name, "brian");
    ada.delete_message(&tea, seq).await.assert_status(204);
    let path = format!("/api/chats/{tea}/messages/{seq}/reactions/");
    ada.get(&path).await.assert_problem(ProblemCode::MessageDeleted);
    app.create_user("eve").await.get(&path).await.assert_problem(ProblemCode::ChatNotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn reactions_go_with_their_message() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let stored = "SELECT count(*) FROM message_reactions";
    for text in ["expired", "deleted", "recent"] {
        let seq = brian.send_message(&tea, text).await.stored.seq;
        ada.react(&tea, seq, "👍").await.assert_status(200);
        if text == "deleted" {
            brian.delete_message(&tea, seq).await.assert_status(204);
            ada.react(&tea, seq, "👍").await.assert_problem(ProblemCode::MessageDeleted);
            let tombstone = ada.history(&tea, "").await.messages.pop().unwrap();
            assert_eq!((tombstone.deleted, tombstone.reactions), (true, vec![]));
        }
    }
    assert_eq!(app.query_count(stored).await, 2);
    app.execute_sql("UPDATE messages SET created_at = now() - interval '8 days' WHERE message = 'expired'")
        .await;
    ada.update_settings(&tea, &json!({ "retention_days": 7 })).await.assert_status(200);
    chat_expiry::run_once(&app.state.db, &app.state.chats).await.unwrap();
    assert_eq!(app.query_count(stored).await, 1);
    let recent = format!("/api/chats/{tea}/messages/?user={}&minutes=5", brian.id);
    ada.request(&Method::DELETE, &recent).await.assert_status(200);
    assert_eq!(app.query_count(stored).await, 0);
    assert_eq!(app.query_count("SELECT count(*) FROM messages WHERE reactions IS NOT NULL").await, 0);
}

/// A previous release deletes messages without their reactions.
#[tokio::test(flavor = "multi_thread")]
async fn deletion_by_old_release_hides_reactions() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let seq = ada.send_message(&tea, "tea?").await.stored.seq;
    ada.react(&tea, seq, "👍").await.assert_status(200);
    app.execute_sql("UPDATE messages SET message = '', deleted_at = now()").await;
    assert_eq!(ada.history(&tea, "?before=100").await.messages[0].reactions, []);
    ada.take_back(&tea, seq, "👍").await.assert_problem(ProblemCode::MessageDeleted);
}

#[tokio::test(flavor = "multi_thread")]
async fn racing_reactions_and_deletion_converge() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let users = create_members(&app, &tea, 8).await;
    for round in 0..5 {
        let seq = ada.send_message(&tea, "tea?").await.stored.seq;
        let mut views: Vec<Timeline> = Vec::new();
        for user in &users[..2] {
            views.push(user.open_timeline(&tea).await);
        }
        let reactions = join_all(users.iter().map(|user| async { user.react(&tea, seq, "👍").await }));
        let deletion = async { ada.delete_message(&tea, seq).await.assert_status(204) };
        let (reactions, _) = futures_util::future::join(reactions, deletion).await;
        for response in reactions {
            assert!([200, ProblemCode::MessageDeleted.status()].contains(&response.status), "{response:?}");
        }
        for (view, user) in views.iter_mut().zip(&users) {
            assert_eq!(view.apply(user.changes(&tea, view.head()).await), ApplyResult::Applied);
            let message = view.message(seq).unwrap();
            assert_eq!((message.deleted, message.reactions.len()), (true, 0), "round {round}");
        }
    }
    assert_eq!(app.query_count("SELECT count(*) FROM message_reactions").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn reaction_is_neither_unread_nor_latest() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let seq = ada.send_message(&tea, "tea?").await.stored.seq;
    let coffee = ada.create_chat().await;
    ada.send_message(&coffee, "coffee?").await;
    brian.mark_read(&tea, seq).await;
    let order = async |user: &TestUser| -> Vec<(String, i64)> {
        let chats = user.list_chats().await;
        chats.iter().map(|it| (it.chat.uri.clone(), i64::from(it.unread))).collect()
    };
    let (of_ada, of_brian) = (order(&ada).await, order(&brian).await);
    assert_eq!((&of_ada[0].0, of_brian[0].1), (&coffee.uri, 0));
    brian.react(&tea, seq, "👍").await.assert_status(200);
    assert_eq!((order(&ada).await, order(&brian).await), (of_ada, of_brian));
    let last = ada.list_chats().await.pop().unwrap().last_message.unwrap();
    assert_eq!((last.seq, last.reactions.len()), (seq, 1));
}
