//! Names within sentences.

use std::fmt;

/// A name that is written from right to left does not turn the words around it: it stands in isolates (Unicode Standard
/// Annex 9). Where a name has an element of its own, that is `bdi`.
pub struct Apart<'a>(pub &'a str);

const FIRST_STRONG: char = '\u{2068}';
const POP: char = '\u{2069}';

impl fmt::Display for Apart<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.chars().any(is_right_to_left) {
            write!(f, "{FIRST_STRONG}{}{POP}", self.0)
        } else {
            f.write_str(self.0)
        }
    }
}

/// The blocks of Unicode 16 that are set aside for such writings.
fn is_right_to_left(c: char) -> bool {
    matches!(c,
        '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}'
        | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_could_turn_the_words_beside_it_is_set_apart() {
        assert_eq!(format!("{} left", Apart("Zoë 李")), "Zoë 李 left");
        assert_eq!(format!("{} left", Apart("שרה")), "\u{2068}שרה\u{2069} left");
        assert_eq!(format!("{} left", Apart("Sam محمد")), "\u{2068}Sam محمد\u{2069} left");
    }
}
