//! Searches the emoji by their names. Used only by what is loaded after the first view, since the names are large.

/// Written by `build.rs`: a line for each emoji, and lines that begin groups.
pub static EMOJI: &str = include_str!(concat!(env!("OUT_DIR"), "/emoji.txt"));

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmojiMatch {
    pub emoji: &'static str,
    pub shortcode: String,
}

/// The best matches first; among equal ones in the order of Unicode.
pub fn find_emoji(query: &str, limit: usize) -> Vec<EmojiMatch> {
    let query = query.to_ascii_lowercase();
    let mut found: Vec<_> = EMOJI.lines().filter_map(|line| match_line(line, &query)).collect();
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, found)| found).take(limit).collect()
}

fn match_line(line: &'static str, query: &str) -> Option<(Rank, EmojiMatch)> {
    let (emoji, names) = line.split_once('\t')?;
    let (name, shortcodes) = names.split_once('\t')?;
    // The name comes last, since most have a short name.
    let name = name.to_ascii_lowercase().replace([' ', '-'], "_");
    let names = shortcodes.split(' ').map(str::to_owned).filter(|code| !code.is_empty()).chain([name]);
    let ranked = names.filter_map(|name| Some((rank(&name, query)?, name)));
    let (rank, shortcode) = ranked.min_by_key(|(rank, _)| *rank)?;
    Some((rank, EmojiMatch { emoji, shortcode }))
}

/// How well a name matches, the best first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Equal,
    Start,
    StartOfWord,
}

fn rank(name: &str, query: &str) -> Option<Rank> {
    if name == query {
        Some(Rank::Equal)
    } else if name.starts_with(query) {
        Some(Rank::Start)
    } else {
        name.split('_').any(|word| word.starts_with(query)).then_some(Rank::StartOfWord)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(query: &str) -> Vec<(&'static str, String)> {
        find_emoji(query, 3).into_iter().map(|found| (found.emoji, found.shortcode)).collect()
    }

    #[test]
    fn best_match_is_first() {
        assert_eq!(found("tea")[0], ("🍵", "tea".to_owned()));
        assert_eq!(found("thumbsu")[0], ("👍", "thumbsup".to_owned()));
        assert_eq!(found("+1")[0].0, "👍");
        assert_eq!(found("-1")[0].0, "👎");
        assert_eq!(found("Smile")[0], ("😄", "smile".to_owned()));
        assert_eq!(found("rocket"), [("🚀", "rocket".to_owned())]);
    }

    #[test]
    fn names_of_unicode_are_found_too() {
        assert_eq!(found("sunglasses")[0].0, "😎");
        assert!(find_emoji("grinning", 9).len() > 2);
        assert_eq!(found("nothing_is_called_this"), []);
    }
}
