//! Who is here: the people who have a chat open, as everyone in it sees them.

use shared::socket::{ClientFrame, PRESENCE_MAX, ServerFrame};

use crate::{
    app::{Person, TestApp},
    database,
    listener::Listener,
    proxy::Proxy,
};

async fn member(app: &TestApp, name: &str, uri: &str) -> Person {
    let person = app.person(name).await;
    person.joins(uri).await;
    person
}

/// The next word on who is here, whatever else comes before it.
async fn next_presence(listener: &mut Listener) -> (usize, Vec<i64>) {
    loop {
        if let ServerFrame::Presence { count, here, .. } = listener.hears_any().await {
            return (count, here);
        }
    }
}

async fn leave_chat(listener: &mut Listener, uri: &str) {
    listener.says(&ClientFrame::Unsubscribe { uri: uri.to_owned() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_opens_a_chat_is_seen_by_the_others_and_by_themselves() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let brian = member(&app, "brian", &tea).await;
    let mut first = ada.listens_to(&tea).await;
    assert_eq!(first.hears_presence_of(1).await, [ada.id]);
    let mut second = brian.listens_to(&tea).await;
    for listener in [&mut first, &mut second] {
        assert_eq!(
            listener.hears_presence_of(2).await,
            [ada.id, brian.id],
            "in the order in which they came"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_socket_is_told_who_is_here_and_changes_nothing_for_the_others() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let (brian, eve) = (member(&app, "brian", &tea).await, member(&app, "eve", &tea).await);
    let mut watching = ada.listens_to(&tea).await;
    let mut phone = brian.listens_to(&tea).await;
    watching.hears_presence_of(2).await;
    phone.hears_presence_of(2).await;
    let mut laptop = brian.listens().await;
    laptop.subscribes(&tea, None, None).await;
    assert_eq!(next_presence(&mut laptop).await, (2, vec![ada.id, brian.id]));
    laptop.leaves().await;
    // Whatever was told because of the second socket would come before this.
    let mut third = eve.listens_to(&tea).await;
    third.hears_presence_of(3).await;
    assert_eq!(next_presence(&mut watching).await, (3, vec![ada.id, brian.id, eve.id]));
    phone.leaves().await;
    assert_eq!(next_presence(&mut watching).await, (2, vec![ada.id, eve.id]), "the last socket counts");
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_is_seen_however_one_leaves() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let mut watching = ada.listens_to(&tea).await;
    let mut here = Vec::new();
    for name in ["brian", "eve", "lena", "omar"] {
        let person = member(&app, name, &tea).await;
        here.push((person.listens_to(&tea).await, person));
    }
    assert_eq!(watching.hears_presence_of(5).await.len(), 5);
    let (deleted, omar) = here.pop().unwrap();
    omar.leaves_for_good().await;
    watching.hears_presence_of(4).await;
    drop(deleted);
    let (hung_up, _) = here.pop().unwrap();
    drop(hung_up);
    watching.hears_presence_of(3).await;
    here.pop().unwrap().0.leaves().await;
    watching.hears_presence_of(2).await;
    let (mut elsewhere, brian) = here.pop().unwrap();
    leave_chat(&mut elsewhere, &tea).await;
    assert_eq!(watching.hears_presence_of(1).await, [ada.id]);
    elsewhere.subscribes(&tea, None, None).await;
    assert_eq!(watching.hears_presence_of(2).await, [ada.id, brian.id], "and coming back as well");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_to_come_are_named_and_all_are_counted() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let mut people = vec![ada];
    for number in 1..PRESENCE_MAX + 2 {
        people.push(member(&app, &format!("person{number}"), &tea).await);
    }
    let mut listeners = Vec::new();
    for person in &people {
        listeners.push(person.listens_to(&tea).await);
    }
    let first: Vec<_> = people.iter().take(PRESENCE_MAX).map(|person| person.id).collect();
    for place in [0, PRESENCE_MAX + 1] {
        assert_eq!(listeners[place].hears_presence_of(PRESENCE_MAX + 2).await, first);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_and_goes_changes_no_number() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let mut listener = ada.listens_to(&tea).await;
    listener.hears_presence_of(1).await;
    assert_eq!(ada.changes(&tea, 1).await.head, 1);
    ada.says(&tea, "tea?").await;
    let changes = listener.hears_changes().await;
    assert_eq!((changes.after, changes.head), (1, 2));
}

/// Who is here is told once a second; somebody who reads just then must not be left out for ever.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_reads_for_long_is_told_who_is_here_nevertheless() {
    let database = database::fresh().await;
    let proxy = Proxy::before(&database).await;
    let app = TestApp::on(database, proxy.url(), |_| ()).await;
    let (ada, tea) = app.tea().await;
    let brian = member(&app, "brian", &tea).await;
    let mut watching = ada.listens_to(&tea).await;
    let mut reading = brian.listens().await;
    brian.history(&tea, "").await;
    proxy.fall_silent();
    reading.subscribes(&tea, Some(0), None).await;
    watching.hears_presence_of(2).await;
    proxy.mend();
    assert_eq!(reading.hears_presence_of(2).await, [ada.id, brian.id]);
}
