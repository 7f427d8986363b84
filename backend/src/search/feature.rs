//! What a message can be searched for besides its words: the filter `has:`.

use markdown::links::{self, Token};

/// The numbers are stored in the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feature {
    Link = 0,
}

impl Feature {
    /// The values of the filter `has:`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "link" => Some(Self::Link),
            _ => None,
        }
    }

    /// The features of a message with this text.
    pub fn of_text(text: &str) -> Vec<Self> {
        let has_link = links::tokenize(text).iter().any(|token| matches!(token, Token::Link(_)));
        has_link.then_some(Self::Link).into_iter().collect()
    }
}
