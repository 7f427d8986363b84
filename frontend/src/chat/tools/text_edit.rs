//! Edits of the text in the composer, as functions of the text and the selection. Offsets are bytes.

use std::ops::Range;

use markdown::{Block, Inline, links, parse};

use crate::utf16::utf16_offsets;

/// Markers of code.
const BACKTICK: char = '`';
const FENCE: &str = "```";
/// Between a label and its target.
const LINK_MIDDLE: &str = "](";
/// The longest query, in bytes.
const QUERY_MAX: usize = 40;
/// A word also begins after these.
const OPENING: &str = "([{\"'*_~>";

/// Replaces a part of the text, and then selects a part of the result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextEdit {
    pub range: Range<usize>,
    pub text: String,
    pub selection: Range<usize>,
}

impl TextEdit {
    fn new(range: Range<usize>, text: String, selection: Range<usize>) -> Self {
        Self { range, text, selection }
    }

    /// Replaces a part and selects what replaces it.
    fn select_new(range: Range<usize>, text: String) -> Self {
        let selection = range.start..range.start + text.len();
        Self { range, text, selection }
    }

    pub fn apply_to(&self, text: &str) -> String {
        let before = text.get(..self.range.start).unwrap_or_default();
        [before, &self.text, text.get(self.range.end..).unwrap_or_default()].concat()
    }
}

/// The byte offset of a position that counts UTF-16 code units, as browsers do.
pub fn byte_offset(text: &str, position: u32) -> usize {
    let before = utf16_offsets(text).take_while(|(offset, _)| *offset < position);
    before.map(|(_, c)| c.len_utf8()).sum()
}

/// The inverse of [`byte_offset`].
pub fn utf16_offset(text: &str, offset: usize) -> u32 {
    let units = text.get(..offset).unwrap_or(text).encode_utf16().count();
    u32::try_from(units).unwrap_or(u32::MAX)
}

/// Adds asterisks around the selection, or removes them: two for bold, one for italic. Without a selection it is about the
/// word at the caret.
pub fn toggle_emphasis(text: &str, selection: Range<usize>, count: usize) -> Option<TextEdit> {
    let range = trim_range(text, selection.clone())?;
    let range = if range.is_empty() { word_at(text, selection.start)? } else { range };
    let (before, selected, after) =
        (text.get(..range.start)?, text.get(range.clone())?, text.get(range.end..)?);
    if selected.contains('\n') {
        return Some(TextEdit::select_new(range, toggle_lines(selected, count)));
    }
    let markers = "*".repeat(count);
    let around = trailing_asterisks(before).min(leading_asterisks(after));
    Some(if has_emphasis(around, count) {
        let selection = range.start - count..range.end - count;
        TextEdit::new(range.start - count..range.end + count, selected.to_owned(), selection)
    } else if let Some(inner) = strip_emphasis(selected, count) {
        TextEdit::select_new(range, inner.to_owned())
    } else {
        let selection = range.start + count..range.end + count;
        TextEdit::new(range, [&markers, selected, &markers].concat(), selection)
    })
}

/// Emphasis ends with its paragraph, so each line gets its own.
fn toggle_lines(selected: &str, count: usize) -> String {
    let markers = "*".repeat(count);
    let mut lines = selected.split('\n').map(str::trim).filter(|line| !line.is_empty());
    let is_removed = lines.all(|line| strip_emphasis(line, count).is_some());
    let toggle = |line: &str| {
        let trimmed = line.trim();
        let start = line.len() - line.trim_start().len();
        let (before, after) = (line.get(..start).unwrap_or_default(), line.trim_end().len());
        let after = line.get(after..).unwrap_or_default();
        match strip_emphasis(trimmed, count) {
            _ if trimmed.is_empty() => line.to_owned(),
            Some(inner) if is_removed => [before, inner, after].concat(),
            _ => [before, &markers, trimmed, &markers, after].concat(),
        }
    };
    selected.split('\n').map(toggle).collect::<Vec<_>>().join("\n")
}

/// The text without the asterisks at both ends.
fn strip_emphasis(text: &str, count: usize) -> Option<&str> {
    let run = leading_asterisks(text).min(trailing_asterisks(text));
    let inner = text.get(count..text.len().checked_sub(count)?)?;
    (has_emphasis(run, count) && text.len() > 2 * count).then_some(inner)
}

/// Whether so many asterisks contain bold (`count` is 2) or italic (1). Three contain both.
fn has_emphasis(run: usize, count: usize) -> bool {
    if count == 2 { run >= 2 } else { run % 2 == 1 }
}

fn leading_asterisks(text: &str) -> usize {
    text.len() - text.trim_start_matches('*').len()
}

fn trailing_asterisks(text: &str) -> usize {
    text.len() - text.trim_end_matches('*').len()
}

/// The range without blanks at its ends.
fn trim_range(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let selected = text.get(range.clone())?;
    let start = range.start + selected.len() - selected.trim_start().len();
    Some(start..(range.start + selected.trim_end().len()).max(start))
}

/// The word that the caret is within.
fn word_at(text: &str, caret: usize) -> Option<Range<usize>> {
    let (before, after) = (text.get(..caret)?, text.get(caret..)?);
    let is_edge = |c: char| !c.is_alphanumeric();
    let start = caret - before.chars().rev().take_while(|c| !is_edge(*c)).map(char::len_utf8).sum::<usize>();
    let end = caret + after.find(is_edge).unwrap_or(after.len());
    Some(if start < caret && caret < end { start..end } else { caret..caret })
}

/// Makes the selection the label of a link whose target is to be written, or the target of one whose label is. A link
/// becomes its label again.
pub fn toggle_link(text: &str, selection: Range<usize>) -> Option<TextEdit> {
    let range = trim_range(text, selection)?;
    let selected =
        text.get(range.clone()).filter(|selected| !selected.is_empty() && !selected.contains('\n'))?;
    let label = selected.strip_prefix('[').and_then(|rest| rest.strip_suffix(')')?.split_once(LINK_MIDDLE));
    if let Some((label, _)) = label.filter(|(label, href)| is_link(selected, href) && !label.is_empty()) {
        return Some(TextEdit::select_new(range, label.to_owned()));
    }
    let link = if is_web_url(selected) { format!("[]({selected})") } else { format!("[{selected}]()") };
    let caret = range.start + if is_web_url(selected) { 1 } else { link.len() - 1 };
    Some(TextEdit::new(range, link, caret..caret))
}

/// Makes the selection a link to what is pasted. `None` if that is no URL, or the result would not be a link.
pub fn paste_link(text: &str, selection: Range<usize>, pasted: &str) -> Option<TextEdit> {
    let range = trim_range(text, selection)?;
    let (label, url) = (text.get(range.clone())?, pasted.trim());
    if label.is_empty() || !is_web_url(url) || is_in_code(text, range.start) {
        return None;
    }
    let label = label.replace('[', "\\[").replace(']', "\\]");
    // Parentheses that do not match would end the target.
    let urls = [url.to_owned(), url.replace('(', "%28").replace(')', "%29")];
    let links = urls.map(|url| (format!("[{label}]({url})"), url));
    let (link, _) = links.into_iter().find(|(link, url)| is_link(link, url))?;
    let end = range.start + link.len();
    Some(TextEdit::new(range, link, end..end))
}

/// Whether the text is one link to this target.
fn is_link(text: &str, target: &str) -> bool {
    let is_link = |inline: &Inline| matches!(inline, Inline::Link { href, .. } if href == target);
    matches!(&parse(text)[..], [Block::Paragraph(inlines)] if matches!(&inlines[..], [link] if is_link(link)))
}

fn is_web_url(text: &str) -> bool {
    let scheme = text.split_once("://").map(|(scheme, _)| scheme).unwrap_or_default();
    let is_web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    is_web && !text.contains(char::is_whitespace) && links::is_allowed_url(text)
}

/// Whether the offset is within a code block or a code span, which may not be closed yet.
pub fn is_in_code(text: &str, offset: usize) -> bool {
    let before = text.get(..offset).unwrap_or_default();
    let mut lines = before.split('\n').peekable();
    let mut is_fenced = false;
    while let Some(line) = lines.next() {
        if lines.peek().is_none() {
            return is_fenced || has_open_code_span(line);
        }
        let info = line.trim_start().strip_prefix(FENCE);
        is_fenced = if is_fenced {
            !line.trim_end().ends_with(FENCE)
        } else {
            info.is_some_and(|info| !info.trim_start_matches(BACKTICK).contains(BACKTICK))
        };
    }
    false
}

fn has_open_code_span(line: &str) -> bool {
    let (mut rest, mut open) = (line, 0);
    while let Some(start) = rest.find(BACKTICK) {
        let run = rest.get(start..).unwrap_or_default();
        let after = run.trim_start_matches(BACKTICK);
        let length = run.len() - after.len();
        open = match open {
            0 => length,
            _ if open == length => 0,
            _ => open,
        };
        rest = after;
    }
    open > 0
}

/// A trigger and what was typed after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompletionQuery {
    pub trigger: char,
    /// The offset of the trigger.
    pub start: usize,
    pub text: String,
    /// The trigger follows once more, as in `:tea:`.
    pub is_closed: bool,
}

impl CompletionQuery {
    /// Whether the closed query is this.
    pub fn names(&self, detail: &str) -> bool {
        detail.trim_matches(self.trigger).eq_ignore_ascii_case(&self.text)
    }
}

/// What begins a completion, and what may be typed after it.
#[derive(Clone, Copy)]
pub struct Trigger {
    pub character: char,
    is_query: fn(&str) -> bool,
}

/// The shortcode of an emoji, from two characters on. It does not begin with a digit: `:30` is a time.
pub const EMOJI: Trigger = Trigger {
    character: ':',
    is_query: |query| {
        let is_long = query.chars().nth(1).is_some();
        is_long && query.chars().all(is_shortcode_char) && !query.starts_with(|c: char| c.is_ascii_digit())
    },
};

/// A word of a member's name, which may have dots, and signs that combine with letters.
pub const MENTION: Trigger = Trigger {
    character: '@',
    is_query: |query| {
        let is_name_char = |c: char| c == '.' || !(c.is_ascii() || c.is_whitespace());
        query.chars().all(|c| is_shortcode_char(c) || is_name_char(c))
    },
};

fn is_shortcode_char(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '+' | '-')
}

/// What is to be completed before the caret: a trigger at the start of a word, and what follows. Not in code, and not in a time
/// (`12:30`) or a URL, whose colon is within a word.
pub fn find_query(
    text: &str,
    caret: usize,
    Trigger { character, is_query }: Trigger,
) -> Option<CompletionQuery> {
    let before = text.get(..caret)?;
    // Where nothing has to follow the trigger, it does not close a query.
    let open = before.strip_suffix(character).filter(|_| !is_query(""));
    let is_closed = open.is_some_and(|open| !open.is_empty());
    let open = open.unwrap_or(before);
    let start = open.rfind(character)?;
    let query = open.get(start + character.len_utf8()..)?;
    let is_word_start =
        before.get(..start)?.chars().next_back().is_none_or(|c| c.is_whitespace() || OPENING.contains(c));
    let is_word_end = text.get(caret..)?.chars().next().is_none_or(|c| !c.is_alphanumeric());
    let is_found = is_word_start
        && query.len() <= QUERY_MAX
        && is_query(query)
        && is_word_end
        && !is_in_code(text, start);
    is_found.then(|| CompletionQuery { trigger: character, start, text: query.to_owned(), is_closed })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Brackets stand around the selection.
    fn marked(text: &str) -> (String, Range<usize>) {
        let start = text.find('<').unwrap();
        let end = text.find('>').unwrap() - 1;
        (text.replace(['<', '>'], ""), start..end)
    }

    fn edited(text: &str, edit: impl Fn(&str, Range<usize>) -> Option<TextEdit>) -> String {
        let (text, selection) = marked(text);
        let Some(edit) = edit(&text, selection) else { return "unchanged".to_owned() };
        let mut result = edit.apply_to(&text);
        result.insert(edit.selection.end, '>');
        result.insert(edit.selection.start, '<');
        result
    }

    fn bold(text: &str) -> String {
        edited(text, |text, selection| toggle_emphasis(text, selection, 2))
    }

    fn italic(text: &str) -> String {
        edited(text, |text, selection| toggle_emphasis(text, selection, 1))
    }

    fn pasted(text: &str, clipboard: &str) -> String {
        edited(text, |text, selection| paste_link(text, selection, clipboard))
    }

    #[test]
    fn offsets_count_utf16_units() {
        let text = "aé👍b";
        for (units, bytes) in [(0, 0), (1, 1), (2, 3), (4, 7), (5, 8)] {
            assert_eq!((byte_offset(text, units), utf16_offset(text, bytes)), (bytes, units));
        }
        assert_eq!(byte_offset(text, 99), text.len());
    }

    #[test]
    fn emphasis_is_added_and_removed() {
        assert_eq!(bold("a <tea> b"), "a **<tea>** b");
        assert_eq!(bold("a **<tea>** b"), "a <tea> b");
        assert_eq!(bold("a <**tea**> b"), "a <tea> b");
        assert_eq!(italic("a <tea> b"), "a *<tea>* b");
        assert_eq!(italic("a *<tea>* b"), "a <tea> b");
        assert_eq!(bold("<👍 é>"), "**<👍 é>**");
    }

    #[test]
    fn bold_and_italic_are_independent() {
        assert_eq!(italic("**<tea>**"), "***<tea>***");
        assert_eq!(italic("***<tea>***"), "**<tea>**");
        assert_eq!(bold("***<tea>***"), "*<tea>*");
        assert_eq!(bold("*<tea>*"), "***<tea>***");
    }

    #[test]
    fn emphasis_hugs_the_text() {
        assert_eq!(bold("a< tea >b"), "a **<tea>** b");
        assert_eq!(bold("<one\n\n  two >"), "<**one**\n\n  **two**> ");
        assert_eq!(bold("<**one**\n**two**>"), "<one\ntwo>");
        assert_eq!(bold("<**one**\ntwo>"), "<****one****\n**two**>");
    }

    #[test]
    fn without_selection_the_word_is_emphasised() {
        assert_eq!(bold("a te<>a b"), "a **<tea>** b");
        assert_eq!(bold("a <>"), "a **<>**");
        assert_eq!(bold("a **<>**"), "a <>");
    }

    #[test]
    fn link_is_added_and_removed() {
        let toggled = |text| edited(text, toggle_link);
        assert_eq!(toggled("see < tea > now"), "see  [tea](<>)  now");
        assert_eq!(toggled("<https://tea.example>"), "[<>](https://tea.example)");
        assert_eq!(toggled("<[tea](https://tea.example)>"), "<tea>");
        for unchanged in ["a <> b", "<a\nb>"] {
            assert_eq!(toggled(unchanged), "unchanged");
        }
    }

    #[test]
    fn pasted_url_becomes_a_link() {
        assert_eq!(pasted("see <tea>", " https://tea.example/a\n"), "see [tea](https://tea.example/a)<>");
        assert_eq!(pasted("<a [b]>", "http://b.example"), "[a \\[b\\]](http://b.example)<>");
        assert_eq!(pasted("<tea>", "https://e.example/a)b"), "[tea](https://e.example/a%29b)<>");
    }

    #[test]
    fn other_pastes_are_left_to_the_browser() {
        let url = "https://tea.example";
        assert_eq!(pasted("a <> b", url), "unchanged", "nothing is selected");
        assert_eq!(pasted("<https://old.example>", url), "unchanged", "a URL is replaced");
        assert_eq!(pasted("<a\n\nb>", url), "unchanged", "two paragraphs");
        assert_eq!(pasted("`<tea>`", url), "unchanged", "in code");
        for other in [
            "tea",
            "javascript:alert(1)",
            "mailto:a@b.example",
            "https://a.example b",
            "see https://a.example",
        ] {
            assert_eq!(pasted("<tea>", other), "unchanged", "{other}");
        }
    }

    #[test]
    fn code_is_recognised() {
        for code in ["`a", "``a ` b", "```\na", "```rust\na\n", "x\n```\n`"] {
            assert!(is_in_code(code, code.len()), "{code}");
        }
        for text in ["a", "`a` b", "```\na\n```\nb", "`a\nb", "```a``` b"] {
            assert!(!is_in_code(text, text.len()), "{text}");
        }
    }

    fn query(text: &str) -> Option<String> {
        find_query(text, text.len(), EMOJI).map(|query| query.text)
    }

    #[test]
    fn query_begins_at_the_start_of_a_word() {
        for text in [":te", "a :te", "(:te", "a\n:te", "**:te", ":te:"] {
            assert_eq!(query(text).as_deref(), Some("te"), "{text}");
        }
        assert_eq!(query(":+1").as_deref(), Some("+1"));
        assert!(find_query(":tea:", 5, EMOJI).is_some_and(|query| query.is_closed && query.names(":tea:")));
    }

    #[test]
    fn query_without_minimum_begins_at_its_trigger() {
        let query = |text: &str| find_query(text, text.len(), MENTION).map(|query| (query.start, query.text));
        for (text, start, found) in [
            ("@", 0, ""),
            ("tea, @", 5, ""),
            ("@ada", 0, "ada"),
            ("@ada @b", 5, "b"),
            ("@4chan", 0, "4chan"),
            ("@a.b", 0, "a.b"),
            ("@रवि", 0, "रवि"),
        ] {
            assert_eq!(query(text), Some((start, found.to_owned())), "{text}");
        }
        for text in ["", "a@", "ada@b", "@ada ", "`@", "@@"] {
            assert_eq!(query(text), None, "{text}");
        }
    }

    #[test]
    fn other_colons_begin_no_query() {
        for text in
            [":t", "12:30", "https://te", "a:te", "::te", ":-)", ": te", "`:te", "```\n:te", ":30", "a: te"]
        {
            assert_eq!(query(text), None, "{text}");
        }
        assert_eq!(find_query("a :tea", 4, EMOJI), None, "within a word");
    }
}
