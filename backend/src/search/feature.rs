//! What a message can be searched for besides its words: the filter `has:`.

use markdown::links::{self, Token};
use shared::file::MessageFile;

/// The numbers are stored in the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feature {
    Link = 0,
    File = 1,
    Image = 2,
}

impl Feature {
    /// The values of the filter `has:`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "link" => Some(Self::Link),
            "file" => Some(Self::File),
            "image" => Some(Self::Image),
            _ => None,
        }
    }

    /// The features of a message with this text and these files.
    pub fn of_message(text: &str, files: &[MessageFile]) -> Vec<Self> {
        let has_link = links::tokenize(text).iter().any(|token| matches!(token, Token::Link(_)));
        let has_image = files.iter().any(|file| file.image.is_some());
        let features = [
            has_link.then_some(Self::Link),
            (!files.is_empty()).then_some(Self::File),
            has_image.then_some(Self::Image),
        ];
        features.into_iter().flatten().collect()
    }
}
