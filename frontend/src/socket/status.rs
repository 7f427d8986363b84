//! What people are told about the connection: nothing while it works or has only just been lost.

use gloo_timers::callback::Timeout;
use leptos::prelude::*;

use super::{SocketClient, SocketEvent, Transport};

/// Losses of the socket that are shorter than this, in milliseconds, are not shown.
pub(super) const GRACE: u32 = 5_000;

/// A connection that does not work as it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionStatus {
    /// There is no socket, but requests are answered.
    Polling,
    /// The server does not answer.
    Offline,
}

impl SocketClient {
    /// `None` while the connection works.
    pub fn status(self) -> Option<ConnectionStatus> {
        self.inner.with_value(|inner| inner.status).get()
    }

    /// Takes the result of a poll that was made while there is no socket.
    pub fn report_poll(self, is_answered: bool) {
        self.inner.update_value(|inner| {
            if inner.transport != Transport::Socket {
                inner.transport = if is_answered { Transport::Requests } else { Transport::None };
            }
        });
        self.update_status();
        if is_answered {
            self.emit(&SocketEvent::PollAnswered);
        }
    }

    fn update_status(self) {
        let status = self.inner.with_value(|inner| match (inner.grace_elapsed, inner.transport) {
            (false, _) | (true, Transport::Socket) => None,
            (true, Transport::Requests) => Some(ConnectionStatus::Polling),
            (true, Transport::None) => Some(ConnectionStatus::Offline),
        });
        let signal = self.inner.with_value(|inner| inner.status);
        if signal.get_untracked() != status {
            signal.set(status);
        }
    }

    pub(super) fn start_grace_timer(self) {
        let on_elapsed = move || {
            self.inner.update_value(|inner| {
                inner.grace_elapsed = inner.is_running && inner.transport != Transport::Socket;
            });
            self.update_status();
        };
        self.inner.update_value(|inner| inner.grace_timer = Some(Timeout::new(GRACE, on_elapsed)));
    }

    /// Sets the transport and hides the status.
    pub(super) fn set_transport(self, transport: Transport) {
        self.inner.update_value(|inner| {
            inner.transport = transport;
            inner.grace_timer = None;
            inner.grace_elapsed = false;
        });
        self.update_status();
    }
}
