//! The acknowledgement is lost, five times over.

use std::time::Duration;

use tokio::{
    sync::watch,
    time::{sleep, timeout},
};
use uuid::Uuid;

use crate::{
    line::Line,
    people::{PATIENCE, Person},
    place::Place,
    proxy::{OPEN, Proxy, Way, Ways},
    reader::Reader,
};

const TIMES: usize = 5;
const MESSAGES: usize = 10;

/// Says it, has the answer swallowed and the line cut; returns the place that the answer named.
async fn say_in_vain(
    proxy: &Proxy,
    ada: &Person,
    uri: &str,
    client_id: Uuid,
    text: &str,
    socket: bool,
) -> i64 {
    // Without the connections that were cut.
    let ada = ada.over(ada.address);
    let mut line = if socket { Some(Line::open(&ada).await.unwrap()) } else { None };
    proxy.set(Ways { to_client: Way::Swallowed, ..OPEN });
    let swallowed = async {
        while !proxy.swallowed().contains("\"revision\"") {
            sleep(Duration::from_millis(1)).await;
        }
    };
    if let Some(line) = &mut line {
        line.posts(uri, client_id, text).await.unwrap();
        timeout(PATIENCE, swallowed).await.expect("an answer");
    } else {
        tokio::select! {
            answer = ada.posts(uri, client_id, text) => panic!("the answer was to be lost: {answer:?}"),
            swallowed = timeout(PATIENCE, swallowed) => swallowed.expect("an answer"),
        }
    }
    proxy.cut();
    drop(line);
    proxy.set(OPEN);
    let answer = proxy.take_swallowed();
    let (_, rest) = answer.split_once("\"seq\":").expect("a place");
    rest.split(',').next().unwrap().parse().expect("a place")
}

async fn say_at_last(ada: &Person, uri: &str, client_id: Uuid, text: &str) -> i64 {
    // Without the connections that were cut.
    ada.over(ada.address).posts(uri, client_id, text).await.expect("the way is open").stored.seq
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_whose_answer_is_lost_five_times_is_stored_once_and_shown_once() {
    let place = Place::open().await;
    let proxy = Proxy::before(place.address()).await;
    let (ada, eve) = (place.person("ada").await, place.person("eve").await);
    let far = ada.over(proxy.address);
    let tea = ada.starts().await;
    let (end, ended) = watch::channel(None);
    let reader = tokio::spawn(Reader::open(eve, &tea).await.read(ended));
    let mut acknowledged = Vec::new();
    for number in 0..MESSAGES {
        let (client_id, text) = (Uuid::new_v4(), format!("message {number}"));
        let mut places = Vec::new();
        for time in 0..TIMES {
            let socket = (number + time) % 2 == 0;
            places.push(say_in_vain(&proxy, &far, &tea, client_id, &text, socket).await);
        }
        places.push(say_at_last(&far, &tea, client_id, &text).await);
        places.dedup();
        assert_eq!(places.len(), 1, "always the same place");
        acknowledged.push((places[0], client_id));
    }
    let (_, head) = place.numbers(&tea).await;
    end.send_replace(Some(head));
    let view = timeout(PATIENCE, reader).await.expect("the reader has all").unwrap();
    let stored = place.rows(&tea).await;
    assert_eq!(stored.iter().map(|row| (row.seq, row.client_id)).collect::<Vec<_>>(), acknowledged);
    assert_eq!((&view.arrived, &view.shown), (&stored, &stored));
    println!(
        "{MESSAGES} posts, each answer lost {TIMES} times: {MESSAGES} rows, each shown once, at one place"
    );
}
