//! The response to a post is lost five times.

use std::time::Duration;

use shared::id::Seq;
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};
use uuid::Uuid;

use crate::{
    fixture::Fixture,
    flaky_connection::FlakyConnection,
    proxy::{FaultProxy, Flow, Flows, OPEN},
    reader::Reader,
    user::{REQUEST_TIMEOUT, TestChat, TestUser},
};

const TIMES: usize = 5;
const MESSAGES: usize = 10;

struct Post {
    client_id: Uuid,
    text: String,
}

/// Posts, drops the response and cuts the connection; returns the `seq` in the dropped response.
async fn post_and_drop_response(
    proxy: &FaultProxy,
    user: &TestUser,
    chat: &TestChat,
    post: &Post,
    by_socket: bool,
) -> Seq {
    // A client without the connections that were cut.
    let user = user.with_address(user.address);
    let mut connection = if by_socket { Some(FlakyConnection::open(&user).await.unwrap()) } else { None };
    proxy.set(Flows { to_client: Flow::Dropped, ..OPEN });
    let dropped = async {
        while !proxy.dropped().contains("\"revision\"") {
            sleep(Duration::from_millis(1)).await;
        }
    };
    if let Some(connection) = &mut connection {
        connection.post_message(chat.id, post.client_id, &post.text).await.unwrap();
        timeout(REQUEST_TIMEOUT, dropped).await.expect("a response");
    } else {
        tokio::select! {
            response = user.try_send_message(chat, post.client_id, &post.text) => {
                panic!("the response was not dropped: {response:?}")
            }
            dropped = timeout(REQUEST_TIMEOUT, dropped) => dropped.expect("a response"),
        }
    }
    proxy.cut();
    drop(connection);
    proxy.set(OPEN);
    let response = proxy.take_dropped();
    let (_, rest) = response.split_once("\"seq\":").expect("a seq");
    Seq::new(rest.split(',').next().unwrap().parse().expect("a seq"))
}

async fn post_once_open(user: &TestUser, chat: &TestChat, post: &Post) -> Seq {
    // A client without the connections that were cut.
    let user = user.with_address(user.address);
    user.try_send_message(chat, post.client_id, &post.text).await.expect("the network is open").stored.seq
}

#[tokio::test(flavor = "multi_thread")]
async fn post_with_lost_responses_is_stored_once() {
    let fixture = Fixture::start().await;
    let proxy = FaultProxy::start(fixture.address()).await;
    let (ada, eve) = (fixture.create_user("ada").await, fixture.create_user("eve").await);
    let behind_proxy = ada.with_address(proxy.address);
    let chat = ada.create_chat().await;
    let (end, ended) = watch::channel(None);
    let reader = tokio::spawn(Reader::open(eve, chat.clone()).await.run(ended));
    let mut acknowledged = Vec::new();
    for number in 0..MESSAGES {
        let post = Post { client_id: Uuid::new_v4(), text: format!("message {number}") };
        let mut seqs = Vec::new();
        for time in 0..TIMES {
            let by_socket = (number + time) % 2 == 0;
            seqs.push(post_and_drop_response(&proxy, &behind_proxy, &chat, &post, by_socket).await);
        }
        seqs.push(post_once_open(&behind_proxy, &chat, &post).await);
        seqs.dedup();
        assert_eq!(seqs.len(), 1, "always the same seq");
        acknowledged.push((seqs[0], post.client_id));
    }
    let (_, head) = fixture.member_seqs_and_head(&chat).await;
    end.send_replace(Some(head));
    let view = timeout(REQUEST_TIMEOUT, reader).await.expect("the reader has everything").unwrap();
    let stored = fixture.stored_messages(&chat).await;
    assert_eq!(stored.iter().map(|row| (row.seq, row.client_id)).collect::<Vec<_>>(), acknowledged);
    assert_eq!((&view.arrived, &view.shown), (&stored, &stored));
    println!("{MESSAGES} posts, each response lost {TIMES} times: {MESSAGES} rows, each shown once");
}
