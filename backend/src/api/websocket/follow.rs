//! Follows all chats of a client without having them open. Two queries find all heads, however many chats there are, and
//! only the chats with missed changes are read.

use std::collections::{HashMap, HashSet};

use shared::{
    changes::ChangesQuery,
    id::{ChatId, Head},
    problem::{FieldCode, ProblemCode},
    socket::{FOLLOW_MAX, FollowedChat},
};
use uuid::Uuid;

use crate::api::websocket::{
    catch_up,
    connection_task::{ConnectionTask, Flow, too_many_subscriptions},
};
use crate::{
    auth::policy::extractors::limit_uri_probing,
    error::{ApiError, Rejection},
    store,
};

type Heads = HashMap<ChatId, Head>;

/// Subscribes to all chats first, and reads their heads second.
pub async fn follow_chats(task: &mut ConnectionTask, epoch: Uuid, chats: Vec<FollowedChat>) -> Flow {
    if let Err((chat_id, error)) = check_chats(&chats) {
        task.refuse(None, chat_id, &error.into());
        return Flow::Continue(());
    }
    let known = match find_heads(task, &chats).await {
        Ok(heads) => heads,
        Err(error) => {
            task.refuse(None, None, &error);
            return Flow::Continue(());
        }
    };
    let mut started = start_following(task, &chats, &known);
    let heads = match find_heads(task, &chats).await {
        Ok(heads) => heads,
        Err(error) => {
            for chat_id in &started {
                task.drop_subscription(*chat_id, &error);
            }
            return Flow::Continue(());
        }
    };
    for FollowedChat { chat_id, after } in chats {
        if !started.remove(&chat_id) {
            continue;
        }
        if let Some(head) = heads.get(&chat_id) {
            let since = ChangesQuery { after, epoch: Some(epoch) };
            catch_up_if_behind(task, chat_id, *head, since).await?;
        } else {
            // The user was removed from the chat before the subscription, so the hub did not announce it.
            task.remove_subscription(chat_id);
            refuse_unknown(task, chat_id);
        }
    }
    Flow::Continue(())
}

/// Returns the chat that must not be followed like this, if it is one, and why.
fn check_chats(chats: &[FollowedChat]) -> Result<(), (Option<ChatId>, Rejection)> {
    if chats.len() > FOLLOW_MAX {
        let detail = format!("One frame may follow at most {FOLLOW_MAX} chats.");
        return Err((None, Rejection::new(ProblemCode::Malformed).detail(detail)));
    }
    match chats.iter().find(|chat| chat.after < Head::default()) {
        Some(chat) => Err((Some(chat.chat_id), Rejection::field("after", FieldCode::NotNumber))),
        None => Ok(()),
    }
}

async fn find_heads(task: &ConnectionTask, chats: &[FollowedChat]) -> Result<Heads, ApiError> {
    let chat_ids: Vec<_> = chats.iter().map(|chat| chat.chat_id).collect();
    let mut connection = task.app.db.get().await?;
    let heads =
        store::chat_list::heads_for_user(&mut connection, task.connection.user_id(), &chat_ids).await?;
    Ok(heads.into_iter().map(|chat| (chat.chat_id, chat.head)).collect())
}

/// Subscribes to the chats that the client does not have open, and returns their ids.
fn start_following(task: &mut ConnectionTask, chats: &[FollowedChat], known: &Heads) -> HashSet<ChatId> {
    let mut started = HashSet::new();
    for FollowedChat { chat_id, after } in chats {
        let chat_id = *chat_id;
        if !known.contains_key(&chat_id) {
            refuse_unknown(task, chat_id);
        } else if task.app.hub.is_present(chat_id, task.id) {
            task.record_subscription(chat_id, true);
        } else if task.can_subscribe(chat_id) {
            task.record_subscription(chat_id, true);
            task.app.hub.follow(chat_id, task.id, &task.connection, *after);
            started.insert(chat_id);
        } else {
            task.refuse(None, Some(chat_id), &too_many_subscriptions());
        }
    }
    started
}

async fn catch_up_if_behind(
    task: &mut ConnectionTask,
    chat_id: ChatId,
    head: Head,
    since: ChangesQuery,
) -> Flow {
    if since.epoch != Some(task.app.epoch) || since.after > head {
        task.app.hub.resync_from_client(chat_id, task.id);
        return Flow::Continue(());
    }
    let is_behind = since.after < head;
    let read_on =
        if is_behind { Some(since.after) } else { task.app.hub.acknowledge(chat_id, task.id, head) };
    match read_on {
        Some(after) => catch_up::catch_up(task, chat_id, ChangesQuery { after, ..since }).await,
        None => Flow::Continue(()),
    }
}

/// Refuses an unknown chat, and counts it against the limit on guessed chats.
fn refuse_unknown(task: &ConnectionTask, chat_id: ChatId) {
    let unknown = Err::<(), _>(ProblemCode::ChatNotFound.into());
    if let Err(error) = limit_uri_probing(&task.app.auth, task.connection.client_ip(), unknown) {
        task.refuse(None, Some(chat_id), &error);
    }
}
