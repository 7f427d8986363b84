//! Changes of a chat since a revision.

use futures_util::future::join_all;
use shared::{changes::CHANGES_MAX, id::Head, member::Role, problem::ProblemCode, sync::ApplyResult};
use uuid::Uuid;

use crate::support::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_listed_after_a_revision() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_user("brian").await;
    brian.join(&tea).await;
    brian.send_message(&tea, "tea?").await;
    let all = ada.changes(&tea, Head::new(0)).await;
    assert_eq!((all.after.get(), all.head.get(), all.more, all.chat_id), (0, 3, false, tea.id));
    assert_eq!(all.chat.unwrap().revision.get(), 1);
    let members: Vec<_> =
        all.members.iter().map(|m| (m.user.username.as_str(), m.role, m.revision.get())).collect();
    assert_eq!(members, [("ada", Role::Owner, 1), ("brian", Role::Writer, 2)]);
    assert_eq!(
        all.messages.iter().map(|m| (m.message.as_str(), m.revision.get())).collect::<Vec<_>>(),
        [("tea?", 3)]
    );
    let later = ada.changes(&tea, Head::new(2)).await;
    assert_eq!((later.chat, later.members.len(), later.messages.len()), (None, 0, 1));
    let none = ada.changes(&tea, Head::new(3)).await;
    assert_eq!((none.head.get(), none.members.len(), none.messages.len()), (3, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn cursor_of_another_epoch_is_stale() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let epoch = ada.join(&tea).await.epoch;
    let path = format!("/api/chats/{tea}/changes/");
    ada.get(&format!("{path}?after=1&epoch={epoch}")).await.assert_status(200);
    for query in
        [format!("after=1&epoch={}", Uuid::new_v4()), "after=2".into(), format!("after={}", i64::MAX)]
    {
        ada.get(&format!("{path}?{query}")).await.assert_problem(ProblemCode::StaleCursor);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn long_absence_is_paged_without_gap_or_repeat() {
    const MESSAGES: usize = 1_100;
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut brian = app.create_user("brian").await;
    let mut away = ada.open_timeline(&tea).await;
    brian.join(&tea).await;
    for _ in 0..MESSAGES / 100 {
        join_all((0..100).map(|_| brian.send_message(&tea, "tea?"))).await;
    }
    brian.rename("b").await;
    let (mut after, mut numbers) = (Head::new(1), Vec::new());
    loop {
        let part = ada.changes(&tea, after).await;
        assert!(part.members.len() + part.messages.len() <= usize::try_from(CHANGES_MAX).unwrap());
        assert!(part.head > after, "each part makes progress");
        numbers.extend(part.messages.iter().map(|message| message.seq.get()));
        after = part.head;
        let more = part.more;
        assert_eq!(away.apply(part), ApplyResult::Applied);
        if !more {
            break;
        }
    }
    assert_eq!(numbers, (3..3 + i64::try_from(MESSAGES).unwrap()).collect::<Vec<_>>());
    assert_eq!(after.get(), i64::try_from(MESSAGES).unwrap() + 3);
    assert_eq!(away.messages().map(|m| away.author(m).username.as_str()).next(), Some("b"));
}

#[tokio::test(flavor = "multi_thread")]
async fn rename_is_a_numbered_change() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut brian = app.create_user("brian").await;
    brian.join(&tea).await;
    brian.send_message(&tea, "tea?").await;
    let mut seen = ada.open_timeline(&tea).await;
    let mut listener = ada.open_socket_in(&tea).await;
    brian.rename("Bertrand").await;
    let received = listener.recv_changes().await;
    assert_eq!((received.after.get(), received.head.get()), (3, 4));
    assert_eq!(
        (received.members[0].user.username.as_str(), received.members[0].revision.get()),
        ("Bertrand", 4)
    );
    let fetched = ada.changes(&tea, Head::new(3)).await;
    assert_eq!(fetched.members, received.members);
    assert_eq!(seen.apply(received), ApplyResult::Applied);
    assert_eq!(seen.author(seen.messages().next().unwrap()).username, "Bertrand");
    assert_eq!(ada.history(&tea, "").await.messages[0].user.username, "Bertrand");
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_account_messages_stay_without_name() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_user("brian").await;
    let coffee = brian.create_chat().await;
    ada.join(&coffee).await;
    brian.join(&tea).await;
    brian.send_message(&tea, "goodbye").await;
    let mut listener = ada.open_socket_in(&tea).await;
    brian.delete_account().await;
    let received = listener.recv_changes().await;
    assert_eq!((received.after.get(), received.head.get(), received.members[0].user.id), (3, 4, brian.id));
    assert_eq!(received.members[0].user.username, "deleted account");
    let read = ada.history(&tea, "").await.messages.remove(0);
    assert_eq!((read.user.username.as_str(), read.message.as_str()), ("deleted account", "goodbye"));
    assert_eq!(ada.changes(&coffee, Head::new(2)).await.members[0].user.username, "deleted account");
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_posts_and_renames_leave_no_gap() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut users = Vec::new();
    for name in ["brian", "eve", "lena"] {
        let user = app.create_user(name).await;
        user.join(&tea).await;
        users.push(user);
    }
    let mut renamed = users.clone();
    let renaming =
        renamed.iter_mut().enumerate().map(async |(n, user)| user.rename(&format!("new{n}")).await);
    let posts = (0..60).map(|n| users[n % 3].send_message(&tea, "tea?"));
    futures_util::future::join(join_all(renaming), join_all(posts)).await;
    let all = ada.changes(&tea, Head::new(0)).await;
    let mut revisions: Vec<_> = all.messages.iter().map(|message| message.revision.get()).collect();
    revisions.extend(all.members.iter().map(|member| member.revision.get()).filter(|revision| *revision > 4));
    revisions.sort_unstable();
    assert_eq!(revisions, (5..=67).collect::<Vec<_>>());
    assert_eq!(all.head.get(), 67);
}
