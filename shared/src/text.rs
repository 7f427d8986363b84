//! Rules for texts: what is visible, and what fits on one line.

use crate::problem::FieldCode;

pub(crate) fn check_single_line(line: &str, max: usize) -> Result<(), FieldCode> {
    if line.contains('\0') {
        Err(FieldCode::NullCharacter)
    } else if line.chars().count() > max {
        Err(FieldCode::TooLong)
    } else if line.chars().any(|c| c.is_control() || is_bidi_control(c)) {
        Err(FieldCode::InvalidName)
    } else if !line.is_empty() && line.chars().all(is_invisible) {
        Err(FieldCode::Blank)
    } else {
        Ok(())
    }
}

/// White space, and characters without a visible form.
pub fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || is_bidi_control(c)
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2064}' | '\u{206a}'..='\u{206f}' | '\u{feff}')
        || matches!(c, '\u{2800}' | '\u{3164}' | '\u{115f}' | '\u{1160}' | '\u{ffa0}')
}

/// Characters that change the text direction; in a name they would also affect the text next to it.
pub fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
