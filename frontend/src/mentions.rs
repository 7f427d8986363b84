//! The text of a message where it is shown without its formatting.

use shared::mentions::Mentions;

/// The message on one line, with the names of those whom it mentions.
pub fn plain_text(message: &str, mentions: &Mentions) -> String {
    markdown::plain_text(message, &|id| mentions.name(id))
}
