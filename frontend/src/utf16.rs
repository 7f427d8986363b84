//! Offsets in texts as browsers count them, in UTF-16 code units.

/// The characters of a text, with the offset at which each begins.
pub fn utf16_offsets(text: &str) -> impl Iterator<Item = (u32, char)> {
    text.chars().scan(0, |next, c| {
        let offset = *next;
        *next += if c.len_utf16() == 1 { 1 } else { 2 };
        Some((offset, c))
    })
}
