//! One listener: a bounded queue, and a mark that it ran over.

use std::{collections::HashSet, sync::Arc};

use tokio::sync::{Notify, broadcast, mpsc, watch};

use super::{Hub, News};

/// How much news waits for a session before it must read from the database instead.
const QUEUE: usize = 256;

/// Where the hub puts news.
#[derive(Clone)]
pub struct Mailbox {
    queue: mpsc::Sender<Arc<News>>,
    behind: Arc<Notify>,
}

impl Mailbox {
    pub(super) fn put(&self, news: Arc<News>) {
        if self.queue.try_send(news).is_err() {
            self.fall_behind();
        }
    }

    pub(super) fn fall_behind(&self) {
        self.behind.notify_one();
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.behind, &other.behind)
    }
}

/// Where a session takes news from. It listens until it is dropped.
pub struct Inbox {
    hub: Arc<Hub>,
    mailbox: Mailbox,
    queue: mpsc::Receiver<Arc<News>>,
    closing: watch::Receiver<bool>,
    ended: broadcast::Receiver<i64>,
    chats: HashSet<i64>,
}

/// What a session hears.
#[derive(Debug)]
pub enum Heard {
    News(Arc<News>),
    /// News was left out because the queue was full.
    FellBehind,
    /// This user's account has ended; without a number, it may have been anyone's.
    AccountEnded(Option<i64>),
    /// The server stops.
    Closing,
}

impl Inbox {
    pub(super) fn new(
        hub: Arc<Hub>,
        closing: watch::Receiver<bool>,
        ended: broadcast::Receiver<i64>,
    ) -> Self {
        let (sender, queue) = mpsc::channel(QUEUE);
        let mailbox = Mailbox { queue: sender, behind: Arc::default() };
        Self { hub, mailbox, queue, closing, ended, chats: HashSet::new() }
    }

    pub fn subscribe(&mut self, chat_id: i64) {
        if self.chats.insert(chat_id) {
            self.hub.subscribe(chat_id, self.mailbox.clone());
        }
    }

    pub fn unsubscribe(&mut self, chat_id: i64) {
        if self.chats.remove(&chat_id) {
            self.hub.unsubscribe(chat_id, &self.mailbox);
        }
    }

    /// The next thing there is to hear.
    pub async fn next(&mut self) -> Heard {
        tokio::select! {
            biased;
            _ = self.closing.wait_for(|closing| *closing) => Heard::Closing,
            ended = self.ended.recv() => Heard::AccountEnded(ended.ok()),
            () = self.mailbox.behind.notified() => {
                // All that waits is older than what will be read.
                while self.queue.try_recv().is_ok() {}
                Heard::FellBehind
            }
            Some(news) = self.queue.recv() => Heard::News(news),
        }
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        for chat_id in self.chats.drain() {
            self.hub.unsubscribe(chat_id, &self.mailbox);
        }
    }
}

#[cfg(test)]
mod tests {
    use shared::changes::Changes;
    use uuid::Uuid;

    use super::*;

    fn changes(head: i64) -> Changes {
        Changes {
            uri: "tea".into(),
            epoch: Uuid::nil(),
            after: head - 1,
            head,
            more: false,
            chat: None,
            members: Vec::new(),
            messages: Vec::new(),
        }
    }

    #[tokio::test]
    async fn a_session_hears_its_chats_and_no_others() {
        let hub = Arc::new(Hub::default());
        let mut inbox = hub.open();
        inbox.subscribe(1);
        hub.publish(2, changes(1));
        hub.publish(1, changes(5));
        assert!(matches!(inbox.next().await, Heard::News(news) if (news.chat_id, news.head) == (1, 5)));
        inbox.unsubscribe(1);
        hub.publish(1, changes(6));
        hub.close();
        assert!(matches!(inbox.next().await, Heard::Closing));
    }

    #[tokio::test]
    async fn whoever_falls_behind_is_told_once_and_then_hears_again() {
        let hub = Arc::new(Hub::default());
        let (mut slow, mut quick) = (hub.open(), hub.open());
        slow.subscribe(1);
        for head in 1..=300 {
            hub.publish(1, changes(head));
        }
        assert!(matches!(slow.next().await, Heard::FellBehind));
        quick.subscribe(1);
        hub.publish(1, changes(301));
        assert!(matches!(slow.next().await, Heard::News(news) if news.head == 301));
        assert!(matches!(quick.next().await, Heard::News(news) if news.head == 301));
    }

    #[tokio::test]
    async fn whoever_listens_to_a_chat_in_doubt_reads_it_again() {
        let hub = Arc::new(Hub::default());
        let (mut inbox, mut other) = (hub.open(), hub.open());
        inbox.subscribe(1);
        other.subscribe(2);
        hub.doubt(1);
        hub.publish(2, changes(5));
        assert!(matches!(inbox.next().await, Heard::FellBehind));
        assert!(matches!(other.next().await, Heard::News(news) if news.head == 5));
    }

    #[tokio::test]
    async fn a_session_that_is_gone_leaves_nothing_behind() {
        let hub = Arc::new(Hub::default());
        let mut inbox = hub.open();
        inbox.subscribe(1);
        assert_eq!(hub.listeners().len(), 1);
        drop(inbox);
        assert_eq!(hub.listeners().len(), 0);
        hub.closed().await;
    }
}
