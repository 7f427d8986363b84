//! Keeping a chat pleasant: whoever is out is out at once.

use futures_util::future::join_all;
use serde_json::json;
use shared::{
    event::{Event, Person as Who},
    member::{Member, Role, Standing},
    problem::ProblemCode,
    socket::{ClientFrame, ServerFrame},
    timeline::Heard,
};
use uuid::Uuid;

use crate::{app::TestApp, keeping::events};

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_sent_out_hears_that_and_then_nothing() {
    for standing in [Standing::Removed, Standing::Banned] {
        let app = TestApp::start().await;
        let (ada, tea) = app.tea().await;
        let (brian, eve) = (app.joiner("brian", &tea).await, app.joiner("eve", &tea).await);
        // By now the server knows him well.
        brian.says(&tea, "tea?").await;
        let (mut of_brian, mut of_eve) = (brian.listens_to(&tea).await, eve.listens_to(&tea).await);
        let mut stream = brian.follows(&tea).await;
        let member: Member = ada.put_out(&tea, &brian, standing).await.is(200).read();
        assert_eq!((member.standing, member.role), (standing, Role::Writer));
        assert_eq!(of_brian.hears_standing().await, standing);
        let last = stream.next().await.expect("a last word");
        assert_eq!(last.name, "goodbye", "{last:?}");
        assert!(stream.next().await.is_none());
        let heard = of_eve.hears_changes().await;
        assert_eq!(heard.members, [member]);
        let who = Who { id: brian.id, name: "brian".into() };
        let event =
            if standing == Standing::Removed { Event::Removed { who } } else { Event::Banned { who } };
        assert_eq!(events(&heard), [(ada.id, event)]);
        ada.says(&tea, "between us").await;
        assert_eq!(of_eve.hears_changes().await.messages[0].message, "between us");
        // Nor is he heard.
        of_brian.says(&ClientFrame::Typing { uri: tea.clone() }).await;
        of_brian.posts(&tea, Uuid::new_v4(), "still here").await;
        let refusal = loop {
            if let (Some(_), _, problem) = of_brian.hears_refusal().await {
                break problem;
            }
        };
        assert_eq!(refusal.code, ProblemCode::ChatNotFound);
        of_brian.is_heard().await;
        of_brian.subscribes(&tea, Some(1), None).await;
        assert_eq!(of_brian.hears_refusal().await.2.code, ProblemCode::ChatNotFound);
        for call in [
            brian.say(&tea, "still here"),
            brian.follow(&tea),
            brian.get(&format!("/api/chats/{tea}/messages/")),
            brian.get(&format!("/api/chats/{tea}/changes/")),
        ] {
            call.await.refused(ProblemCode::ChatNotFound);
        }
        of_eve.is_heard().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_subscribes_while_they_are_sent_out_hears_nothing_later() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let mut insider = ada.listens_to(&tea).await;
    let mut people = Vec::new();
    for number in 0..12 {
        let person = app.joiner(&format!("person{number}"), &tea).await;
        people.push((person.listens().await, person));
    }
    join_all(people.iter_mut().map(|(socket, person)| {
        let (ada, tea) = (&ada, &tea);
        async move {
            let subscribes = socket.subscribes(tea, None, None);
            let (answer, ()) = tokio::join!(ada.put_out(tea, person, Standing::Removed), subscribes);
            answer.is(200);
        }
    }))
    .await;
    ada.says(&tea, "between us").await;
    while insider.hears_changes().await.messages.iter().all(|said| said.message != "between us") {}
    for (socket, _) in &mut people {
        socket.says(&ClientFrame::Subscribe { uri: "nowhere".into(), after: None, epoch: None }).await;
        loop {
            match socket.hears().await {
                ServerFrame::Refused { uri, .. } if uri.as_deref() == Some("nowhere") => break,
                ServerFrame::Changes(heard) => {
                    let told = heard.messages.iter().any(|said| said.message == "between us");
                    assert!(!told, "{heard:?}");
                }
                _ => {}
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_who_ban_somebody_at_once_one_does() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let (brian, eve) = (app.joiner("brian", &tea).await, app.joiner("eve", &tea).await);
    ada.give_role(&tea, &brian, Role::Moderator).await.is(200);
    let bans = join_all((0..20).map(|number| {
        let (keeper, eve, tea) = (if number % 2 == 0 { &ada } else { &brian }, &eve, &tea);
        async move { keeper.put_out(tea, eve, Standing::Banned).await.status }
    }));
    let bans = bans.await;
    assert_eq!(bans.iter().filter(|status| **status == 200).count(), 1, "{bans:?}");
    assert_eq!(bans.iter().filter(|status| **status == 409).count(), 19, "{bans:?}");
    assert_eq!(ada.audit(&tea).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_knock_is_answered_with_the_role_that_was_meant() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let moderator = app.joiner("fay", &tea).await;
    ada.give_role(&tea, &moderator, Role::Moderator).await.is(200);
    let (brian, eve) = (app.knocker("brian", &tea).await, app.knocker("eve", &tea).await);
    app.sql()
        .await
        .execute("UPDATE members SET role = 'reader' WHERE user_id = $1", &[&brian.id])
        .await
        .unwrap();
    brian.get(&format!("/api/chats/{tea}/messages/")).await.refused(ProblemCode::ChatNotFound);
    let mut socket = brian.listens().await;
    let member: Member = moderator.put_out(&tea, &brian, Standing::In).await.is(200).read();
    assert_eq!((member.standing, member.role), (Standing::In, Role::Reader));
    assert_eq!(socket.hears_standing().await, Standing::In);
    assert_eq!(brian.history(&tea, "").await.messages.len(), 2);
    brian.say(&tea, "hello").await.refused(ProblemCode::Forbidden);
    let member: Member = moderator.put_out(&tea, &eve, Standing::Refused).await.is(200).read();
    assert_eq!(member.standing, Standing::Refused);
    eve.get(&format!("/api/chats/{tea}/messages/")).await.refused(ProblemCode::ChatNotFound);
    moderator.put_out(&tea, &eve, Standing::In).await.refused(ProblemCode::Conflict);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ban_also_reaches_those_outside_and_is_lifted_again() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let brian = app.joiner("brian", &tea).await;
    for standing in ["in", "knocking", "refused", "left", "removed"] {
        app.places(&brian, standing).await;
        ada.put_out(&tea, &brian, Standing::Banned).await.is(200);
        ada.put_out(&tea, &brian, Standing::Banned).await.refused(ProblemCode::Conflict);
        let joined = ada.joins(&tea).await;
        assert_eq!(joined.others.iter().map(|other| other.user.id).collect::<Vec<_>>(), [brian.id]);
        let member: Member = ada.put_out(&tea, &brian, Standing::Left).await.is(200).read();
        assert_eq!(member.standing, Standing::Left);
        ada.put_out(&tea, &brian, Standing::Removed).await.refused(ProblemCode::Conflict);
    }
    let stranger = app.person("eve").await;
    ada.put_out(&tea, &stranger, Standing::Banned).await.refused(ProblemCode::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sends_out_the_owner_nor_a_moderator_another_one() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let (brian, eve) = (app.joiner("brian", &tea).await, app.joiner("eve", &tea).await);
    let writer = app.joiner("fay", &tea).await;
    for moderator in [&brian, &eve] {
        ada.give_role(&tea, moderator, Role::Moderator).await.is(200);
    }
    for (actor, other) in [(&brian, &ada), (&brian, &eve), (&brian, &brian), (&writer, &eve), (&ada, &ada)] {
        for standing in [Standing::Removed, Standing::Banned] {
            actor.put_out(&tea, other, standing).await.refused(ProblemCode::Forbidden);
        }
    }
    brian.put_out(&tea, &writer, Standing::Removed).await.is(200);
    ada.put_out(&tea, &eve, Standing::Removed).await.is(200);
    assert_eq!(ada.joins(&tea).await.members.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_chat_is_read_and_not_written() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let brian = app.joiner("brian", &tea).await;
    brian.says(&tea, "tea?").await;
    let mut listener = brian.listens_to(&tea).await;
    listener.posts(&tea, Uuid::new_v4(), "yes").await;
    while !matches!(listener.hears().await, ServerFrame::Posted { .. }) {}
    ada.set(&tea, &json!({ "closed": true })).await.is(200);
    while listener.hears_changes().await.chat.is_none() {}
    listener.posts(&tea, Uuid::new_v4(), "more").await;
    assert_eq!(listener.hears_refusal().await.2.code, ProblemCode::ChatClosed);
    for person in [&brian, &ada] {
        person.say(&tea, "more").await.refused(ProblemCode::ChatClosed);
    }
    assert_eq!(brian.history(&tea, "").await.messages.len(), 3, "two messages and a line");
    ada.set(&tea, &json!({ "closed": false })).await.is(200);
    listener.hears_changes().await;
    brian.says(&tea, "more").await;
    assert_eq!(listener.hears_changes().await.messages[0].message, "more");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_away_while_much_was_done_ends_equal_to_whoever_stayed() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let (brian, eve) = (app.joiner("brian", &tea).await, app.joiner("eve", &tea).await);
    let (fay, gus) = (app.joiner("fay", &tea).await, app.knocker("gus", &tea).await);
    let said = fay.says(&tea, "spam").await.stored.seq;
    let (mut stays, mut away) = (eve.opens(&tea).await, eve.opens(&tea).await);
    let mut listener = eve.listens_to(&tea).await;
    ada.set(&tea, &json!({ "name": "Tea", "approval": true })).await.is(200);
    ada.give_role(&tea, &brian, Role::Moderator).await.is(200);
    ada.delete_message(&tea, said).await.is(204);
    ada.put_out(&tea, &fay, Standing::Banned).await.is(200);
    ada.put_out(&tea, &gus, Standing::In).await.is(200);
    gus.leave(&tea).await.is(204);
    ada.hand_over(&tea, &brian).await.is(200);
    let head = app.count("SELECT head FROM chats").await;
    while stays.head() < head {
        assert_eq!(stays.hear(listener.hears_changes().await), Heard::Applied);
    }
    assert_eq!(away.hear(eve.changes(&tea, away.head()).await), Heard::Applied);
    assert_eq!(away, stays);
    let here: Vec<_> = away.members().iter().map(|member| (member.user.id, member.role)).collect();
    let expected = [(brian.id, Role::Owner), (ada.id, Role::Moderator), (eve.id, Role::Writer)];
    assert_eq!(here, expected);
    assert_eq!(away.standing(Standing::Banned).len(), 1);
    assert_eq!((away.chat().name.as_str(), away.message(said).map(|left| left.deleted)), ("Tea", Some(true)));
}
