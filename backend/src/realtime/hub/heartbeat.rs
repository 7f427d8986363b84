//! One timer for all connections: pings, timeouts, token expiry, and throttled presence and read positions.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use shared::{
    chat_list::MemberReadPosition,
    socket::{ServerFrame, close},
};
use tokio::time::{MissedTickBehavior, interval};

use super::{Hub, frame, lock};
use crate::realtime::hub::{channel::Channel, connection::Connection, flush_batch::FlushBatch};

/// Seconds between two pings to a connection.
pub const HEARTBEAT_SECONDS: u64 = 30;
/// A client that sends nothing for this many seconds, not even a pong, is disconnected.
const SILENCE_TIMEOUT_SECONDS: i64 = 75;
/// A client that accepts none of the queued data for this long is disconnected.
const WRITE_STALL_TIMEOUT: Duration = Duration::from_secs(20);
/// After a restart the clients reconnect spread over this many seconds.
const RECONNECT_SPREAD_SECONDS: u64 = 5;

/// Checks connections and sends throttled frames once a second, until the server stops.
pub async fn run(hub: &Hub) {
    let mut seconds = interval(Duration::from_secs(1));
    seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !*hub.shutdown.borrow() {
        seconds.tick().await;
        check_connections(hub).await;
        broadcast_presence_and_reads(hub).await;
    }
}

/// Disconnects those that timed out or whose token expired, and pings one in [`HEARTBEAT_SECONDS`] of the others.
async fn check_connections(hub: &Hub) {
    let (now, instant) = (hub.clock.timestamp(), Instant::now());
    let ping_group = u128::from(now.unsigned_abs() % HEARTBEAT_SECONDS);
    let mut batch = FlushBatch::default();
    // Under the lock, because nearly all connections need nothing and a copy of the list would cost more.
    for ((_, id), connection) in lock(&hub.connections).iter() {
        if connection.silent_seconds(now) > SILENCE_TIMEOUT_SECONDS
            || connection.write_stalled_for(instant) > WRITE_STALL_TIMEOUT
        {
            connection.abort();
        } else if !connection.has_valid_token(now) {
            connection.close(close::TOKEN_EXPIRED, "token expired");
        } else if id.as_u128() % u128::from(HEARTBEAT_SECONDS) == ping_group {
            batch.push_ephemeral(connection, &ws_frame::encode_ping());
        }
    }
    batch.flush().await;
}

/// Sends changed presence and read positions. At most once a second for each chat, so that 1,000 users who reconnect
/// at once cause a few frames and not a million.
async fn broadcast_presence_and_reads(hub: &Hub) {
    let channels: Vec<Arc<Mutex<Channel>>> = {
        let mut channels = lock(&hub.channels);
        // Event streams end without unsubscribing, so empty channels are removed here.
        channels.retain(|_, channel| !lock(channel).is_empty());
        channels.values().filter(|channel| lock(channel).has_pending()).cloned().collect()
    };
    let mut batch = FlushBatch::default();
    for channel in channels {
        let mut channel = lock(&channel);
        if let Some(frame) = channel.take_presence().and_then(|presence| frame::text(&presence)) {
            channel.broadcast(&frame, |_, _| true, &mut batch);
        }
        for MemberReadPosition { user_id, seq } in channel.take_reads() {
            let read = ServerFrame::Read { chat_id: channel.chat_id, user_id, seq };
            if let Some(frame) = frame::text(&read) {
                // The reader's own connections got it at once.
                channel.broadcast(&frame, |_, other| other != user_id, &mut batch);
            }
        }
    }
    batch.flush().await;
}

const RESTARTING: &str = "server is restarting";

/// Tells the client that the server restarts, and closes the connection.
pub fn send_shutdown(connection: &Connection) {
    connection.send_frame(&shutdown_goodbye());
    connection.close(close::SERVICE_RESTART, RESTARTING);
}

/// The last frame before the server stops. Clients reconnect at different times.
pub fn shutdown_goodbye() -> ServerFrame {
    let retry_after = Some(1 + rand::random_range(0..RECONNECT_SPREAD_SECONDS));
    ServerFrame::Goodbye { reason: RESTARTING.to_owned(), retry_after }
}
