//! The keys of the search index. A message has a key for everything it can be found by; a search combines the keys that a
//! message must have. Keys are hashes, so that what they find is compared with the message itself.
//!
//! The index stores them: after a change of this file, a migration must empty `message_search` and `search_progress`.

use std::iter::once;

use chrono::{DateTime, Datelike, Months, NaiveDate, Utc};
use shared::{
    file::MessageFile,
    id::{ChatId, MessageId, UserId},
};

use super::{
    feature::Feature,
    text::{FoldedText, INNER_TERM_MIN, Term, starts_word},
};
use crate::store::{
    message_search::TextMessage,
    messages::{list_from_column, mentions::EVERYONE},
};

/// The sizes of the blocks into which all messages are divided by their ids, as powers of two. A search goes through blocks
/// from the newest on, so that it does not read everything that a common word finds.
pub const BLOCK_SIZES: [u32; 4] = [13, 16, 19, 22];
/// More keys of words do not make a search faster.
const WORD_KEYS_MAX: usize = 32;

#[derive(Clone, Copy, Debug)]
enum Key {
    Chat(ChatId),
    Author(UserId),
    /// The size, and the number of the block.
    Block(u32, i64),
    Year(i32),
    /// The year and the month.
    Month(i32, u32),
    Day(NaiveDate),
    Feature(Feature),
    /// A mentioned user; 0 for everyone.
    Mention(UserId),
    /// The first character of a word, or the first two.
    WordStart(char, Option<char>),
    /// Three characters in a row within a word.
    Trigram([char; INNER_TERM_MIN]),
}

/// What is known of a message.
#[derive(Debug)]
pub struct Document {
    pub id: MessageId,
    pub chat_id: ChatId,
    pub author_id: UserId,
    pub created_at: DateTime<Utc>,
    /// With the names of the files.
    pub text: FoldedText,
    pub features: Vec<Feature>,
    /// The ids of the mentioned users; 0 for everyone.
    pub mentioned: Vec<UserId>,
}

impl Document {
    pub fn new(message: TextMessage) -> Self {
        let TextMessage { id, chat_id, user_id, created_at, message, mentions, files } = message;
        let (mentioned, files) = (mentions.unwrap_or_default(), list_from_column(files));
        let features = Feature::of_message(&message, &files);
        let text = FoldedText::of_message(&with_file_names(message, &files), &mentioned);
        Self { id, chat_id, author_id: user_id, created_at, text, features, mentioned }
    }

    /// Whether the message mentions the user, who is not its author.
    pub fn mentions(&self, user_id: UserId) -> bool {
        self.author_id != user_id && mention_ids(user_id).iter().any(|id| self.mentioned.contains(id))
    }
}

/// The files of a message are found by their names too.
fn with_file_names(text: String, files: &[MessageFile]) -> String {
    files.iter().fold(text, |text, file| text + "\n" + &file.name)
}

/// What mentions a user: their own id, and 0.
fn mention_ids(user_id: UserId) -> [UserId; 2] {
    [user_id, EVERYONE]
}

/// The keys of the messages that a search may find.
#[derive(Clone, Debug, Default)]
pub struct KeyFilter {
    /// A message has all of these,
    pub all: Vec<i32>,
    /// and of each of these sets at least one.
    pub any: Vec<Vec<i32>>,
}

impl Key {
    /// FNV-1a.
    fn hash(self) -> i32 {
        let (kind, values): (u8, [i64; 3]) = match self {
            Self::Chat(id) => (0, [id.get(), 0, 0]),
            Self::Author(id) => (1, [id.get(), 0, 0]),
            Self::Block(size, number) => (2, [size.into(), number, 0]),
            Self::Year(year) => (3, [year.into(), 0, 0]),
            Self::Month(year, month) => (4, [year.into(), month.into(), 0]),
            Self::Day(day) => (5, [day.num_days_from_ce().into(), 0, 0]),
            Self::Feature(feature) => (6, [feature as i64, 0, 0]),
            Self::WordStart(first, second) => (7, [to_i64(first), second.map_or(-1, to_i64), 0]),
            Self::Trigram(chars) => (8, chars.map(to_i64)),
            Self::Mention(id) => (9, [id.get(), 0, 0]),
        };
        let bytes = once(kind).chain(values.into_iter().flat_map(i64::to_le_bytes));
        let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let [a, b, c, d, ..] = hash.to_be_bytes();
        i32::from_be_bytes([a, b, c, d])
    }
}

impl Document {
    /// All keys, sorted.
    pub fn keys(&self) -> Vec<i32> {
        let day = self.created_at.date_naive();
        let mut keys = vec![
            Key::Chat(self.chat_id).hash(),
            Key::Author(self.author_id).hash(),
            Key::Year(day.year()).hash(),
            Key::Month(day.year(), day.month()).hash(),
            Key::Day(day).hash(),
        ];
        keys.extend(BLOCK_SIZES.iter().map(|size| block_key(*size, self.id)));
        keys.extend(self.mentioned.iter().map(|id| Key::Mention(*id).hash()));
        keys.extend(self.features.iter().map(|feature| Key::Feature(*feature).hash()));
        push_word_keys(&mut keys, self.text.chars());
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}

impl KeyFilter {
    /// Adds the keys of the words.
    pub fn require_terms(&mut self, terms: &[Term]) {
        let mut keys = Vec::new();
        for word in terms.iter().flat_map(Term::words) {
            if word.len() < INNER_TERM_MIN {
                let first = word.first().map(|first| Key::WordStart(*first, word.get(1).copied()));
                keys.extend(first.map(Key::hash));
            } else {
                keys.extend(trigrams(word).map(Key::hash));
            }
        }
        keys.sort_unstable();
        keys.dedup();
        keys.truncate(WORD_KEYS_MAX);
        self.all.extend(keys);
    }

    pub fn require_feature(&mut self, feature: Feature) {
        self.all.push(Key::Feature(feature).hash());
    }

    pub fn require_mention(&mut self, user_id: UserId) {
        self.any.push(mention_ids(user_id).map(|id| Key::Mention(id).hash()).into());
    }

    pub fn require_chat(&mut self, chats: impl Iterator<Item = ChatId>) {
        self.any.push(chats.map(|id| Key::Chat(id).hash()).collect());
    }

    pub fn require_author(&mut self, authors: &[UserId]) {
        self.any.push(authors.iter().map(|id| Key::Author(*id).hash()).collect());
    }

    /// Adds the days from `first` until before `end`; years and months count as one key each.
    pub fn require_date(&mut self, first: NaiveDate, end: NaiveDate) {
        let mut keys = Vec::new();
        let mut day = first;
        while day < end {
            let next_year = NaiveDate::from_yo_opt(day.year() + 1, 1).filter(|next| *next <= end);
            let next_month = day.checked_add_months(Months::new(1)).filter(|next| *next <= end);
            let (key, next) = match (next_year, next_month) {
                (Some(next), _) if day.ordinal() == 1 => (Key::Year(day.year()), Some(next)),
                (_, Some(next)) if day.day() == 1 => (Key::Month(day.year(), day.month()), Some(next)),
                _ => (Key::Day(day), day.succ_opt()),
            };
            keys.push(key.hash());
            let Some(next) = next else { break };
            day = next;
        }
        self.any.push(keys);
    }

    /// The same filter within the block of a message.
    #[must_use]
    pub fn within_block(&self, size: u32, id: MessageId) -> Self {
        let mut filter = self.clone();
        filter.all.push(block_key(size, id));
        filter
    }
}

fn block_key(size: u32, id: MessageId) -> i32 {
    Key::Block(size, id.get() >> size).hash()
}

fn push_word_keys(keys: &mut Vec<i32>, chars: &[char]) {
    for word in chars.split(|c| *c == ' ') {
        keys.extend(trigrams(word).map(Key::hash));
        for (index, first) in word.iter().enumerate().filter(|(index, _)| starts_word(word, *index)) {
            keys.push(Key::WordStart(*first, None).hash());
            keys.extend(word.get(index + 1).map(|second| Key::WordStart(*first, Some(*second)).hash()));
        }
    }
}

fn trigrams(word: &[char]) -> impl Iterator<Item = Key> {
    word.windows(INNER_TERM_MIN).filter_map(|chars| Some(Key::Trigram(chars.try_into().ok()?)))
}

fn to_i64(c: char) -> i64 {
    u32::from(c).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Document {
        Document {
            id: MessageId::new(70_000),
            chat_id: ChatId::new(7),
            author_id: UserId::new(3),
            created_at: "2026-11-29T12:00:00Z".parse().unwrap(),
            text: FoldedText::new(text),
            features: Feature::of_message(text, &[]),
            mentioned: vec![UserId::new(5)],
        }
    }

    fn has_all(document: &Document, filter: &KeyFilter) -> bool {
        let keys = document.keys();
        filter.all.iter().all(|key| keys.contains(key))
            && filter.any.iter().all(|set| set.iter().any(|key| keys.contains(key)))
    }

    #[test]
    fn whatever_text_contains_term_has_its_keys() {
        let texts = [
            "Green tea, (don't) ask: to go; C++ #tag",
            "明天上午开会议 tea🍵🍵",
            "ประชุมวันนี้",
            "정기회의 ab會c",
        ];
        for text in texts {
            let found = document(text);
            let chars = found.text.chars();
            for start in 0..chars.len() {
                for end in start + 1..=chars.len() {
                    for is_quoted in [false, true] {
                        let term: String = chars[start..end].iter().collect();
                        // Without quotes, a blank ends the term.
                        let term = Term::new(&term, is_quoted).filter(|_| is_quoted || !term.contains(' '));
                        let Some(term) = term.filter(|term| found.text.contains(term)) else { continue };
                        let mut filter = KeyFilter::default();
                        filter.require_terms(std::slice::from_ref(&term));
                        assert!(has_all(&found, &filter), "{text:?} {term:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn filters_tell_messages_apart() {
        let found = document("see https://example.org");
        let filter = |build: &dyn Fn(&mut KeyFilter)| {
            let mut filter = KeyFilter::default();
            build(&mut filter);
            has_all(&found, &filter)
        };
        let (here, there) = (ChatId::new(7), ChatId::new(8));
        assert!(filter(&|it| it.require_chat([there, here].into_iter())));
        assert!(!filter(&|it| it.require_chat([there].into_iter())));
        assert!(filter(&|it| it.require_author(&[UserId::new(3)])));
        assert!(!filter(&|it| it.require_author(&[UserId::new(4)])));
        assert!(filter(&|it| it.require_feature(Feature::Link)));
        assert!(filter(&|it| it.require_mention(UserId::new(5))));
        assert!(!filter(&|it| it.require_mention(UserId::new(6))));
        assert!(!has_all(&document("see example.org"), &{
            let mut filter = KeyFilter::default();
            filter.require_feature(Feature::Link);
            filter
        }));
        let in_block = |id| has_all(&found, &KeyFilter::default().within_block(13, MessageId::new(id)));
        assert!(in_block(65_536) && !in_block(65_535));
    }

    #[test]
    fn date_range_takes_few_keys() {
        let date = |text: &str| text.parse::<NaiveDate>().unwrap();
        let keys = |first: &str, end: &str| {
            let mut filter = KeyFilter::default();
            filter.require_date(date(first), date(end));
            (filter.any[0].len(), has_all(&document("tea"), &filter))
        };
        assert_eq!(keys("2026-11-29", "2026-11-30"), (1, true));
        assert_eq!(keys("2026-11-30", "2026-12-01"), (1, false));
        assert_eq!(keys("2026-11-01", "2026-11-29"), (28, false));
        assert_eq!(keys("1970-01-01", "2027-01-01"), (57, true));
        assert_eq!(keys("2025-12-30", "2026-12-02"), (2 + 11 + 1, true));
        assert_eq!(keys("2026-12-01", "2026-11-01"), (0, false));
    }
}
