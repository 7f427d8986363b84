//! The text of a message where it is shown without its formatting.

use shared::{mentions::Mentions, message::Message};

use crate::strings;

/// The beginning of the message on one line, with the names of those whom it mentions. Of a message without text, what its
/// files are.
pub fn plain_text(message: &Message, mentions: &Mentions, chars_max: usize) -> String {
    if message.message.trim().is_empty() {
        return strings::files::description(&message.files);
    }
    let start: String = message.message.chars().take(chars_max).collect();
    markdown::plain_text(&start, &|id| mentions.name(id))
}
