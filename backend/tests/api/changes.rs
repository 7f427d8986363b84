//! What a reader missed, by number.

use futures_util::future::join_all;
use shared::{
    changes::CHANGES_MAX,
    member::Role,
    problem::ProblemCode,
    timeline::{Heard, Timeline},
};
use uuid::Uuid;

use crate::app::{Person, TestApp};

impl Person {
    /// The chat as this person sees it who opens it now.
    pub async fn opens(&self, uri: &str) -> Timeline {
        let joined = self.joins(uri).await;
        Timeline::open(joined, self.history(uri, "").await)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_has_its_number_and_is_told_after_it() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let brian = app.person("brian").await;
    brian.joins(&tea).await;
    brian.says(&tea, "tea?").await;
    let all = ada.changes(&tea, 0).await;
    assert_eq!((all.after, all.head, all.more, all.uri.as_str()), (0, 3, false, tea.as_str()));
    assert_eq!(all.chat.unwrap().revision, 1);
    let members: Vec<_> =
        all.members.iter().map(|m| (m.user.username.as_str(), m.role, m.revision)).collect();
    assert_eq!(members, [("ada", Role::Owner, 1), ("brian", Role::Writer, 2)]);
    assert_eq!(
        all.messages.iter().map(|m| (m.message.as_str(), m.revision)).collect::<Vec<_>>(),
        [("tea?", 3)]
    );
    let later = ada.changes(&tea, 2).await;
    assert_eq!((later.chat, later.members.len(), later.messages.len()), (None, 0, 1));
    let none = ada.changes(&tea, 3).await;
    assert_eq!((none.head, none.members.len(), none.messages.len()), (3, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_of_another_state_of_the_database_starts_afresh() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let epoch = ada.joins(&tea).await.epoch;
    let path = format!("/api/chats/{tea}/changes/");
    ada.get(&format!("{path}?after=1&epoch={epoch}")).await.is(200);
    for query in
        [format!("after=1&epoch={}", Uuid::new_v4()), "after=2".into(), format!("after={}", i64::MAX)]
    {
        ada.get(&format!("{path}?{query}")).await.refused(ProblemCode::StartAfresh);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_absence_is_made_up_in_parts_without_a_gap_or_a_double() {
    const MESSAGES: usize = 1_100;
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let mut brian = app.person("brian").await;
    let mut away = ada.opens(&tea).await;
    brian.joins(&tea).await;
    for _ in 0..MESSAGES / 100 {
        join_all((0..100).map(|_| brian.says(&tea, "tea?"))).await;
    }
    brian.renames_to("b").await;
    let (mut after, mut numbers) = (1, Vec::new());
    loop {
        let part = ada.changes(&tea, after).await;
        assert!(part.members.len() + part.messages.len() <= usize::try_from(CHANGES_MAX).unwrap());
        assert!(part.head > after, "there is progress");
        numbers.extend(part.messages.iter().map(|message| message.seq));
        after = part.head;
        let more = part.more;
        assert_eq!(away.hear(part), Heard::Applied);
        if !more {
            break;
        }
    }
    assert_eq!(numbers, (3..3 + i64::try_from(MESSAGES).unwrap()).collect::<Vec<_>>());
    assert_eq!(after, i64::try_from(MESSAGES).unwrap() + 3);
    assert_eq!(away.messages().map(|m| away.author(m).username.as_str()).next(), Some("b"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_name_reaches_everyone_as_a_numbered_change() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let mut brian = app.person("brian").await;
    brian.joins(&tea).await;
    brian.says(&tea, "tea?").await;
    let mut seen = ada.opens(&tea).await;
    let mut listener = ada.listens_to(&tea).await;
    brian.renames_to("Bertrand").await;
    let heard = listener.hears_changes().await;
    assert_eq!((heard.after, heard.head), (3, 4));
    assert_eq!((heard.members[0].user.username.as_str(), heard.members[0].revision), ("Bertrand", 4));
    let fetched = ada.changes(&tea, 3).await;
    assert_eq!(fetched.members, heard.members);
    assert_eq!(seen.hear(heard), Heard::Applied);
    assert_eq!(seen.author(seen.messages().next().unwrap()).username, "Bertrand");
    assert_eq!(ada.history(&tea, "").await.messages[0].user.username, "Bertrand");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_deleted_account_said_stays_under_no_name() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let brian = app.person("brian").await;
    let coffee = brian.starts().await;
    ada.joins(&coffee).await;
    brian.joins(&tea).await;
    brian.says(&tea, "goodbye").await;
    let mut listener = ada.listens_to(&tea).await;
    brian.leaves_for_good().await;
    let heard = listener.hears_changes().await;
    assert_eq!((heard.after, heard.head, heard.members[0].user.id), (3, 4, brian.id));
    assert_eq!(heard.members[0].user.username, "deleted account");
    let read = ada.history(&tea, "").await.messages.remove(0);
    assert_eq!((read.user.username.as_str(), read.message.as_str()), ("deleted account", "goodbye"));
    assert_eq!(ada.changes(&coffee, 2).await.members[0].user.username, "deleted account");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_speak_and_rename_at_once_leave_numbers_without_gaps() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let mut people = Vec::new();
    for name in ["brian", "eve", "lena"] {
        let person = app.person(name).await;
        person.joins(&tea).await;
        people.push(person);
    }
    let mut renamed = people.clone();
    let renaming =
        renamed.iter_mut().enumerate().map(async |(n, person)| person.renames_to(&format!("new{n}")).await);
    let says = (0..60).map(|n| people[n % 3].says(&tea, "tea?"));
    futures_util::future::join(join_all(renaming), join_all(says)).await;
    let all = ada.changes(&tea, 0).await;
    let mut revisions: Vec<_> = all.messages.iter().map(|message| message.revision).collect();
    revisions.extend(all.members.iter().map(|member| member.revision).filter(|revision| *revision > 4));
    revisions.sort_unstable();
    assert_eq!(revisions, (5..=67).collect::<Vec<_>>());
    assert_eq!(all.head, 67);
}
