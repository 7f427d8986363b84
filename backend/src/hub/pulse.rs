//! What happens by the clock, for all sessions in one place: an idle socket has no timer of its own.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use chrono::Utc;
use shared::{
    socket::{ServerFrame, close},
    your_chats::Position,
};
use tokio::time::{MissedTickBehavior, interval};

use super::{Hub, audience::Audience, delivery::Delivery, frame, lock, session::Session};

/// Seconds between pings.
pub const HEARTBEAT: u64 = 30;
/// Who says nothing for so many seconds, not even to a ping, is gone.
const SILENT_FOR: i64 = 75;
/// A client that takes nothing for so long is gone.
const STUCK_FOR: Duration = Duration::from_secs(20);
/// After a restart, clients come back spread over so many seconds.
const COME_BACK_WITHIN: u64 = 5;

impl Hub {
    /// Beats once a second, until the server stops.
    pub async fn beat(&self) {
        let mut seconds = interval(Duration::from_secs(1));
        seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !*self.closing.borrow() {
            seconds.tick().await;
            self.check_sessions().await;
            self.tell_who_is_here().await;
        }
    }

    /// Pings a part of the sessions each second, and ends those whose time is over.
    async fn check_sessions(&self) {
        let (now, instant) = (Utc::now().timestamp(), Instant::now());
        let part = u128::from(now.unsigned_abs() % HEARTBEAT);
        let mut pinged = Delivery::default();
        // Most have nothing to be done: only the others are taken out of the lock.
        for ((_, id), session) in lock(&self.sessions).iter() {
            if session.silent_for(now) > SILENT_FOR || session.stuck_for(instant) > STUCK_FOR {
                session.cut_off();
            } else if !session.has_token(now) {
                session.end(close::TOKEN_ENDED, "the token ended");
            } else if id.as_u128() % u128::from(HEARTBEAT) == part {
                pinged.passing(session, &frame::ping());
            }
        }
        pinged.flush().await;
    }

    /// Tells who is here and who has read further, wherever that has changed: at most once a second, so that a thousand
    /// people who come back at once are a few frames and not a million.
    async fn tell_who_is_here(&self) {
        let audiences: Vec<Arc<Mutex<Audience>>> = {
            let mut chats = lock(&self.chats);
            // Those that were followed by other ways than a socket are left without a word.
            chats.retain(|_, audience| !lock(audience).is_empty());
            chats.values().filter(|audience| lock(audience).has_word()).cloned().collect()
        };
        let mut delivery = Delivery::default();
        for audience in audiences {
            let mut audience = lock(&audience);
            if let Some(frame) = audience.new_presence().and_then(|presence| frame::text(&presence)) {
                audience.tell(&frame, |_, _| true, &mut delivery);
            }
            for Position { user, seq } in audience.new_positions() {
                let read = ServerFrame::Read { uri: audience.uri.clone(), user, seq };
                if let Some(frame) = frame::text(&read) {
                    // Their own sockets were told at once.
                    audience.tell(&frame, |_, other| other != user, &mut delivery);
                }
            }
        }
        delivery.flush().await;
    }
}

/// Says that the server stops, and closes.
pub fn say_goodbye(session: &Session) {
    let retry_after = Some(1 + rand::random_range(0..COME_BACK_WITHIN));
    session.answer(&ServerFrame::Goodbye { reason: "the server restarts".to_owned(), retry_after });
    session.end(close::RESTARTING, "restarting");
}
