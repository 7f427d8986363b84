//! What is done to chats by the clock: those whose time is over end, and old messages vanish where a chat says so.

use std::{sync::Arc, time::Duration};

use futures_util::FutureExt;
use tokio::time::{MissedTickBehavior, interval};

use crate::{app::App, db, problem::Error};

/// How often the clock is looked at.
const EVERY: Duration = Duration::from_mins(1);
/// How often one round removes rows that have vanished; what is left waits for the next.
const REMOVALS: usize = 200;

/// Goes round for as long as the server runs.
pub async fn tend(app: &Arc<App>) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let done = round(app).await;
        log("a round was broken off", done);
    }
}

/// One round: a bounded amount of work. A chat that cannot be had now waits for the next.
pub async fn round(app: &Arc<App>) -> Result<(), Error> {
    for chat_id in db::lifetime::expired(&mut *app.db.get().await?).await? {
        log("a chat could not be ended", app.end_chat(chat_id, None).await);
    }
    for chat_id in db::lifetime::outliving(&mut *app.db.get().await?).await? {
        let vanished = app.act(chat_id, |turn| async move { turn.let_vanish().await }.boxed()).await;
        log("old messages could not vanish", vanished);
    }
    for _ in 0..REMOVALS {
        if !db::lifetime::remove_vanished(&mut *app.db.get().await?).await? {
            break;
        }
    }
    for chat_id in db::lifetime::ended(&mut *app.db.get().await?).await? {
        empty(app, chat_id).await;
    }
    Ok(())
}

/// Removes what is left of a chat that has ended.
pub async fn empty(app: &App, chat_id: i64) {
    let emptied = async { db::lifetime::empty(&mut *app.db.get().await?, chat_id).await };
    log("a chat that ended could not be emptied", emptied.await);
}

fn log(what: &str, done: Result<(), Error>) {
    if let Err(error) = done {
        tracing::warn!(%error, "{what}");
    }
}
