//! Presence: which users have a chat open.

use shared::{id::Head, socket::PRESENCE_MAX};

use crate::support::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn subscriber_is_present_for_everyone() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let mut first = ada.open_socket_in(&tea).await;
    assert_eq!(first.wait_for_presence(1).await, [ada.id]);
    let mut second = brian.open_socket_in(&tea).await;
    for listener in [&mut first, &mut second] {
        assert_eq!(listener.wait_for_presence(2).await, [ada.id, brian.id], "in order of arrival");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn second_socket_gets_presence_without_broadcast() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let (brian, eve) = (app.create_member("brian", &tea).await, app.create_member("eve", &tea).await);
    let mut watching = ada.open_socket_in(&tea).await;
    let mut phone = brian.open_socket_in(&tea).await;
    watching.wait_for_presence(2).await;
    phone.wait_for_presence(2).await;
    let mut laptop = brian.open_socket().await;
    laptop.subscribe(&tea, None, None).await;
    assert_eq!(laptop.recv_presence().await, (2, vec![ada.id, brian.id]));
    laptop.close().await;
    // A broadcast caused by the second socket would come first.
    let mut third = eve.open_socket_in(&tea).await;
    third.wait_for_presence(3).await;
    assert_eq!(watching.recv_presence().await, (3, vec![ada.id, brian.id, eve.id]));
    phone.close().await;
    assert_eq!(
        watching.recv_presence().await,
        (2, vec![ada.id, eve.id]),
        "present until the last socket closes"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_of_leaving_updates_presence() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut watching = ada.open_socket_in(&tea).await;
    let mut here = Vec::new();
    for name in ["brian", "eve", "lena", "omar"] {
        let user = app.create_member(name, &tea).await;
        here.push((user.open_socket_in(&tea).await, user));
    }
    assert_eq!(watching.wait_for_presence(5).await.len(), 5);
    let (deleted, omar) = here.pop().unwrap();
    omar.delete_account().await;
    watching.wait_for_presence(4).await;
    drop(deleted);
    let (hung_up, _) = here.pop().unwrap();
    drop(hung_up);
    watching.wait_for_presence(3).await;
    here.pop().unwrap().0.close().await;
    watching.wait_for_presence(2).await;
    let (mut elsewhere, brian) = here.pop().unwrap();
    elsewhere.unsubscribe(tea.id).await;
    assert_eq!(watching.wait_for_presence(1).await, [ada.id]);
    elsewhere.subscribe(&tea, None, None).await;
    assert_eq!(watching.wait_for_presence(2).await, [ada.id, brian.id], "rejoining is shown too");
}

#[tokio::test(flavor = "multi_thread")]
async fn presence_lists_first_users_and_counts_all() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut users = vec![ada];
    for number in 1..PRESENCE_MAX + 2 {
        users.push(app.create_member(&format!("person{number}"), &tea).await);
    }
    let mut listeners = Vec::new();
    for user in &users {
        listeners.push(user.open_socket_in(&tea).await);
    }
    let first: Vec<_> = users.iter().take(PRESENCE_MAX).map(|user| user.id).collect();
    for place in [0, PRESENCE_MAX + 1] {
        assert_eq!(listeners[place].wait_for_presence(PRESENCE_MAX + 2).await, first);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn presence_does_not_change_head() {
    let app = TestApp::spawn().await;
    let (ada, tea) = app.ada_and_chat().await;
    let mut listener = ada.open_socket_in(&tea).await;
    listener.wait_for_presence(1).await;
    assert_eq!(ada.changes(&tea, Head::new(1)).await.head.get(), 1);
    ada.send_message(&tea, "tea?").await;
    let changes = listener.recv_changes().await;
    assert_eq!((changes.after.get(), changes.head.get()), (1, 2));
}

/// Presence is sent once a second; a client that is catching up just then must get it later.
#[tokio::test(flavor = "multi_thread")]
async fn slow_catch_up_still_gets_presence() {
    let (app, proxy) = TestApp::spawn_behind_proxy().await;
    let (ada, tea) = app.ada_and_chat().await;
    let brian = app.create_member("brian", &tea).await;
    let mut watching = ada.open_socket_in(&tea).await;
    let mut reading = brian.open_socket().await;
    brian.history(&tea, "").await;
    proxy.stall();
    reading.subscribe(&tea, Some(Head::new(0)), None).await;
    watching.wait_for_presence(2).await;
    proxy.restore();
    assert_eq!(reading.wait_for_presence(2).await, [ada.id, brian.id]);
}
