//! The subscribers of one chat: how far each was sent its changes, who is present, and throttled frames.

use std::sync::Arc;

use actix_web::web::Bytes;
use indexmap::IndexMap;
use shared::{
    chat_list::MemberReadPosition,
    id::{ChatId, Head, Seq, UserId},
    socket::{PRESENCE_MAX, ServerFrame},
    sync::{SyncAction, classify},
};
use tokio::sync::watch;
use uuid::Uuid;

use super::{EncodedChanges, frame};
use crate::realtime::hub::{
    connection::{Connection, EnqueueResult},
    flush_batch::FlushBatch,
    recent_changes::RecentChanges,
};

/// With more present users than this, typing frames are not sent.
const TYPING_USERS_MAX: usize = 200;
/// With more present users than this, read positions are not sent.
const READ_USERS_MAX: usize = 20;

/// A subscribed connection.
struct Subscriber {
    connection: Arc<Connection>,
    /// The client has the chat open; otherwise it only follows the changes.
    is_present: bool,
    /// The head up to which the connection was sent changes; None if the client fetches them itself.
    acked_head: Option<Head>,
    /// Changes are sent as they are published. Otherwise the connection is reading what it missed.
    is_live: bool,
    /// Changes may have been lost while the connection was reading, so it must read again.
    needs_refetch: bool,
}

/// What a connection missed of a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lag {
    /// It was sent everything up to this head.
    Since(Head),
    /// Only the client knows.
    Unknown,
}

/// The subscribers of a chat.
pub struct Channel {
    pub chat_id: ChatId,
    subscribers: IndexMap<Uuid, Subscriber>,
    /// Present users in order of arrival, with their number of connections.
    present: IndexMap<UserId, usize>,
    /// The set of present users has changed since it was last sent.
    presence_dirty: bool,
    /// Read positions not yet sent.
    pending_reads: Vec<MemberReadPosition>,
    published_head: Head,
    /// What was published lately. Kept while a connection is reading what it missed, which would have to read again and
    /// again in a busy chat, and for event streams, which see only the last changes.
    recent: RecentChanges,
    /// Changes for the event streams.
    pub stream: watch::Sender<Option<Arc<EncodedChanges>>>,
}

impl Channel {
    pub fn new(chat_id: ChatId) -> Self {
        Self {
            chat_id,
            subscribers: IndexMap::new(),
            present: IndexMap::new(),
            presence_dirty: false,
            pending_reads: Vec::new(),
            published_head: Head::default(),
            recent: RecentChanges::default(),
            stream: watch::Sender::new(None),
        }
    }

    /// Adds a connection, which has to read what it missed before it becomes live.
    pub fn add(&mut self, id: Uuid, connection: &Arc<Connection>, acked_head: Head, is_present: bool) {
        let subscriber = Subscriber {
            connection: Arc::clone(connection),
            is_present,
            acked_head: Some(acked_head),
            is_live: false,
            needs_refetch: false,
        };
        let was_present = self.subscribers.insert(id, subscriber).is_some_and(|before| before.is_present);
        match (was_present, is_present) {
            (false, true) => self.add_presence(connection.user_id()),
            (true, false) => self.remove_presence(connection.user_id()),
            _ => {}
        }
    }

    pub fn remove(&mut self, id: Uuid) {
        if let Some(removed) = self.subscribers.swap_remove(&id)
            && removed.is_present
        {
            self.remove_presence(removed.connection.user_id());
        }
    }

    /// The connection's client has closed the chat, but still follows it.
    pub fn set_background(&mut self, id: Uuid) {
        let Some(subscriber) = self.subscribers.get_mut(&id) else { return };
        if std::mem::take(&mut subscriber.is_present) {
            let user_id = subscriber.connection.user_id();
            self.remove_presence(user_id);
        }
    }

    fn add_presence(&mut self, user_id: UserId) {
        let connections = self.present.entry(user_id).or_default();
        *connections += 1;
        self.presence_dirty |= *connections == 1;
    }

    fn remove_presence(&mut self, user_id: UserId) {
        let Some(connections) = self.present.get_mut(&user_id) else { return };
        *connections -= 1;
        if *connections == 0 {
            self.present.shift_remove(&user_id);
            self.presence_dirty = true;
        }
    }

    /// Whether the connection's client has the chat open.
    pub fn is_present(&self, id: Uuid) -> bool {
        self.subscribers.get(&id).is_some_and(|subscriber| subscriber.is_present)
    }

    /// Whether the connection was sent everything up to this number.
    pub fn is_acked(&self, id: Uuid, seq: Seq) -> bool {
        let acked_head = self.subscribers.get(&id).and_then(|subscriber| subscriber.acked_head);
        acked_head.is_some_and(|acked_head| seq.as_head() <= acked_head)
    }

    /// Removes all connections of a user.
    pub fn remove_user(&mut self, user_id: UserId) {
        let of_user = self.subscribers.iter().filter(|(_, it)| it.connection.user_id() == user_id);
        let ids: Vec<_> = of_user.map(|(id, _)| *id).collect();
        for id in ids {
            self.remove(id);
        }
    }

    /// Tells all subscribers that the chat was deleted, and removes them.
    pub fn close_deleted(&mut self, batch: &mut FlushBatch) {
        if let Some(gone) = frame::text(&ServerFrame::Gone { chat_id: self.chat_id }) {
            for subscriber in self.subscribers.values() {
                batch.push_required(&subscriber.connection, gone.clone());
            }
        }
        self.subscribers.clear();
        self.present.clear();
        self.stream.send_replace(None);
    }

    pub fn is_empty(&self) -> bool {
        self.subscribers.is_empty() && self.stream.receiver_count() == 0
    }

    /// Queues changes for all live subscribers, by the sync rule.
    pub fn publish(&mut self, changes: &Arc<EncodedChanges>, batch: &mut FlushBatch) {
        self.published_head = self.published_head.max(changes.head);
        let mut is_complete = true;
        for subscriber in self.subscribers.values_mut() {
            subscriber.receive(changes, batch);
            is_complete &= subscriber.is_live;
        }
        let has_streams = self.stream.receiver_count() > 0;
        if is_complete && !has_streams {
            self.recent.clear();
        } else {
            self.recent.push(changes);
        }
        if has_streams {
            self.stream.send_replace(Some(Arc::clone(changes)));
        }
    }

    /// What was published after `head`; nothing if it is not remembered.
    pub fn published_since(&self, head: Head) -> Vec<Arc<EncodedChanges>> {
        self.recent.list_since(head)
    }

    /// Makes all subscribers read the chat again.
    pub fn invalidate(&mut self) {
        self.subscribers.values_mut().for_each(Subscriber::mark_lagging);
        self.stream.send_replace(None);
    }

    /// What the connection missed; None if it is live or not subscribed.
    pub fn lag(&self, id: Uuid) -> Option<Lag> {
        let subscriber = self.subscribers.get(&id).filter(|subscriber| !subscriber.is_live)?;
        Some(subscriber.acked_head.map_or(Lag::Unknown, Lag::Since))
    }

    /// Records that the connection was sent everything up to `head`, and sends it what was published since. Returns the
    /// head from which it must read again, or none if it is live now.
    pub fn acknowledge(&mut self, id: Uuid, head: Head, batch: &mut FlushBatch) -> Option<Head> {
        let subscriber = self.subscribers.get_mut(&id)?;
        subscriber.acked_head = Some(head);
        subscriber.is_live = !std::mem::take(&mut subscriber.needs_refetch);
        for changes in self.recent.list_since(head) {
            subscriber.receive(&changes, batch);
        }
        let acked_head = subscriber.acked_head.unwrap_or(head);
        subscriber.is_live &= self.published_head <= acked_head;
        (!subscriber.is_live).then_some(acked_head)
    }

    /// Tells the client to fetch the chat itself; the connection gets the changes published from now on.
    pub fn resync_from_client(&mut self, id: Uuid) {
        if let Some(subscriber) = self.subscribers.get_mut(&id) {
            (subscriber.acked_head, subscriber.is_live) = (None, true);
            subscriber.connection.send_frame(&ServerFrame::Resync { chat_id: self.chat_id });
        }
    }

    /// Queues a frame that may be lost for the present connections that `selects` selects. Connections that are still
    /// catching up get it as well, since it will not be sent again.
    pub fn broadcast(&self, frame: &Bytes, selects: impl Fn(Uuid, UserId) -> bool, batch: &mut FlushBatch) {
        for (id, Subscriber { connection, .. }) in self.subscribers.iter().filter(|(_, it)| it.is_present) {
            if selects(*id, connection.user_id()) {
                batch.push_ephemeral(connection, frame);
            }
        }
    }

    /// Whether few enough users are present for typing frames.
    pub fn allows_typing(&self) -> bool {
        self.present.len() <= TYPING_USERS_MAX
    }

    /// Queues a read position for the next heartbeat.
    pub fn queue_read_position(&mut self, position: MemberReadPosition) {
        if self.present.len() > READ_USERS_MAX {
            return;
        }
        match self.pending_reads.iter_mut().find(|pending| pending.user_id == position.user_id) {
            Some(pending) => pending.seq = pending.seq.max(position.seq),
            None => self.pending_reads.push(position),
        }
    }

    /// Whether the next heartbeat sends presence to everyone.
    pub fn has_pending_presence(&self) -> bool {
        self.presence_dirty
    }

    /// Whether the next heartbeat has anything to send.
    pub fn has_pending(&self) -> bool {
        self.presence_dirty || !self.pending_reads.is_empty()
    }

    pub fn take_reads(&mut self) -> Vec<MemberReadPosition> {
        std::mem::take(&mut self.pending_reads)
    }

    /// The presence frame, if presence has changed since it was last taken.
    pub fn take_presence(&mut self) -> Option<ServerFrame> {
        std::mem::take(&mut self.presence_dirty).then(|| self.presence_frame())
    }

    pub fn presence_frame(&self) -> ServerFrame {
        let (count, users) = (self.present.len(), self.present_users(PRESENCE_MAX));
        ServerFrame::Presence { chat_id: self.chat_id, count, users }
    }

    /// The first `limit` present users.
    pub fn present_users(&self, limit: usize) -> Vec<UserId> {
        self.present.keys().take(limit).copied().collect()
    }
}

impl Subscriber {
    /// Queues changes by the sync rule, if the connection is live.
    fn receive(&mut self, changes: &EncodedChanges, batch: &mut FlushBatch) {
        if !self.is_live {
            return;
        }
        let classify_after = |acked_head| classify(acked_head, changes.after, changes.head);
        match self.acked_head.map_or(SyncAction::Apply, classify_after) {
            SyncAction::Ignore => {}
            SyncAction::Apply => match self.connection.enqueue_droppable(&changes.frame) {
                EnqueueResult::Enqueued { must_flush } => {
                    self.acked_head = Some(changes.head);
                    if must_flush {
                        batch.add(&self.connection);
                    }
                }
                EnqueueResult::Dropped => self.is_live = false,
            },
            SyncAction::Fetch => self.mark_lagging(),
        }
    }

    /// Makes the connection read the chat from the database.
    fn mark_lagging(&mut self) {
        self.needs_refetch = !self.is_live;
        self.is_live = false;
        self.connection.mark_lagging();
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::{
        io::AsyncReadExt,
        net::{TcpListener, TcpStream},
    };

    use super::*;
    use crate::{clock::Clock, realtime::hub::connection_limit::ConnectionLimiter};

    const ID: Uuid = Uuid::nil();

    /// A channel with one subscriber, which reads what it missed, and its client.
    async fn subscribe() -> (Channel, TcpStream) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let permit = ConnectionLimiter::new(None).acquire(UserId::new(1), Ipv4Addr::LOCALHOST.into());
        let stream = listener.accept().await.unwrap().0;
        let connection = Connection::new(stream, permit.unwrap(), ID, i64::MAX, Clock::default());
        let mut channel = Channel::new(ChatId::new(1));
        channel.add(ID, &Arc::new(connection), Head::new(1), true);
        (channel, client)
    }

    /// Publishes a change with this head, as a frame of one byte.
    fn publish(channel: &mut Channel, head: u8) {
        let (head, frame) = (Head::new(head.into()), Bytes::from(vec![head]));
        let changes = EncodedChanges { after: head.advance(-1), head, json: frame.clone(), frame };
        channel.publish(&Arc::new(changes), &mut FlushBatch::default());
    }

    fn acknowledge(channel: &mut Channel, head: i64) -> Option<i64> {
        channel.acknowledge(ID, Head::new(head), &mut FlushBatch::default()).map(Head::get)
    }

    #[tokio::test]
    async fn busy_chat_is_read_once_to_catch_up() {
        let (mut channel, mut client) = subscribe().await;
        for head in 3..=9 {
            publish(&mut channel, head);
        }
        assert_eq!(acknowledge(&mut channel, 5), None, "what was published since is not read again");
        publish(&mut channel, 10);
        let mut received = [0; 5];
        client.read_exact(&mut received).await.unwrap();
        assert_eq!(received, [6, 7, 8, 9, 10]);
        assert!(channel.published_since(Head::new(9)).is_empty(), "nothing is kept once all are live");
    }

    #[tokio::test]
    async fn changes_not_kept_are_read_again() {
        let (mut channel, _client) = subscribe().await;
        for head in [3, 4, 6] {
            publish(&mut channel, head);
        }
        assert_eq!(acknowledge(&mut channel, 3), Some(3), "5 is missing");
        assert_eq!(acknowledge(&mut channel, 5), None);
        channel.invalidate();
        publish(&mut channel, 7);
        channel.invalidate();
        assert_eq!(acknowledge(&mut channel, 6), Some(6), "it is unknown whether all was published");
        assert_eq!(acknowledge(&mut channel, 6), None);
    }
}
