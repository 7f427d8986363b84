//! What is shown of a message that another one replies to.

use shared::{id::Seq, timeline::Timeline};

use crate::{chat::permissions::CurrentMember, mentions::plain_text, strings};

/// Characters of the message that are read: the view shows two lines.
const TEXT_MAX: usize = 300;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    pub seq: Seq,
    /// Empty if the message is not known.
    pub author: String,
    pub text: String,
    /// Whether the message has to be loaded first.
    pub is_missing: bool,
}

impl Quote {
    pub fn new(timeline: &Timeline, member: CurrentMember, seq: Seq) -> Self {
        let quoted = timeline.quoted(seq);
        let (author, text) = match quoted {
            None => (String::new(), strings::LOADING.to_owned()),
            Some(None) => (String::new(), strings::MESSAGE_EXPIRED.to_owned()),
            Some(Some(message)) => {
                let author = timeline.author(message);
                let is_own = author.id == member.user_id;
                let name = if is_own { strings::YOU.to_owned() } else { timeline.distinct_name(author) };
                let text = if message.deleted {
                    strings::MESSAGE_DELETED.to_owned()
                } else {
                    plain_text(message, &timeline.mentions(message), TEXT_MAX)
                };
                (name, text)
            }
        };
        Self { seq, author, text, is_missing: quoted.is_none() }
    }
}
