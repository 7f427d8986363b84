//! The state of the task of one WebSocket: its connection, its subscriptions and its frame decoder.

use std::{io, ops::ControlFlow, sync::Arc};

use actix_web::rt::net::TcpStream;
use shared::{
    id::{ChatId, Seq},
    problem::ProblemCode,
    socket::{ServerFrame, close},
};
use tokio::{sync::watch, time::Instant};
use uuid::Uuid;
use ws_frame::FrameDecoder;

use crate::{
    auth::{authenticated::check_session, jwt::Claims},
    error::{ApiError, Rejection},
    rate_limit::FrameLimit,
    realtime::hub::{
        connection::Connection, connection_limit::ConnectionPermit, heartbeat::HEARTBEAT_SECONDS,
    },
    state::AppState,
};

/// Subscriptions per connection.
pub const SUBSCRIPTIONS_MAX: usize = 1_000;

/// Break ends the connection.
pub type Flow = ControlFlow<()>;

/// A chat that the client subscribes to.
pub struct Subscription {
    pub chat_id: ChatId,
    /// When the last typing frame was passed on.
    pub typing_sent_at: Option<Instant>,
    /// The highest read position that the client sent.
    pub read_seq: Seq,
    /// The subscription continues while the client does not have the chat open.
    pub is_followed: bool,
}

pub struct ConnectionTask {
    pub app: Arc<AppState>,
    pub id: Uuid,
    pub connection: Arc<Connection>,
    pub subscriptions: Vec<Subscription>,
    pub decoder: FrameDecoder,
    pub limit: Option<FrameLimit>,
    /// Frames beyond the limit, minus those within it, because a steady flood lets some through.
    pub excess_frames: u32,
    /// Tells the hub that the task is running.
    _guard: watch::Receiver<()>,
}

impl ConnectionTask {
    /// Registers the connection and sends the welcome frame. `early` is what the client sent before the upgrade was done.
    pub fn open(
        app: Arc<AppState>,
        stream: TcpStream,
        permit: ConnectionPermit,
        claims: &Claims,
        early: &[u8],
    ) -> Self {
        let (id, connection) = app.hub.open_connection(stream, permit, claims.sid, claims.exp);
        // Read after the hub knows the connection: later changes of the list are sent to it.
        let chat_list_version = app.hub.chat_list_versions.get(connection.user_id());
        connection.send_frame(&ServerFrame::Welcome {
            session: id,
            heartbeat: HEARTBEAT_SECONDS,
            chat_list_version,
        });
        let (guard, limit) = (app.hub.track_connection(), app.rate_limits.frame_limit());
        let mut decoder = FrameDecoder::new(app.config.limits.limit_frame.0);
        decoder.push(early);
        Self {
            app,
            id,
            connection,
            subscriptions: Vec::new(),
            decoder,
            limit,
            excess_frames: 0,
            _guard: guard,
        }
    }

    /// Closes the connection if its session has ended. Must be called after the hub knows the connection's session: later
    /// ends are announced by the hub, earlier ones are found here.
    pub async fn check_session(&self) -> Flow {
        let checked = check_session(&self.app.auth, self.connection.sid(), self.connection.user_id()).await;
        match checked.map_err(|error| error.code()) {
            Err(ProblemCode::SessionEnded) => self.close(close::TOKEN_EXPIRED, "session ended"),
            _ => Flow::Continue(()),
        }
    }

    /// Continues to send after the connection was blocked.
    pub fn resume(&self, writable: &io::Result<()>) -> Flow {
        if writable.is_err() {
            return Flow::Break(());
        }
        self.connection.resume();
        Flow::Continue(())
    }

    pub fn close(&self, code: u16, reason: &str) -> Flow {
        self.connection.close(code, reason);
        Flow::Break(())
    }

    /// Removes all subscriptions and the connection from the hub.
    pub fn unregister(&mut self) {
        for Subscription { chat_id, .. } in self.subscriptions.drain(..) {
            self.app.hub.unsubscribe(chat_id, self.id);
        }
        self.app.hub.remove_connection(self.connection.user_id(), self.id);
    }
}

impl Drop for ConnectionTask {
    fn drop(&mut self) {
        self.unregister();
    }
}

pub fn too_many_subscriptions() -> ApiError {
    let detail = format!("A connection may subscribe to at most {SUBSCRIPTIONS_MAX} chats.");
    Rejection::new(ProblemCode::TooManyRequests).detail(detail).into()
}
