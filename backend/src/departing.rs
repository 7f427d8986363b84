//! Somebody is gone for good: everyone hears of it, and whoever kept a chat with them has it from then on.

use std::sync::Arc;

use futures_util::FutureExt;
use shared::member::Member;

use crate::{
    app::App,
    db::{self, chats::Raised, turn::Told},
    exports,
    problem::Error,
};

/// How many chats without an owner are given to somebody in one round.
const AT_A_TIME: i64 = 100;

/// Tells of somebody who has left all these chats. What of it fails is done later by [`settle`].
pub async fn depart(app: &Arc<App>, user_id: i64, left: Vec<(Raised, Member)>) {
    app.people.forget(user_id);
    app.hub.end_account(user_id);
    for (chat, member) in left {
        let chat_id = chat.chat_id;
        let changes = chat.changes(app.epoch, vec![member], Vec::new());
        app.tell(chat_id, Told { changes, strangers: Vec::new() }).await;
    }
    if let Err(error) = settle(app).await {
        tracing::warn!(%error, "chats of somebody who is gone have no owner yet");
    }
    if let Err(error) = exports::sweep(app).await {
        tracing::warn!(%error, "files of somebody who is gone are still there");
    }
}

/// Gives chats whose owner is gone to somebody who is in them.
pub async fn settle(app: &Arc<App>) -> Result<(), Error> {
    for (chat_id, former_id) in db::heirs::orphaned(&mut *app.db.get().await?, AT_A_TIME).await? {
        let settled =
            app.act(chat_id, move |turn| async move { turn.inherit(former_id).await }.boxed()).await;
        if let Err(error) = settled {
            tracing::warn!(%error, "a chat whose owner is gone has nobody yet");
        }
    }
    Ok(())
}
