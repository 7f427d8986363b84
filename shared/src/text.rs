//! Rules for texts: what is visible, and what fits on one line.

use crate::problem::FieldCode;

/// Characters without a visible form: `Default_Ignorable_Code_Point` of Unicode 16.0, in order.
const IGNORABLE: [(char, char); 17] = [
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{202a}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fff8}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
];

pub(crate) fn check_single_line(line: &str, max: usize) -> Result<(), FieldCode> {
    if line.contains('\0') {
        Err(FieldCode::NullCharacter)
    } else if line.chars().count() > max {
        Err(FieldCode::TooLong)
    } else if line.chars().any(|c| c.is_control() || is_bidi_control(c) || is_line_separator(c)) {
        Err(FieldCode::InvalidName)
    } else if !line.is_empty() && line.chars().all(is_invisible) {
        Err(FieldCode::Blank)
    } else {
        Ok(())
    }
}

/// White space, and characters without a visible form.
pub(crate) fn is_invisible(c: char) -> bool {
    is_blank(c) || c.is_control() || is_ignorable(c) || matches!(c, '\u{fff9}'..='\u{fffb}')
}

/// White space, and characters that are drawn as nothing but a gap.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{2800}' | '\u{1d159}')
}

fn is_ignorable(c: char) -> bool {
    IGNORABLE.iter().any(|(first, last)| (*first..=*last).contains(&c))
}

/// The line separator and the paragraph separator, which end a line as a line feed does.
fn is_line_separator(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}')
}

/// Characters that change the text direction; in a name they would also affect the text next to it.
fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A name without the characters that make it differ invisibly from another: one space between words, none at the ends,
/// and no invisible characters.
pub fn fold_name(name: &str) -> String {
    let words = name.split(is_blank).map(fold_word).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// Removes invisible characters from a word. Those that shape their neighbours, in emoji and in some scripts, stay next to
/// characters outside of ASCII.
fn fold_word(word: &str) -> String {
    let mut folded = String::new();
    let mut rest = word.chars().peekable();
    while let Some(c) = rest.next() {
        let previous = folded.chars().next_back();
        let is_beside_other_script = previous.is_some_and(|previous| !previous.is_ascii())
            || rest.peek().is_some_and(|next| !next.is_ascii() && !is_invisible(*next));
        if !is_invisible(c) || (is_shaping(c) && previous.is_some() && is_beside_other_script) {
            folded.push(c);
        }
    }
    folded
}

/// Joiners, variation selectors and the tags of flags.
fn is_shaping(c: char) -> bool {
    matches!(
        c,
        '\u{200c}' | '\u{200d}' | '\u{180b}'..='\u{180d}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0020}'..='\u{e007f}'
            | '\u{e0100}'..='\u{e01ef}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_without_visible_character_is_blank() {
        let invisible = [
            "\u{fe0f}",
            "\u{e0041}",
            "\u{180e}",
            "\u{34f}",
            "\u{17b4}",
            "\u{1d173}",
            "\u{e0100}",
            "\u{3164}",
            "\u{2800}",
            "\u{ad}\u{2065}",
            "\u{fff0}",
            "\u{1d159}",
            " \u{e0fff}",
        ];
        for text in invisible {
            assert_eq!(check_single_line(text, 9), Err(FieldCode::Blank), "{text:?}");
        }
        for text in ["❤\u{fe0f}", "a\u{e0041}", "\u{e1000}", "\u{180a}"] {
            assert_eq!(check_single_line(text, 9), Ok(()), "{text:?}");
        }
        assert!(IGNORABLE.is_sorted() && IGNORABLE.iter().all(|(first, last)| first <= last));
    }

    #[test]
    fn every_line_end_is_rejected_in_a_line() {
        for end in ['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'] {
            assert_eq!(
                check_single_line(&format!("two{end}lines"), 9),
                Err(FieldCode::InvalidName),
                "{end:?}"
            );
        }
    }

    #[test]
    fn folded_name_has_no_invisible_differences() {
        for name in
            ["Host", " Host ", "Host\u{200b}", "\u{2060}Ho\u{200d}st\u{fe0f}", "Host\u{e0041}\u{2800}"]
        {
            assert_eq!(fold_name(name), "Host", "{name:?}");
        }
        assert_eq!(fold_name("Ada \u{a0}\u{3164} King\u{3000}"), "Ada King");
        for kept in ["👩\u{200d}💻 Ada", "1\u{fe0f}\u{20e3}", "❤\u{fe0f}\u{200d}🔥", "می\u{200c}خواهم", ""]
        {
            assert_eq!(fold_name(kept), kept);
        }
        let flag = "🏴\u{e0067}\u{e0062}\u{e007f}";
        assert_eq!(fold_name(flag), flag);
    }
}
