//! Keeps the search index up to date, in the background: posts do not wait for it.
//!
//! Each chat is indexed up to a head, in the transaction that stores its rows. So a crash loses nothing, a new version of the
//! program indexes what older ones have stored, and several servers share the work.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    time::Duration,
};

use diesel_async::{AsyncConnection, AsyncPgConnection};
use shared::id::{ChatId, Head};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use crate::{
    realtime::hub::changed_chats::ChangedChats,
    search::keys::Document,
    store::{
        Db, StoreError,
        message_search::{self, ChangedMessage, IndexedChat, NewIndexRow},
    },
};

/// For how long changes gather, so that they are indexed together.
const GATHER: Duration = Duration::from_millis(300);
/// How often chats are looked for that another server or a crash left behind.
const SWEEP_INTERVAL: Duration = Duration::from_mins(1);
const SWEEP_MAX: i64 = 1_000;
/// How many chats one transaction indexes, and about how many messages.
const CHATS_MAX: usize = 100;
const MESSAGES_MAX: usize = 300;
/// Above this rate of messages, indexing waits longer between two transactions, so that posts are hardly slowed.
const BUSY_PER_SECOND: f64 = 100.0;
/// How long it waits, as a multiple of the time that a transaction took.
const PAUSE: u32 = 1;
const BUSY_PAUSE: u32 = 30;
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// How long it waits after an error.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Runs until it is dropped.
pub async fn run(db: &Db, changed: &ChangedChats) {
    let mut sweep = interval(SWEEP_INTERVAL);
    sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut behind, mut rate) = (ChatQueue::default(), MessageRate::new(changed));
    loop {
        if behind.is_empty() {
            tokio::select! {
                () = changed.wait() => {}
                _ = sweep.tick() => {
                    add_left_behind(db, &mut behind).await;
                    if i64::try_from(behind.chats.len()).is_ok_and(|count| count >= SWEEP_MAX) {
                        sweep.reset_immediately();
                    }
                }
            }
            rate = MessageRate::new(changed);
            sleep(GATHER).await;
        }
        behind.extend(changed.take());
        let start = Instant::now();
        if let Err(error) = index_some(db, &mut behind).await {
            tracing::warn!(%error, "cannot update the search index");
            sleep(RETRY_AFTER).await;
            rate = MessageRate::new(changed);
            continue;
        }
        let is_busy = rate.per_second(changed) > BUSY_PER_SECOND;
        rate = MessageRate::new(changed);
        let pause = start.elapsed() * if is_busy { BUSY_PAUSE } else { PAUSE };
        sleep(pause.min(PAUSE_MAX)).await;
    }
}

/// The chats that are behind, each once. Those that wait longest come first.
#[derive(Default)]
pub struct ChatQueue {
    chats: VecDeque<ChatId>,
    known: HashSet<ChatId>,
}

impl ChatQueue {
    pub fn is_empty(&self) -> bool {
        self.chats.is_empty()
    }

    fn take(&mut self, count: usize) -> Vec<ChatId> {
        let taken: Vec<_> = self.chats.drain(..count.min(self.chats.len())).collect();
        self.known.retain(|chat_id| !taken.contains(chat_id));
        taken
    }
}

impl Extend<ChatId> for ChatQueue {
    fn extend<T: IntoIterator<Item = ChatId>>(&mut self, chats: T) {
        let known = &mut self.known;
        self.chats.extend(chats.into_iter().filter(|chat_id| known.insert(*chat_id)));
    }
}

/// How many messages change.
struct MessageRate {
    since: Instant,
    count: u64,
}

impl MessageRate {
    fn new(changed: &ChangedChats) -> Self {
        Self { since: Instant::now(), count: changed.count_messages() }
    }

    fn per_second(&self, changed: &ChangedChats) -> f64 {
        let messages = u32::try_from(changed.count_messages() - self.count).unwrap_or(u32::MAX);
        f64::from(messages) / self.since.elapsed().as_secs_f64().max(f64::EPSILON)
    }
}

async fn add_left_behind(db: &Db, behind: &mut ChatQueue) {
    let found = async { message_search::list_chats_behind(&mut *db.get().await?, SWEEP_MAX).await };
    match found.await {
        Ok(chats) => behind.extend(chats),
        Err(error) => tracing::warn!(%error, "cannot list chats for the search index"),
    }
}

/// Indexes a bounded number of messages of the first chats, and removes the chats that are up to date. The others wait again
/// behind all, also after an error.
pub async fn index_some(db: &Db, behind: &mut ChatQueue) -> Result<(), StoreError> {
    let chat_ids = behind.take(CHATS_MAX);
    if chat_ids.is_empty() {
        return Ok(());
    }
    let indexed = async {
        let mut connection = db.get().await?;
        connection.transaction(async |connection| index(connection, &chat_ids).await).await
    };
    let indexed = indexed.await;
    behind.extend(indexed.as_ref().unwrap_or(&chat_ids).iter().copied());
    indexed.map(drop)
}

/// Returns the chats that have further changes.
async fn index(connection: &mut AsyncPgConnection, chat_ids: &[ChatId]) -> Result<Vec<ChatId>, StoreError> {
    message_search::prepare_indexing(connection).await?;
    let chats = message_search::lock_chats(connection, chat_ids).await?;
    if chats.is_empty() {
        return Ok(Vec::new());
    }
    let limit = (MESSAGES_MAX / chats.len()).max(1);
    let changed = message_search::list_to_index(connection, &chats, to_i64(limit)).await?;
    let heads = reached_heads(&chats, &changed, limit);
    let (indexed, removed): (Vec<_>, Vec<_>) = changed.into_iter().partition(|changed| changed.has_text);
    let rows: Vec<_> = indexed.into_iter().map(to_row).collect();
    let removed: Vec<_> = removed.iter().map(|removed| (removed.message.chat_id, removed.seq)).collect();
    message_search::store_rows(connection, &rows).await?;
    message_search::delete_rows(connection, &removed).await?;
    message_search::advance(connection, &heads).await?;
    let unfinished = chats.iter().zip(&heads).filter(|(chat, (_, head))| *head < chat.head);
    Ok(unfinished.map(|(chat, _)| chat.id).collect())
}

/// Up to which head each chat is indexed with these messages. If there may be more, that is the change of the last one.
fn reached_heads(chats: &[IndexedChat], changed: &[ChangedMessage], limit: usize) -> Vec<(ChatId, Head)> {
    let (mut new, mut other) = (HashMap::new(), HashMap::new());
    let indexed: HashMap<_, _> = chats.iter().map(|chat| (chat.id, chat.indexed_head)).collect();
    for ChangedMessage { seq, revision, message, .. } in changed {
        let is_new = indexed.get(&message.chat_id).is_some_and(|head| seq.as_head() > *head);
        let (counts, number) = if is_new { (&mut new, *seq) } else { (&mut other, *revision) };
        let (count, last) = counts.entry(message.chat_id).or_insert((0, number));
        (*count, *last) = (*count + 1, number.max(*last));
    }
    let reached = |chat: &IndexedChat| {
        let ends = [&new, &other].into_iter().filter_map(|counts| counts.get(&chat.id));
        let full = ends.filter(|(count, _)| *count >= limit).map(|(_, last)| last.as_head());
        (chat.id, full.min().map_or(chat.head, |last| last.min(chat.head)))
    };
    chats.iter().map(reached).collect()
}

fn to_row(changed: ChangedMessage) -> NewIndexRow {
    let ChangedMessage { seq, revision, message, .. } = changed;
    let document = Document::new(message);
    NewIndexRow { chat_id: document.chat_id, seq, revision, id: document.id, keys: document.keys() }
}

fn to_i64(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chat_that_waits_longest_is_first() {
        let ids = |numbers: &[i64]| numbers.iter().copied().map(ChatId::new).collect::<Vec<_>>();
        let mut queue = ChatQueue::default();
        queue.extend(ids(&[1, 2, 3]));
        assert_eq!(queue.take(2), ids(&[1, 2]));
        // They are busy, and behind again.
        queue.extend(ids(&[1, 2, 3]));
        assert_eq!(queue.take(2), ids(&[3, 1]));
        assert_eq!(queue.take(2), ids(&[2]));
        assert!(queue.is_empty());
    }
}
