//! What nobody comes back to is removed: guests who are not seen any more, and what ended long ago.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, interval_at};

use crate::{
    app::App,
    db::{self, users::guests},
    departing, exports,
    problem::Error,
};

/// How often they are looked for, and how many are removed at a time.
const LOOK_EVERY: Duration = Duration::from_mins(10);
const AT_A_TIME: i64 = 100;

/// Removes them by the clock, for as long as it is awaited.
pub async fn tend(app: &Arc<App>) {
    // Not at once: a start has enough to do.
    let mut ticks = interval_at(Instant::now() + LOOK_EVERY, LOOK_EVERY);
    loop {
        ticks.tick().await;
        match remove_guests(app).await {
            Ok(0) => {}
            Ok(removed) => tracing::info!(removed, "guests were not seen any more"),
            Err(error) => tracing::warn!(%error, "guests cannot be looked for"),
        }
        for (what, done) in [
            ("what ended long ago", sweep(app).await),
            ("chats without an owner", departing::settle(app).await),
            ("exports", exports::sweep(app).await),
        ] {
            if let Err(error) = done {
                tracing::warn!(%error, "{what} cannot be looked after");
            }
        }
    }
}

/// Removes what ended or ran out long ago, a bounded number at a time; what is left waits for the next round.
pub async fn sweep(app: &App) -> Result<(), Error> {
    let mut connection = app.db.get().await?;
    db::sessions::sweep(&mut connection).await?;
    db::password_resets::sweep(&mut connection).await
}

/// One round; returns how many were removed. One who cannot be removed now waits for the next.
pub async fn remove_guests(app: &Arc<App>) -> Result<usize, Error> {
    let idle = guests::idle(&mut *app.db.get().await?, AT_A_TIME).await?;
    let mut removed = 0;
    for id in idle {
        match remove(app, id).await {
            Ok(is_gone) => removed += usize::from(is_gone),
            Err(error) => tracing::warn!(%error, "a guest cannot be removed"),
        }
    }
    Ok(removed)
}

/// False if they have come back.
async fn remove(app: &Arc<App>, id: i64) -> Result<bool, Error> {
    let Some(left) = guests::remove(&mut *app.db.get().await?, id).await? else { return Ok(false) };
    departing::depart(app, id, left).await;
    Ok(true)
}
