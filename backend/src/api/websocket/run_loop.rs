//! The loop of a WebSocket's task: reads the client's frames and sends what did not fit into the socket's buffer. Other tasks
//! put frames for the client into the connection's queue.

use std::{cell::RefCell, io, time::Duration};

use rustix::net::{Shutdown, shutdown};
use shared::socket::{ClientFrame, close};
use tokio::time::{Instant, timeout_at};
use ws_frame::{DecodeError, IncomingFrame, encode_pong};

use super::{
    catch_up,
    connection_task::{ConnectionTask, Flow},
    invalid_frame::InvalidFrame,
};
use crate::realtime::hub::connection::Connection;

/// How long a closed connection may take to send the rest of its queue.
const CLOSE_FLUSH_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the peer may take to hang up after that.
const PEER_CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// Frames beyond the rate limit that are rejected before the connection is closed.
const EXCESS_FRAMES_MAX: u32 = 200;

thread_local! {
    /// The read buffer of all connections of a thread, so that an idle one needs none.
    static READ_BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; 64 * 1024]);
}

pub async fn run(mut task: ConnectionTask) {
    let mut flow = Box::pin(task.check_session()).await;
    if flow.is_continue() {
        flow = process_frames(&mut task).await;
    }
    while flow.is_continue() {
        flow = run_once(&mut task).await;
    }
    task.unregister();
    hang_up(&task.connection).await;
}

async fn run_once(task: &mut ConnectionTask) -> Flow {
    let connection = &task.connection;
    tokio::select! {
        readable = connection.stream.readable() => {
            readable.map_or(Flow::Break(()), |()| read_available(task))?;
            process_frames(task).await?;
        }
        writable = connection.stream.writable(), if connection.is_blocked() => task.resume(&writable)?,
        () = connection.wait_for_wake() => {}
    }
    if task.connection.is_closing() || task.connection.is_broken() {
        return Flow::Break(());
    }
    // In a loop, because changes dropped meanwhile do not wake the task again.
    while task.connection.take_lagged() {
        Box::pin(catch_up::catch_up_all(task)).await?;
    }
    Flow::Continue(())
}

/// Reads the bytes that have arrived.
fn read_available(task: &mut ConnectionTask) -> Flow {
    READ_BUFFER.with_borrow_mut(|buffer| match task.connection.stream.try_read(buffer) {
        Ok(0) => Flow::Break(()),
        Ok(length) => {
            task.connection.touch();
            task.decoder.push(buffer.get(..length).unwrap_or_default());
            Flow::Continue(())
        }
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Flow::Continue(()),
        Err(_) => Flow::Break(()),
    })
}

/// Handles the frames that have arrived completely.
async fn process_frames(task: &mut ConnectionTask) -> Flow {
    loop {
        let command = match task.decoder.next_frame() {
            Ok(None) => break,
            Ok(Some(IncomingFrame::Text(text))) => {
                let command = serde_json::from_slice(text);
                Some(command.map_err(|error| Box::new(InvalidFrame::explain(text, &error))))
            }
            Ok(Some(IncomingFrame::Ping(payload))) => {
                // May be lost, so that a client that does not read its pongs cannot fill the queue.
                task.connection.send_ephemeral(&encode_pong(payload));
                None
            }
            Ok(Some(IncomingFrame::Fragment | IncomingFrame::Pong)) => None,
            Ok(Some(IncomingFrame::Close)) => return task.close(close::NORMAL, ""),
            Err(DecodeError::TooLarge) => return task.close(close::MESSAGE_TOO_BIG, "frame too large"),
            Err(DecodeError::Protocol(reason)) => return task.close(close::POLICY_VIOLATION, reason),
        };
        process_frame(task, command).await?;
    }
    task.decoder.shrink();
    Flow::Continue(())
}

/// Counts a frame against the rate limit and handles its command. Control frames and fragments have none.
async fn process_frame(
    task: &mut ConnectionTask,
    command: Option<Result<ClientFrame, Box<InvalidFrame>>>,
) -> Flow {
    let limit_error = task.limit.as_ref().and_then(|limit| limit.check().err());
    task.excess_frames = match limit_error {
        Some(_) => task.excess_frames + 1,
        None => task.excess_frames.saturating_sub(1),
    };
    if task.excess_frames > EXCESS_FRAMES_MAX {
        return task.close(close::POLICY_VIOLATION, "too many frames");
    }
    match (command, limit_error) {
        (None, _) => {}
        (Some(Ok(command)), None) => task.handle_command(command).await?,
        (Some(Ok(command)), Some(error)) => task.refuse_command(command, &error),
        (Some(Err(frame)), _) => task.refuse_invalid(*frame),
    }
    Flow::Continue(())
}

/// Sends the rest of the queue, then waits for the peer to hang up.
async fn hang_up(connection: &Connection) {
    let deadline = Instant::now() + CLOSE_FLUSH_TIMEOUT;
    while connection.is_blocked() {
        match timeout_at(deadline, connection.stream.writable()).await {
            // A future that is always ready never times out, so the deadline is checked as well.
            Ok(Ok(())) if Instant::now() < deadline => connection.resume(),
            _ => return,
        }
    }
    // Closing a TCP socket with unread bytes would discard the last frames, so what the peer still sends is read.
    if connection.is_broken() || shutdown(&connection.stream, Shutdown::Write).is_err() {
        return;
    }
    let deadline = Instant::now() + PEER_CLOSE_TIMEOUT;
    while Instant::now() < deadline
        && matches!(timeout_at(deadline, connection.stream.readable()).await, Ok(Ok(())))
    {
        match READ_BUFFER.with_borrow_mut(|buffer| connection.stream.try_read(buffer)) {
            Ok(1..) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Ok(_) | Err(_) => return,
        }
    }
}
