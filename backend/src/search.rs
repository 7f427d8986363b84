//! Searches the messages of a user's chats.
//!
//! The index (`keys`) says which messages may match; each is then compared with the search (`text`). Messages that are not
//! indexed yet are all compared, so that a message is found as soon as it is stored, and never after it is deleted.

pub mod feature;
pub mod keys;
pub mod query;
pub mod text;

use std::{collections::BTreeSet, time::Duration};

use diesel_async::{AsyncConnection, AsyncPgConnection};
use shared::{
    id::{ChatId, MessageId, UserId},
    search::{SearchResponse, SearchResult},
};
use tokio::{
    sync::Semaphore,
    task::yield_now,
    time::{Instant, timeout},
};

use self::{
    keys::{BLOCK_SIZES, Document, KeyFilter},
    query::{Author, Query, SearchUsers},
    text::{FoldedText, find_all},
};
use crate::{
    keyed_locks::KeyedLocks,
    store::{
        Db, StoreError,
        message_search::{
            self, Candidate, CandidateQuery, FoundMessage, SEARCHED_CHATS_MAX, SearchedChat, TextMessage,
        },
        messages::mentions,
    },
};

/// How many searches run at a time; others wait. They leave database connections and time to everything else.
const RUNNING_MAX: usize = 4;
const WAIT_MAX: Duration = Duration::from_secs(3);
/// After this time a search returns what it has found, and where to go on.
const TIME_MAX: Duration = Duration::from_millis(500);
/// How many messages that are not indexed yet are compared for a page.
const UNINDEXED_MAX: i64 = 10_000;
/// After so many of them, other work has its turn.
const COMPARED_AT_ONCE: usize = 100;
/// Within a chat, ids follow the order of the messages, except among those that were stored together.
const STORED_TOGETHER_MAX: i64 = 1_024;
/// How many messages are read from the index at a time.
const BATCH_MIN: usize = 20;
const BATCH_MAX: usize = 1_000;
/// How many blocks of each size are searched before those of the next size. The small ones cover a million messages. In a larger
/// one, a word that was frequent only long ago takes longer.
const BLOCKS_PER_SIZE: [usize; BLOCK_SIZES.len()] = [2, 16, 8, usize::MAX];

/// What is searched for, and by whom.
#[derive(Debug)]
pub struct SearchRequest {
    pub user_id: UserId,
    /// None searches all chats of the user.
    pub chat_id: Option<ChatId>,
    pub query: Query,
    /// Only messages with a lower id.
    pub before: Option<MessageId>,
    pub limit: usize,
}

/// Runs searches.
pub struct Searcher {
    db: Db,
    running: Semaphore,
    /// Admits one search of a user at a time.
    users: KeyedLocks<UserId>,
}

impl Searcher {
    pub fn new(db: Db) -> Self {
        Self { db, running: Semaphore::new(RUNNING_MAX), users: KeyedLocks::default() }
    }

    pub async fn search(&self, request: SearchRequest) -> Result<SearchResponse, StoreError> {
        let turn = async { (self.users.acquire(request.user_id).await, self.running.acquire().await) };
        let _turn = timeout(WAIT_MAX, turn).await.map_err(|_| StoreError::Unavailable)?;
        let mut connection = self.db.get().await?;
        connection.transaction(async |connection| run(connection, request).await).await
    }
}

/// The messages that match, among those with an id of at least `examined_from`.
struct Search {
    request: SearchRequest,
    chat_ids: BTreeSet<ChatId>,
    users: SearchUsers,
    filter: KeyFilter,
    /// By id.
    matches: BTreeSet<MessageId>,
    /// Where this page ends at the latest.
    first_id: MessageId,
    examined_from: MessageId,
    /// Messages below `first_id` are for the next page.
    has_more: bool,
}

async fn run(
    connection: &mut AsyncPgConnection,
    request: SearchRequest,
) -> Result<SearchResponse, StoreError> {
    message_search::prepare_search(connection).await?;
    let chats = message_search::list_searched_chats(connection, request.user_id, request.chat_id).await?;
    let (authors, has_all_authors) = find_authors(connection, &request, &chats).await?;
    let incomplete = chats.len() >= SEARCHED_CHATS_MAX || !has_all_authors;
    let users = SearchUsers { user_id: request.user_id, authors };
    let mut search = Search::new(request, users, &chats);
    search.compare_unindexed(connection, &chats).await?;
    search.search_index(connection).await?;
    search.into_response(connection, incomplete).await
}

/// The users whom `from` names, and whether the names of all users of the chats were compared.
async fn find_authors(
    connection: &mut AsyncPgConnection,
    request: &SearchRequest,
    chats: &[SearchedChat],
) -> Result<(Vec<UserId>, bool), StoreError> {
    let from = &request.query.from;
    let (mut authors, mut is_complete) = (Vec::new(), true);
    if from.iter().any(|author| *author != Author::Me) {
        let is_named = |name: &str| from.iter().any(|author| author.has_name(name));
        (authors, is_complete) = message_search::find_authors(connection, chats, is_named).await?;
    }
    if from.contains(&Author::Me) {
        authors.push(request.user_id);
    }
    Ok((authors, is_complete))
}

impl Search {
    fn new(request: SearchRequest, users: SearchUsers, chats: &[SearchedChat]) -> Self {
        let chat_ids: BTreeSet<_> = chats.iter().map(|chat| chat.id).collect();
        let filter = request.query.key_filter(chat_ids.iter().copied(), &users);
        let bound =
            |id: Option<MessageId>, by: i64| MessageId::new(id.map_or(0, |id| (id.get() + by).max(0)));
        let first_id = bound(chats.iter().filter_map(|chat| chat.first_id).min(), -STORED_TOGETHER_MAX);
        let end = bound(chats.iter().filter_map(|chat| chat.last_id).max(), STORED_TOGETHER_MAX);
        let examined_from = request.before.map_or(end, |before| before.min(end));
        let (matches, has_more) = (BTreeSet::new(), false);
        Self { request, chat_ids, users, filter, matches, first_id, examined_from, has_more }
    }

    /// Compares the messages that are not indexed yet. If there are too many, or it takes too long, the page ends with them.
    async fn compare_unindexed(
        &mut self,
        connection: &mut AsyncPgConnection,
        chats: &[SearchedChat],
    ) -> Result<(), StoreError> {
        let before = self.request.before.unwrap_or(MessageId::new(i64::MAX));
        let unindexed = message_search::list_unindexed(connection, chats, before, UNINDEXED_MAX).await?;
        if i64::try_from(unindexed.len()).is_ok_and(|count| count >= UNINDEXED_MAX)
            && let Some(last) = unindexed.last()
        {
            self.end_page_at(last.id.get() + STORED_TOGETHER_MAX);
        }
        let deadline = Instant::now() + TIME_MAX;
        for (number, message) in unindexed.into_iter().enumerate() {
            if number % COMPARED_AT_ONCE == COMPARED_AT_ONCE - 1 {
                // Other requests have their turn.
                yield_now().await;
                if Instant::now() > deadline {
                    self.end_page_at(message.id.get() + 1);
                    break;
                }
            }
            self.compare(message);
        }
        Ok(())
    }

    fn end_page_at(&mut self, id: i64) {
        self.first_id = MessageId::new(id).max(self.first_id).min(self.examined_from);
        self.has_more = true;
    }

    /// Searches the index from the newest message on, until there is one match more than a page has.
    async fn search_index(&mut self, connection: &mut AsyncPgConnection) -> Result<(), StoreError> {
        let deadline = Instant::now() + TIME_MAX;
        let (mut blocks, mut batch) = (0, self.request.limit.saturating_mul(2).max(BATCH_MIN));
        while self.examined_from > self.first_id
            && self.count_matches() <= self.request.limit
            && Instant::now() < deadline
        {
            let size = block_size(blocks);
            let last = MessageId::new(self.examined_from.get() - 1);
            let block_start = MessageId::new(last.get() >> size << size).max(self.first_id);
            let filter = self.filter.within_block(size, last);
            let query = CandidateQuery {
                all_keys: &filter.all,
                any_keys: &filter.any,
                from_id: block_start,
                before_id: self.examined_from,
                limit: i64::try_from(batch).unwrap_or(i64::MAX),
            };
            let found = message_search::list_candidates(connection, query).await?;
            let last_found = found.last().filter(|_| found.len() >= batch).map(|last| last.found_id);
            self.examined_from = last_found.unwrap_or(block_start);
            blocks += usize::from(last_found.is_none());
            if last_found.is_some() {
                // Few of them match.
                batch = batch.saturating_mul(2).min(BATCH_MAX);
            }
            for message in found.into_iter().filter_map(|Candidate { message, .. }| message) {
                self.compare(message);
            }
        }
        Ok(())
    }

    /// Keys are hashes: the key of a chat may be that of something else in a message of another chat.
    fn compare(&mut self, message: TextMessage) {
        let document = Document::new(message);
        if self.chat_ids.contains(&document.chat_id) && self.request.query.is_match(&document, &self.users) {
            self.matches.insert(document.id);
        }
    }

    fn count_matches(&self) -> usize {
        self.matches.range(self.examined_from..).count()
    }

    async fn into_response(
        self,
        connection: &mut AsyncPgConnection,
        incomplete: bool,
    ) -> Result<SearchResponse, StoreError> {
        let newest = self.matches.range(self.examined_from..).rev().copied();
        let ids: Vec<_> = newest.take(self.request.limit).collect();
        let before = if self.count_matches() > ids.len() {
            ids.last().copied()
        } else {
            (self.has_more || self.examined_from > self.first_id).then_some(self.examined_from)
        };
        let found = message_search::load_found(connection, &ids).await?;
        let results = found.into_iter().map(|found| to_result(found, &self.request.query)).collect();
        Ok(SearchResponse { results, before, incomplete })
    }
}

/// The size of the next block after so many.
fn block_size(mut searched: usize) -> u32 {
    let mut sizes = BLOCK_SIZES.into_iter().zip(BLOCKS_PER_SIZE);
    let next = sizes.find(|(_, count)| {
        let is_next = searched < *count;
        searched = searched.saturating_sub(*count);
        is_next
    });
    next.map_or(0, |(size, _)| size)
}

fn to_result(found: FoundMessage, query: &Query) -> SearchResult {
    let FoundMessage { chat_id, uri, chat_name, message } = found;
    let mentioned: Vec<_> = mentions::to_column(&message.mentions).unwrap_or_default();
    let matches = find_all(&FoldedText::of_message(&message.message, &mentioned), &query.terms);
    SearchResult { chat_id, uri, chat_name, message, matches }
}
