//! Builds HTML. Markup is a literal of the program; everything else is escaped, so that no text of a user becomes markup.

use std::fmt::Display;

/// Takes the place of characters that HTML does not allow.
const REPLACEMENT: char = '\u{fffd}';

#[derive(Default)]
pub struct Html(String);

impl Html {
    /// Appends markup, such as `<p>`.
    pub fn markup(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Appends a text, between tags or in a quoted attribute.
    pub fn text(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                '\n' | '\t' => self.0.push(c),
                // Browsers read it as a line break, which it is not in the chat.
                '\r' => {}
                _ if c.is_control() => self.0.push(REPLACEMENT),
                _ => self.0.push(c),
            }
        }
        self
    }

    /// As [`Html::text`], for values such as numbers and dates.
    pub fn value(&mut self, value: impl Display) -> &mut Self {
        self.text(&value.to_string())
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.0.into_bytes()
    }
}

/// A number with separators: 12,345.
pub fn grouped(number: i64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_in_content_and_attributes() {
        let mut html = Html::default();
        html.markup("<a title=\"").text("\"'><script>&amp;</style>").markup("\">");
        let expected = "<a title=\"&quot;&#39;&gt;&lt;script&gt;&amp;amp;&lt;/style&gt;\">";
        assert_eq!(html.0, expected);
    }

    #[test]
    fn control_characters_are_replaced() {
        let mut html = Html::default();
        html.text("a\u{1}b\u{7f}c\u{85}\r\n\td\u{202e}");
        assert_eq!(html.0, "a\u{fffd}b\u{fffd}c\u{fffd}\n\td\u{202e}");
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        let numbers = [0, 999, 1_000, 12_345, 1_234_567];
        assert_eq!(numbers.map(grouped), ["0", "999", "1,000", "12,345", "1,234,567"]);
    }
}
