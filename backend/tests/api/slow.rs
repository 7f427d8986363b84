//! Somebody who does not read while much is said.

use futures_util::future::join;
use shared::socket::ClientFrame;
use tokio::time::timeout;

use crate::{
    app::{TestApp, Web},
    listener::{BOUND, Listener},
    raw::{TEXT, frame},
};

/// With 16 kB each far more than the server keeps for anyone.
const MESSAGES: i64 = 1_900;

async fn hears_all(listener: &mut Listener, head: i64) -> Vec<i64> {
    let (mut known, mut seqs) = (1, Vec::new());
    while known < head {
        let changes = listener.hears_changes().await;
        assert_eq!(changes.after, known, "nothing is missed, and nothing comes twice");
        // Rows above the head may come along, and come again.
        seqs.extend(changes.messages.iter().map(|message| message.seq).filter(|seq| *seq <= changes.head));
        known = changes.head;
    }
    seqs
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_read_holds_up_nobody_and_catches_up_with_everything() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let mut asleep = ada.listens_to(&tea).await;
    let mut awake = ada.listens_to(&tea).await;
    let head = MESSAGES + 1;
    let text = "🫖".repeat(4_000);
    let speaking = ada.says_often(&tea, &text, usize::try_from(MESSAGES).unwrap());
    let ((), all) = join(speaking, hears_all(&mut awake, head)).await;
    assert_eq!(all, (2..=head).collect::<Vec<_>>());
    assert_eq!(hears_all(&mut asleep, head).await, all);
    ada.says(&tea, "awake?").await;
    for listener in [&mut asleep, &mut awake] {
        assert_eq!(listener.hears_changes().await.after, head, "both hear what comes");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_torn_away_while_much_waits_for_them_stops_nobody() {
    let app = TestApp::start().await;
    let (ada, tea) = app.tea().await;
    let subscribe = ClientFrame::Subscribe { uri: tea.clone(), after: None, epoch: None };
    let subscribe = frame(TEXT, serde_json::to_string(&subscribe).unwrap().as_bytes());
    let mut asleep = Vec::new();
    for _ in 0..4 {
        let mut socket = ada.opens_raw().await;
        socket.sends(&subscribe).await;
        socket.hears().await;
        asleep.push(socket);
    }
    ada.says_often(&tea, &"🫖".repeat(4_000), 700).await;
    for socket in asleep {
        socket.stream.set_zero_linger().unwrap();
    }
    ada.says(&tea, "gone?").await;
    let address = app.web.address.parse().unwrap();
    // More connections than there are threads to serve them.
    for _ in 0..16 {
        let health = timeout(BOUND, Web::new(address).get("/healthz")).await;
        health.expect("every thread answers").is(200);
    }
    timeout(BOUND, app.stop()).await.expect("the server ends");
}
