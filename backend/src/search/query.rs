//! What a search asks for.

use chrono::{DateTime, Days, NaiveDate, Utc};
use shared::{
    id::{ChatId, UserId},
    problem::FieldCode,
    search::SEARCH_QUERY_MAX,
};

use super::{
    feature::Feature,
    keys::{Document, KeyFilter},
    text::{FoldedText, Term},
};

/// A parsed search: words, phrases and filters, all of which a message must match.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Query {
    pub terms: Vec<Term>,
    /// Names of authors, of whom the message has one.
    pub from: Vec<Author>,
    features: Vec<Feature>,
    /// Whether the message mentions the user who searches.
    mentions_me: bool,
    /// The first day, in UTC.
    after: Option<NaiveDate>,
    /// The day after the last one, in UTC.
    before: Option<NaiveDate>,
}

/// The users whom a search is about.
#[derive(Debug)]
pub struct SearchUsers {
    /// Who searches.
    pub user_id: UserId,
    /// Whom `from` names.
    pub authors: Vec<UserId>,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Author {
    /// The user who searches.
    Me,
    /// Users with this word or these words in a name.
    Named(Term),
}

impl Author {
    pub fn has_name(&self, name: &str) -> bool {
        matches!(self, Self::Named(term) if FoldedText::new(name).contains(term))
    }
}

impl Query {
    /// Fails if a filter has an invalid value, or if nothing is asked for.
    pub fn parse(text: &str) -> Result<Self, FieldCode> {
        if text.contains('\0') {
            return Err(FieldCode::NullCharacter);
        }
        if text.chars().count() > SEARCH_QUERY_MAX {
            return Err(FieldCode::TooLong);
        }
        let mut query = Self::default();
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let (filter, after_filter) = split_filter(rest);
            let (value, is_quoted, after_value) = split_value(after_filter);
            match filter {
                Some(filter) => query.add_filter(filter, value)?,
                None => query.terms.extend(Term::new(value, is_quoted)),
            }
            rest = after_value.trim_start();
        }
        if query == Self::default() { Err(FieldCode::Blank) } else { Ok(query) }
    }

    fn add_filter(&mut self, filter: Filter, value: &str) -> Result<(), FieldCode> {
        let date = || value.parse::<NaiveDate>().map_err(|_| FieldCode::NotADate);
        match filter {
            Filter::From if value.eq_ignore_ascii_case("me") => self.from.push(Author::Me),
            Filter::From => {
                let name = Term::new(value.trim_start_matches('@'), true);
                self.from.push(Author::Named(name.ok_or(FieldCode::InvalidFilter)?));
            }
            Filter::Has => {
                let feature = Feature::from_name(&value.to_lowercase());
                self.features.push(feature.ok_or(FieldCode::InvalidFilter)?);
            }
            Filter::Mentions if value.eq_ignore_ascii_case("me") => self.mentions_me = true,
            Filter::Mentions => return Err(FieldCode::InvalidFilter),
            Filter::After => self.after = self.after.max(Some(date()?)),
            Filter::Before => {
                let date = date()?;
                self.before = Some(self.before.map_or(date, |before| before.min(date)));
            }
        }
        Ok(())
    }

    /// The keys of the messages that may match.
    pub fn key_filter(&self, chats: impl Iterator<Item = ChatId>, users: &SearchUsers) -> KeyFilter {
        let mut filter = KeyFilter::default();
        filter.require_terms(&self.terms);
        self.features.iter().for_each(|feature| filter.require_feature(*feature));
        filter.require_chat(chats);
        if !self.from.is_empty() {
            filter.require_author(&users.authors);
        }
        if self.mentions_me {
            filter.require_mention(users.user_id);
        }
        if self.after.is_some() || self.before.is_some() {
            // The clock of another server may be ahead.
            let last = Utc::now().date_naive() + Days::new(2);
            let end = self.before.unwrap_or(last).min(last);
            let first = DateTime::UNIX_EPOCH.date_naive();
            filter.require_date(self.after.map_or(first, |after| after.max(first)), end);
        }
        filter
    }

    /// Whether the message matches.
    pub fn is_match(&self, document: &Document, users: &SearchUsers) -> bool {
        let day = document.created_at.date_naive();
        (self.from.is_empty() || users.authors.contains(&document.author_id))
            && (!self.mentions_me || document.mentions(users.user_id))
            && self.after.is_none_or(|after| day >= after)
            && self.before.is_none_or(|before| day < before)
            && self.features.iter().all(|feature| document.features.contains(feature))
            && self.terms.iter().all(|term| document.text.contains(term))
    }
}

#[derive(Clone, Copy)]
enum Filter {
    From,
    Has,
    Mentions,
    After,
    Before,
}

/// Splits the name of a filter from the beginning of a text.
fn split_filter(text: &str) -> (Option<Filter>, &str) {
    let filters = [
        ("from:", Filter::From),
        ("has:", Filter::Has),
        ("mentions:", Filter::Mentions),
        ("after:", Filter::After),
        ("before:", Filter::Before),
    ];
    for (name, filter) in filters {
        if let Some((start, rest)) = text.split_at_checked(name.len())
            && start.eq_ignore_ascii_case(name)
        {
            return (Some(filter), rest);
        }
    }
    (None, text)
}

/// Splits a word or a quoted phrase from the beginning of a text; returns it, whether it was quoted, and the rest. A phrase
/// whose second quotation mark is not written yet ends with the text.
fn split_value(text: &str) -> (&str, bool, &str) {
    // Keyboards of phones write curly ones.
    let is_quote = |c: char| matches!(c, '"' | '“' | '”' | '„');
    if let Some(phrase) = text.strip_prefix(is_quote) {
        let (phrase, rest) = phrase.split_once(is_quote).unwrap_or((phrase, ""));
        return (phrase, true, rest);
    }
    let (word, rest) = text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()));
    (word, false, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(text: &str) -> Vec<Term> {
        Query::parse(text).unwrap().terms
    }

    fn term(text: &str, is_quoted: bool) -> Term {
        Term::new(text, is_quoted).unwrap()
    }

    #[test]
    fn words_and_phrases_are_split() {
        assert_eq!(terms("  green\u{3000}tea "), [term("green", false), term("tea", false)]);
        assert_eq!(
            terms(r#"a "green tea" b"#),
            [term("a", false), term("green tea", true), term("b", false)]
        );
        assert_eq!(terms("“green tea”!"), [term("green tea", true), term("!", false)]);
        assert_eq!(terms(r#""green te"#), [term("green te", true)]);
        // No operators.
        for word in
            ["a&b", "(tea", "!tea", "%", "_", r"\", "tea:*", "http://a", "o'clock", "fromage:x", "-tea"]
        {
            assert_eq!(terms(word), [term(word, false)]);
        }
    }

    #[test]
    fn filters_are_read_in_any_case() {
        let query =
            Query::parse(r#"From:"Quick Fox" from:@ada from:ME tea has:LINK after:2026-11-01"#).unwrap();
        assert_eq!(query.terms, [term("tea", false)]);
        let named = |name| Author::Named(term(name, true));
        assert_eq!(query.from, [named("Quick Fox"), named("ada"), Author::Me]);
        assert!(Query::parse("Mentions:ME").unwrap().mentions_me && !query.mentions_me);
        assert_eq!(
            (query.features, query.after),
            (vec![Feature::Link], NaiveDate::from_ymd_opt(2026, 11, 1))
        );
        let narrow =
            Query::parse("before:2026-11-03 before:2026-11-01 after:2026-10-01 after:2026-09-01").unwrap();
        assert_eq!((narrow.before, narrow.after), ("2026-11-01".parse().ok(), "2026-10-01".parse().ok()));
    }

    #[test]
    fn invalid_searches_are_rejected() {
        for (text, code) in [
            ("", FieldCode::Blank),
            (" \u{200b} ", FieldCode::Blank),
            ("\"\"", FieldCode::Blank),
            ("tea\0", FieldCode::NullCharacter),
            ("has:nothing", FieldCode::InvalidFilter),
            ("has:", FieldCode::InvalidFilter),
            ("mentions:", FieldCode::InvalidFilter),
            ("mentions:ada", FieldCode::InvalidFilter),
            ("from:", FieldCode::InvalidFilter),
            ("from: ada", FieldCode::InvalidFilter),
            ("before:tomorrow", FieldCode::NotADate),
            ("after:2026-02-30", FieldCode::NotADate),
            ("after:", FieldCode::NotADate),
        ] {
            assert_eq!(Query::parse(text), Err(code), "{text:?}");
        }
        assert_eq!(Query::parse(&"é".repeat(SEARCH_QUERY_MAX + 1)), Err(FieldCode::TooLong));
        assert!(Query::parse(&"é".repeat(SEARCH_QUERY_MAX)).is_ok());
    }

    #[test]
    fn author_is_named_by_any_word() {
        let author = |text: &str| Query::parse(text).unwrap().from.remove(0);
        for (text, name) in
            [("from:fox", "Quick Fox"), ("from:ANDRE", "André"), (r#"from:"quick fox""#, "Quick Fox")]
        {
            assert!(author(text).has_name(name), "{text}");
        }
        assert!(!author("from:ad").has_name("ada"));
    }
}
