//! Somebody who does not read while much is said.

use futures_util::future::join;

use crate::{app::TestApp, listener::Listener};

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
