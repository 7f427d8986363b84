//! Sends a client what it missed. The connection subscribes first and reads second, so no change is lost; while it reads
//! it gets no published changes, and after the last page those that the hub has kept meanwhile.

use shared::{
    changes::ChangesQuery,
    id::{ChatId, Head},
    problem::ProblemCode,
    socket::ServerFrame,
};
use uuid::Uuid;

use crate::api::{
    chats::changes,
    websocket::connection_task::{ConnectionTask, Flow},
};
use crate::{
    error::ApiError,
    realtime::hub::channel::Lag,
    state::AppState,
    store::{self, chats::ChatRef},
};

/// Subscribes to a chat, from the head that the client knows or else from the current one.
pub async fn start_subscription(
    task: &mut ConnectionTask,
    chat: ChatRef,
    after: Option<Head>,
    epoch: Option<Uuid>,
) -> Flow {
    let ChatRef { id: chat_id, uri } = chat;
    task.record_subscription(chat_id, false);
    task.connection.send_frame(&ServerFrame::Subscribed { chat_id, uri });
    task.app.hub.subscribe(chat_id, task.id, &task.connection, after.unwrap_or_default());
    let after = match after {
        Some(after) => after,
        None => match find_head(&task.app, chat_id).await {
            Ok(head) => head,
            Err(error) => return abandon(task, chat_id, &error),
        },
    };
    catch_up(task, chat_id, ChangesQuery { after, epoch }).await
}

/// Catches up with every chat of which changes were dropped.
pub async fn catch_up_all(task: &mut ConnectionTask) -> Flow {
    let chat_ids: Vec<_> = task.subscriptions.iter().map(|subscription| subscription.chat_id).collect();
    for chat_id in chat_ids {
        match task.app.hub.lag(chat_id, task.id) {
            Some(Lag::Since(after)) => {
                catch_up(task, chat_id, ChangesQuery { after, epoch: None }).await?;
            }
            // The client may have fetched before the changes were dropped.
            Some(Lag::Unknown) => task.app.hub.resync_from_client(chat_id, task.id),
            None => {}
        }
    }
    Flow::Continue(())
}

/// Sends the changes since a head, page by page, until the connection has everything.
pub async fn catch_up(task: &mut ConnectionTask, chat_id: ChatId, mut since: ChangesQuery) -> Flow {
    loop {
        // The user may have been removed from the chat meanwhile.
        if let Err(error) = task.find_chat(chat_id).await {
            task.drop_subscription(chat_id, &error);
            return Flow::Continue(());
        }
        let changes = match changes::load(&task.app, chat_id, since).await {
            Ok(changes) => changes,
            Err(error) => return abandon(task, chat_id, &error),
        };
        let (head, has_more) = (changes.head, changes.more);
        task.connection.send_frame(&ServerFrame::Changes(changes));
        wait_until_sent(task).await?;
        let read_on = if has_more { Some(head) } else { task.app.hub.acknowledge(chat_id, task.id, head) };
        let Some(after) = read_on else { return Flow::Continue(()) };
        since.after = after;
    }
}

/// Waits until the client has accepted the last page, so that only one is in memory.
async fn wait_until_sent(task: &ConnectionTask) -> Flow {
    let connection = &task.connection;
    while connection.is_blocked() && !connection.is_closing() {
        tokio::select! {
            writable = connection.stream.writable() => task.resume(&writable)?,
            () = connection.wait_for_wake() => {}
        }
    }
    let has_ended = connection.is_closing() || connection.is_broken();
    if has_ended { Flow::Break(()) } else { Flow::Continue(()) }
}

/// Handles a failed read: the client has to fetch the chat itself, or may not read it.
fn abandon(task: &mut ConnectionTask, chat_id: ChatId, error: &ApiError) -> Flow {
    let code = error.code();
    if code == ProblemCode::StaleCursor || code.is_transient() {
        task.app.hub.resync_from_client(chat_id, task.id);
    } else {
        task.drop_subscription(chat_id, error);
    }
    Flow::Continue(())
}

pub async fn find_head(app: &AppState, chat_id: ChatId) -> Result<Head, ApiError> {
    Ok(store::chats::find_active(&mut *app.db.get().await?, chat_id).await?.head)
}
