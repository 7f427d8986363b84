//! Names of either writing direction inside sentences.

use std::fmt;

/// Displays a name inside a sentence. A name with right-to-left characters is wrapped in isolates (Unicode Standard Annex 9),
/// so that it does not reorder the text around it. Where a name has an element of its own, use `bdi` instead.
pub struct BidiIsolate<'a>(pub &'a str);

const FIRST_STRONG_ISOLATE: char = '\u{2068}';
const POP_DIRECTIONAL_ISOLATE: char = '\u{2069}';

impl fmt::Display for BidiIsolate<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.chars().any(is_right_to_left) {
            write!(f, "{FIRST_STRONG_ISOLATE}{}{POP_DIRECTIONAL_ISOLATE}", self.0)
        } else {
            f.write_str(self.0)
        }
    }
}

/// The blocks that Unicode 16 reserves for right-to-left scripts.
fn is_right_to_left(c: char) -> bool {
    matches!(c,
        '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}'
        | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_right_to_left_names_are_isolated() {
        assert_eq!(format!("{} left", BidiIsolate("Zoë 李")), "Zoë 李 left");
        assert_eq!(format!("{} left", BidiIsolate("שרה")), "\u{2068}שרה\u{2069} left");
        assert_eq!(format!("{} left", BidiIsolate("Sam محمد")), "\u{2068}Sam محمد\u{2069} left");
    }
}
