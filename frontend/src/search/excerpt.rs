//! The part of a message that a search result shows.

use markdown::mentions::find_mentions;
use shared::mentions::Mentions;

use crate::utf16::utf16_offsets;

/// How many characters before the first match are shown, and how many in all.
const BEFORE_MAX: usize = 40;
const LENGTH_MAX: usize = 200;

/// A part of an excerpt, and whether it matches the search.
pub type ExcerptPart = (String, bool);

/// Cuts out the text around the first match. `matches` counts UTF-16 code units.
pub fn excerpt(text: &str, mentions: &Mentions, matches: &[[u32; 2]]) -> Vec<ExcerptPart> {
    let first = matches.first().map_or(0, |[start, _]| *start);
    let chars = with_names(text, mentions);
    let first = chars.partition_point(|(offset, _)| *offset < first);
    let start = if first > BEFORE_MAX { start_of_word(&chars, first - BEFORE_MAX, first) } else { 0 };
    let mut parts: Vec<ExcerptPart> = Vec::new();
    if start > 0 {
        parts.push(("…".to_owned(), false));
    }
    for (offset, c) in chars.iter().skip(start).take(LENGTH_MAX) {
        let is_match = matches.iter().any(|[start, end]| (*start..*end).contains(offset));
        match parts.last_mut() {
            Some((part, was_match)) if *was_match == is_match => part.push(*c),
            _ => parts.push((c.to_string(), is_match)),
        }
    }
    if chars.len() > start + LENGTH_MAX {
        parts.push(("…".to_owned(), false));
    }
    parts
}

/// The characters with their offsets; in the place of each mention a name, at the offset of its token.
fn with_names(text: &str, mentions: &Mentions) -> Vec<(u32, char)> {
    let mut tokens = find_mentions(text).into_iter().peekable();
    let mut chars = Vec::new();
    for ((place, _), (offset, c)) in text.char_indices().zip(utf16_offsets(text)) {
        let _passed = tokens.next_if(|(token, _)| token.end <= place);
        let mention = tokens.peek().filter(|(token, _)| token.contains(&place));
        match mention.and_then(|(token, id)| Some((token.start, mentions.name(*id)?))) {
            None => chars.push((offset, c)),
            Some((start, name)) if start == place => {
                chars.extend(format!("@{name}").chars().map(|c| (offset, c)));
            }
            Some(_) => {}
        }
    }
    chars
}

/// The first character of a word from `start` on; `start` if there is none before `end`.
fn start_of_word(chars: &[(u32, char)], start: usize, end: usize) -> usize {
    let mut places = start..end;
    let blank = places.find(|place| chars.get(*place).is_some_and(|(_, c)| c.is_whitespace()));
    blank.map_or(start, |blank| blank + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str, matches: &[[u32; 2]]) -> Vec<(String, bool)> {
        excerpt(text, &Mentions::default(), matches)
    }

    #[test]
    fn mentions_are_shown_by_name() {
        let mentions = Mentions { here: true, ..Mentions::default() };
        let expected = [("@here 🍵 ", false), ("tea", true), (" <@7>", false)];
        let expected = expected.map(|(part, is_match)| (part.to_owned(), is_match));
        assert_eq!(excerpt("<@here> 🍵 tea <@7>", &mentions, &[[11, 14]]), expected);
    }

    #[test]
    fn matches_are_marked_by_utf16_offsets() {
        let expected = [("🍵 ", false), ("tea", true), (" and ", false), ("tea", true)];
        let expected = expected.map(|(part, is_match)| (part.to_owned(), is_match));
        assert_eq!(parts("🍵 tea and tea", &[[3, 6], [11, 14]]), expected);
        assert_eq!(parts("tea", &[]), [("tea".to_owned(), false)]);
        assert_eq!(parts("", &[]), []);
    }

    #[test]
    fn long_text_is_cut_around_first_match() {
        let text = format!("{}tea {}", "word ".repeat(100), "more ".repeat(100));
        let parts = parts(&text, &[[500, 503]]);
        assert_eq!(parts[1], ("tea".to_owned(), true));
        assert!(parts[0].0.starts_with("…word word") && parts[0].0.chars().count() <= BEFORE_MAX + 1);
        let length: usize = parts.iter().map(|(part, _)| part.chars().count()).sum();
        assert!(length <= LENGTH_MAX + 2 && parts.last().unwrap().0.ends_with('…'), "{parts:?}");
    }
}
