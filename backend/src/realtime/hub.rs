//! Routes frames to connections: one channel per chat, and an index of connections per user. The hub never waits: changes
//! that do not fit into a connection's queue are dropped, and the connection reads them from the database.

pub mod changed_chats;
pub mod channel;
pub mod chat_list_versions;
pub mod connection;
pub mod connection_limit;
pub mod flush_batch;
pub mod frame;
pub mod heartbeat;
pub mod message_cache;
mod recent_changes;
pub mod send_queue;
pub mod user_connections;

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use actix_web::web::Bytes;
use shared::{
    changes::Changes,
    chat_list::MemberReadPosition,
    id::{ChatId, Head, Seq, UserId},
    member::MembershipStatus,
    problem::ProblemCode,
    socket::ServerFrame,
};
use tokio::{net::TcpStream, sync::watch};
use uuid::Uuid;

use crate::{
    clock::Clock,
    error::{ApiError, Rejection},
    realtime::hub::{
        changed_chats::ChangedChats,
        channel::{Channel, Lag},
        chat_list_versions::ChatListVersions,
        connection::Connection,
        connection_limit::{ConnectionLimiter, ConnectionLimits, ConnectionPermit},
        flush_batch::FlushBatch,
        message_cache::MessageCache,
    },
};

/// After how long a client with too many connections may retry.
const PERMIT_RETRY_AFTER: Duration = Duration::from_secs(30);

/// Changes of a chat, serialized once and shared by all receivers.
#[derive(Debug)]
pub struct EncodedChanges {
    pub after: Head,
    pub head: Head,
    /// The changes as JSON.
    pub json: Bytes,
    /// The same JSON as a WebSocket frame.
    pub frame: Bytes,
}

type Channels = HashMap<ChatId, Arc<Mutex<Channel>>>;

/// All open connections and their subscriptions.
pub struct Hub {
    channels: Mutex<Channels>,
    /// Sorted by user id first, so that one user's connections are found without a scan.
    connections: Mutex<BTreeMap<(UserId, Uuid), Arc<Connection>>>,
    limiter: ConnectionLimiter,
    clock: Clock,
    pub message_cache: MessageCache,
    pub chat_list_versions: ChatListVersions,
    pub changed_chats: ChangedChats,
    /// True once the server stops; ends the event streams.
    shutdown: watch::Sender<bool>,
    /// Every connection task holds a receiver, so the channel closes when all have ended.
    open_connections: watch::Sender<()>,
}

impl Hub {
    pub fn new(limits: Option<ConnectionLimits>, clock: Clock) -> Self {
        Self {
            channels: Mutex::default(),
            connections: Mutex::default(),
            limiter: ConnectionLimiter::new(limits),
            clock,
            message_cache: MessageCache::default(),
            chat_list_versions: ChatListVersions::default(),
            changed_chats: ChangedChats::default(),
            shutdown: watch::Sender::new(false),
            open_connections: watch::Sender::new(()),
        }
    }

    /// Returns a permit for one more connection, unless the user or the IP address has too many.
    pub fn acquire_permit(&self, user_id: UserId, client_ip: IpAddr) -> Result<ConnectionPermit, ApiError> {
        self.limiter.acquire(user_id, client_ip).ok_or_else(|| {
            let rejection = Rejection::new(ProblemCode::TooManyRequests).retry_after(PERMIT_RETRY_AFTER);
            rejection.detail("Too many connections are open.").into()
        })
    }

    /// Registers a connection without subscriptions. The caller must remove it in the end.
    pub fn open_connection(
        &self,
        stream: TcpStream,
        permit: ConnectionPermit,
        sid: Uuid,
        token_expires_at: i64,
    ) -> (Uuid, Arc<Connection>) {
        let id = Uuid::new_v4();
        let connection = Arc::new(Connection::new(stream, permit, sid, token_expires_at, self.clock.clone()));
        lock(&self.connections).insert((connection.user_id(), id), Arc::clone(&connection));
        if *self.shutdown.borrow() {
            heartbeat::send_shutdown(&connection);
        }
        (id, connection)
    }

    /// Removes a connection that has unsubscribed from all its chats.
    pub fn remove_connection(&self, user_id: UserId, id: Uuid) {
        lock(&self.connections).remove(&(user_id, id));
    }

    /// Queues the changes for all subscribers of the chat; they are sent when the batch is flushed.
    pub fn publish(&self, changes: Changes, batch: &mut FlushBatch) {
        self.message_cache.apply_changes(&changes);
        self.changed_chats.record(changes.chat_id, changes.messages.len());
        let Changes { chat_id, after, head, .. } = changes;
        let Some(channel) = self.channel(chat_id) else { return };
        let Some((frame, json)) = frame::text_and_json(&ServerFrame::Changes(changes)) else { return };
        lock(&channel).publish(&Arc::new(EncodedChanges { after, head, json, frame }), batch);
    }

    /// Makes all subscribers read the chat again, because it is unknown whether it has changed.
    pub fn invalidate(&self, chat_id: ChatId) {
        self.message_cache.invalidate(chat_id);
        self.changed_chats.record(chat_id, 1);
        if let Some(channel) = self.channel(chat_id) {
            lock(&channel).invalidate();
        }
    }

    /// Subscribes a connection whose client has the chat open and knows everything up to `acked_head`. The connection gets
    /// changes only after it has read from the database what happened since.
    pub fn subscribe(&self, chat_id: ChatId, id: Uuid, connection: &Arc<Connection>, acked_head: Head) {
        let mut channels = lock(&self.channels);
        let mut channel = lock(channel_entry(&mut channels, chat_id));
        channel.add(id, connection, acked_head, true);
        if !channel.has_pending_presence()
            && let Some(presence) = frame::text(&channel.presence_frame())
        {
            // Presence did not change, so the heartbeat will not send it.
            connection.send_ephemeral(&presence);
        }
    }

    /// Subscribes a connection whose client does not have the chat open.
    pub fn follow(&self, chat_id: ChatId, id: Uuid, connection: &Arc<Connection>, acked_head: Head) {
        let mut channels = lock(&self.channels);
        lock(channel_entry(&mut channels, chat_id)).add(id, connection, acked_head, false);
    }

    /// The connection's client has closed the chat, but still follows it.
    pub fn set_background(&self, chat_id: ChatId, id: Uuid) {
        if let Some(channel) = self.channel(chat_id) {
            lock(&channel).set_background(id);
        }
    }

    /// Whether the connection's client has the chat open.
    pub fn is_present(&self, chat_id: ChatId, id: Uuid) -> bool {
        self.channel(chat_id).is_some_and(|channel| lock(&channel).is_present(id))
    }

    /// Whether the connection was sent everything up to this number.
    pub fn is_acked(&self, chat_id: ChatId, id: Uuid, seq: Seq) -> bool {
        self.channel(chat_id).is_some_and(|channel| lock(&channel).is_acked(id, seq))
    }

    pub fn unsubscribe(&self, chat_id: ChatId, id: Uuid) {
        self.update_and_prune(chat_id, |channel| channel.remove(id));
    }

    /// What the connection missed of a chat; None if nothing.
    pub fn lag(&self, chat_id: ChatId, id: Uuid) -> Option<Lag> {
        self.channel(chat_id).and_then(|channel| lock(&channel).lag(id))
    }

    /// Records that the connection was sent everything up to `head`, and sends it what was published since. Returns the
    /// head from which it must read again, or none if it is live now.
    pub fn acknowledge(&self, chat_id: ChatId, id: Uuid, head: Head) -> Option<Head> {
        // Flushes when it is dropped, after the channel is unlocked.
        let mut batch = FlushBatch::default();
        self.channel(chat_id).and_then(|channel| lock(&channel).acknowledge(id, head, &mut batch))
    }

    /// Tells the client to fetch the chat itself; the connection gets the changes published from now on.
    pub fn resync_from_client(&self, chat_id: ChatId, id: Uuid) {
        if let Some(channel) = self.channel(chat_id) {
            lock(&channel).resync_from_client(id);
        }
    }

    pub fn broadcast_typing(&self, chat_id: ChatId, id: Uuid, user_id: UserId) {
        let Some(channel) = self.channel(chat_id) else { return };
        let mut batch = FlushBatch::default();
        let channel = lock(&channel);
        // The user may just have been removed from the chat.
        if channel.is_present(id)
            && channel.allows_typing()
            && let Some(frame) = frame::text(&ServerFrame::Typing { chat_id, user_id })
        {
            channel.broadcast(&frame, |other, _| other != id, &mut batch);
        }
        drop(channel);
    }

    /// The changes of a chat for an event stream. The value is None at first and after changes were lost: then the chat
    /// must be read from the database.
    pub fn subscribe_stream(&self, chat_id: ChatId) -> watch::Receiver<Option<Arc<EncodedChanges>>> {
        let mut channels = lock(&self.channels);
        lock(channel_entry(&mut channels, chat_id)).stream.subscribe()
    }

    /// The changes that were published after `head`; none if they are not remembered.
    pub fn published_since(&self, chat_id: ChatId, head: Head) -> Vec<Arc<EncodedChanges>> {
        self.channel(chat_id).map_or_else(Vec::new, |channel| lock(&channel).published_since(head))
    }

    /// Sends a user's new membership status to their connections, and unsubscribes them unless they are a member.
    pub fn announce_membership(&self, chat_id: ChatId, user_id: UserId, status: MembershipStatus) {
        if !status.is_member() {
            self.update_and_prune(chat_id, |channel| channel.remove_user(user_id));
        }
        self.send_to_user(user_id, &ServerFrame::Membership { chat_id, status });
    }

    /// Tells all subscribers that the chat was deleted, and unsubscribes them.
    pub async fn announce_deleted(&self, chat_id: ChatId) {
        // Its members are gone from the database: any user may have it in their list.
        self.chat_list_versions.bump_all();
        self.message_cache.invalidate(chat_id);
        let deleted = lock(&self.channels).remove(&chat_id);
        let mut batch = FlushBatch::default();
        if let Some(channel) = deleted {
            lock(&channel).close_deleted(&mut batch);
        }
        batch.flush().await;
    }

    /// The first `limit` users who have the chat open, in order of arrival.
    pub fn present_users(&self, chat_id: ChatId, limit: usize) -> Vec<UserId> {
        self.channel(chat_id).map_or_else(Vec::new, |channel| lock(&channel).present_users(limit))
    }

    /// Queues a read position for the next heartbeat.
    pub fn queue_read_position(&self, chat_id: ChatId, position: MemberReadPosition) {
        if let Some(channel) = self.channel(chat_id) {
            lock(&channel).queue_read_position(position);
        }
    }

    /// A value that becomes true when the server stops.
    pub fn subscribe_shutdown(&self) -> watch::Receiver<bool> {
        self.shutdown.subscribe()
    }

    /// Tells every client that the server stops, and closes the connections.
    pub fn shut_down(&self) {
        self.shutdown.send_replace(true);
        self.all_connections().iter().for_each(|connection| heartbeat::send_shutdown(connection));
    }

    /// A guard that every connection task holds; see [`Hub::wait_until_closed`].
    pub fn track_connection(&self) -> watch::Receiver<()> {
        self.open_connections.subscribe()
    }

    /// Waits until every connection task has ended.
    pub async fn wait_until_closed(&self) {
        self.open_connections.closed().await;
    }

    fn channel(&self, chat_id: ChatId) -> Option<Arc<Mutex<Channel>>> {
        lock(&self.channels).get(&chat_id).cloned()
    }

    /// Updates a channel, and removes it if it is empty afterwards.
    fn update_and_prune(&self, chat_id: ChatId, update: impl FnOnce(&mut Channel)) {
        let mut channels = lock(&self.channels);
        if let Some(channel) = channels.get(&chat_id).cloned() {
            let mut channel = lock(&channel);
            update(&mut channel);
            if channel.is_empty() {
                channels.remove(&chat_id);
            }
        }
    }

    fn all_connections(&self) -> Vec<Arc<Connection>> {
        lock(&self.connections).values().cloned().collect()
    }
}

/// The channel of a chat, created if missing. The caller must keep the lock of all channels while it uses the channel: the
/// heartbeat removes empty ones.
fn channel_entry(channels: &mut Channels, chat_id: ChatId) -> &Mutex<Channel> {
    channels.entry(chat_id).or_insert_with(|| Arc::new(Mutex::new(Channel::new(chat_id))))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
