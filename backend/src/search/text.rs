//! The form in which texts are searched, and where a term occurs in one. Case, accents, width, invisible characters and the
//! number of blanks make no difference.

use std::{iter::once, ops::Range};

use markdown::mentions::find_mentions;
use shared::id::UserId;
use unicode_normalization::UnicodeNormalization;

/// A range of a text in UTF-16 code units.
pub type Span = [u32; 2];

/// A text in its searchable form. Each character knows the part of the text that it comes from.
#[derive(Debug, Default)]
pub struct FoldedText {
    chars: Vec<char>,
    spans: Vec<Span>,
}

/// A word or a quoted phrase of a search. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    chars: Vec<char>,
    /// Written in quotes: it begins and ends with whole words.
    is_quoted: bool,
}

/// A shorter term is found only at the beginning of a word: inside of words it would be found nearly everywhere.
pub const INNER_TERM_MIN: usize = 3;

impl FoldedText {
    pub fn new(text: &str) -> Self {
        Self::with_hidden(text, &[])
    }

    /// The text of a message, whose mentions are those of these users. Each stands for an `@` here: names are not stored, and
    /// ids are not seen.
    pub fn of_message(text: &str, mentioned: &[UserId]) -> Self {
        let mut mentions = if mentioned.is_empty() { Vec::new() } else { find_mentions(text) };
        mentions.retain(|(_, id)| mentioned.contains(&UserId::new(*id)));
        let tokens: Vec<_> = mentions.into_iter().map(|(token, _)| token).collect();
        Self::with_hidden(text, &tokens)
    }

    /// An `@` takes the place of each hidden part.
    fn with_hidden(text: &str, hidden: &[Range<usize>]) -> Self {
        let (mut folded, mut hidden) = (Self::default(), hidden.iter().peekable());
        let mut start = 0;
        for (offset, c) in text.char_indices() {
            let end = start + if c.len_utf16() == 1 { 1 } else { 2 };
            let _passed = hidden.next_if(|part| part.end <= offset);
            match hidden.peek().filter(|part| part.contains(&offset)) {
                None => folded.push(c, [start, end]),
                Some(part) if part.start == offset => folded.push('@', [start, end]),
                Some(_) => folded.extend_last(end),
            }
            start = end;
        }
        folded
    }

    fn push(&mut self, c: char, span: Span) {
        let length = self.chars.len();
        if c.is_ascii_graphic() {
            self.add(c.to_ascii_lowercase(), span);
        } else if c.is_whitespace() || c.is_control() {
            if self.chars.last().is_some_and(|last| *last != ' ') {
                self.add(' ', span);
            }
        } else {
            let is_kept = |c: &char| !is_ignored(*c) && !c.is_whitespace();
            for c in once(c).nfkd().flat_map(char::to_lowercase).filter(is_kept) {
                let c = match c {
                    '‘' | '’' => '\'',
                    'ς' => 'σ',
                    other => other,
                };
                self.add(c, span);
            }
        }
        // What was left out belongs to the character before it.
        if self.chars.len() == length {
            self.extend_last(span[1]);
        }
    }

    fn extend_last(&mut self, end: u32) {
        if let Some(last) = self.spans.last_mut() {
            last[1] = end;
        }
    }

    fn add(&mut self, c: char, span: Span) {
        self.chars.push(c);
        self.spans.push(span);
    }

    /// The characters, one space between words.
    pub fn chars(&self) -> &[char] {
        &self.chars
    }

    /// Where the term occurs.
    pub fn find<'a>(&'a self, term: &'a Term) -> impl Iterator<Item = Span> + 'a {
        let length = term.chars.len();
        let windows = self.chars.windows(length).zip(self.spans.windows(length)).enumerate();
        windows
            .filter(move |(start, (chars, _))| *chars == term.chars && self.is_allowed(term, *start))
            .filter_map(|(_, (_, spans))| Some([spans.first()?[0], spans.last()?[1]]))
    }

    pub fn contains(&self, term: &Term) -> bool {
        self.find(term).next().is_some()
    }

    fn is_allowed(&self, term: &Term, start: usize) -> bool {
        let end = start + term.chars.len();
        if term.is_quoted {
            starts_word(&self.chars, start) && ends_word(&self.chars, end)
        } else {
            term.chars.len() >= INNER_TERM_MIN || starts_word(&self.chars, start)
        }
    }
}

impl Term {
    /// None if nothing of the text can be searched for.
    pub fn new(text: &str, is_quoted: bool) -> Option<Self> {
        let mut chars = FoldedText::new(text).chars;
        if chars.last() == Some(&' ') {
            chars.pop();
        }
        (!chars.is_empty()).then_some(Self { chars, is_quoted })
    }

    /// The words of the term. Unless the term is quoted, it is one word.
    pub fn words(&self) -> impl Iterator<Item = &[char]> {
        self.chars.split(|c| *c == ' ')
    }
}

/// Where any of the terms occur, in order and without overlaps.
pub fn find_all(text: &FoldedText, terms: &[Term]) -> Vec<Span> {
    let mut spans: Vec<Span> = terms.iter().flat_map(|term| text.find(term)).collect();
    spans.sort_unstable();
    spans.dedup_by(|next, kept| {
        let is_joined = next[0] < kept[1];
        if is_joined {
            kept[1] = kept[1].max(next[1]);
        }
        is_joined
    });
    spans
}

/// Whether a word begins at this character. In scripts without spaces one begins at each.
pub fn starts_word(chars: &[char], index: usize) -> bool {
    let previous = index.checked_sub(1).and_then(|index| chars.get(index));
    is_word_boundary(previous, chars.get(index), |previous, c| {
        c.is_alphanumeric() && !previous.is_alphanumeric()
    })
}

fn ends_word(chars: &[char], end: usize) -> bool {
    let previous = end.checked_sub(1).and_then(|index| chars.get(index));
    is_word_boundary(previous, chars.get(end), |previous, c| {
        previous.is_alphanumeric() && !c.is_alphanumeric()
    })
}

fn is_word_boundary(
    previous: Option<&char>,
    next: Option<&char>,
    is_between: impl Fn(char, char) -> bool,
) -> bool {
    let (Some(&previous), Some(&next)) = (previous, next) else { return true };
    let is_apart = |c: char| c == ' ' || is_unspaced(c);
    is_apart(previous) || is_apart(next) || is_between(previous, next)
}

/// Characters of scripts that do not put spaces between words, such as Chinese, Japanese and Thai, and symbols such as emoji.
fn is_unspaced(c: char) -> bool {
    // Georgian, additions to Latin and Greek, and punctuation are exceptions.
    c >= '\u{e00}' && !matches!(c, '\u{10a0}'..='\u{10ff}' | '\u{1e00}'..='\u{206f}')
}

/// Accents, and characters without a visible form.
fn is_ignored(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(text: &str, term: &str, is_quoted: bool) -> Vec<Span> {
        find_all(&FoldedText::new(text), &[Term::new(term, is_quoted).unwrap()])
    }

    #[test]
    fn case_accents_and_width_make_no_difference() {
        for (text, term) in [
            ("Café", "cafe"),
            ("cafe\u{301}", "CAFÉ"),
            ("ＴＥＡ", "tea"),
            ("ΤΣΆΙ", "τσαι"),
            ("Ёлка", "елка"),
            ("don’t", "don't"),
            ("te\u{ad}a", "tea"),
            ("❤\u{fe0f}", "❤"),
            ("ﬁne", "fine"),
        ] {
            assert!(!find(text, term, false).is_empty(), "{text} {term}");
        }
        assert_eq!(find("tea", "teas", false), Vec::<Span>::new());
    }

    #[test]
    fn spans_count_utf16_and_keep_accents() {
        assert_eq!(find("🍵 tea", "tea", false), [[3, 6]]);
        assert_eq!(find("cafe\u{301}!", "cafe", false), [[0, 5]]);
        assert_eq!(find("İx", "ix", false), [[0, 2]]);
        assert_eq!(find("tea tea", "tea", false), [[0, 3], [4, 7]]);
        let both = ["tea", "eap"].map(|term| Term::new(term, false).unwrap());
        assert_eq!(find_all(&FoldedText::new("teapot"), &both), [[0, 4]]);
    }

    #[test]
    fn short_terms_are_found_at_word_starts() {
        assert_eq!(find("to go (to) auto", "to", false), [[0, 2], [7, 9]]);
        assert_eq!(find("a tea", "e", false), Vec::<Span>::new());
        assert_eq!(find("steam", "tea", false), [[1, 4]]);
        // Between scripts without spaces, everywhere.
        assert_eq!(find("明天开会议", "会议", false), [[3, 5]]);
        assert_eq!(find("tea🍵", "🍵", false), [[3, 5]]);
        assert_eq!(find("정기회의", "회의", false), [[2, 4]]);
        assert_eq!(find("ประชุม", "ชุ", false).len(), 1);
    }

    #[test]
    fn quoted_phrase_has_whole_words() {
        assert_eq!(find("green  tea\ntoday", "Green tea today", true), [[0, 16]]);
        for (text, phrase) in
            [("steam", "tea"), ("teapot", "tea"), ("a greenish tea", "green"), ("at ho", "t ho")]
        {
            assert_eq!(find(text, phrase, true), Vec::<Span>::new(), "{text} {phrase}");
        }
        assert_eq!(find("(tea)!", "tea", true), [[1, 4]]);
    }

    #[test]
    fn mention_is_one_character() {
        let message = "hi <@42>, <@7>";
        let found = |term: &str| {
            let text = FoldedText::of_message(message, &[UserId::new(42)]);
            find_all(&text, &[Term::new(term, false).unwrap()])
        };
        assert_eq!((found("42"), found("7")), (vec![], vec![[12, 13]]));
        assert_eq!(found("@,"), [[3, 9]]);
        assert_eq!(FoldedText::of_message("<@42><@42>x", &[UserId::new(42)]).chars(), ['@', '@', 'x']);
    }

    #[test]
    fn blank_term_is_none() {
        for blank in ["", " ", "\u{200b}", "\u{301}", "\u{fe0f}"] {
            assert_eq!(Term::new(blank, false), None, "{blank:?}");
        }
    }
}
