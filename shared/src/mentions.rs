//! Mentions of users in messages. In the text, a mention is `<@42>` with the id of a user, or `<@here>` for everyone; it is shown
//! under the present name.

use serde::{Deserialize, Serialize};

use crate::{event::UserRef, id::UserId};

/// The most users that a message mentions.
pub const MENTIONS_MAX: usize = 50;
/// Takes the place of an id for everyone.
pub const HERE: i64 = 0;
/// The name of everyone.
pub const HERE_NAME: &str = "here";

/// Whom a text mentions. A `<@42>` of a user who was not a member is no mention, and neither is one in code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Mentions {
    /// The users under their present names; left out when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<UserRef>,
    /// Whether everyone in the chat is mentioned, by `<@here>`; left out when false.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub here: bool,
}

impl Mentions {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.users.is_empty() && !self.here
    }

    /// Whether the user is mentioned, alone or with everyone.
    pub fn includes(&self, user_id: UserId) -> bool {
        self.here || self.users.iter().any(|user| user.id == user_id)
    }

    /// What is shown for a mention after the `@`. The `id` of everyone is [`HERE`].
    pub fn name(&self, id: i64) -> Option<String> {
        if id == HERE {
            return self.here.then(|| HERE_NAME.to_owned());
        }
        self.users.iter().find(|user| user.id.get() == id).map(|user| user.name.clone())
    }

    /// The size in memory.
    pub(crate) fn size(&self) -> usize {
        self.users.iter().map(|user| size_of::<UserRef>() + user.name.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mention_has_a_name_if_listed() {
        let ada = UserRef { id: UserId::new(1), name: "Ada".into() };
        let mentions = Mentions { users: vec![ada], here: false };
        assert_eq!([0, 1, 2].map(|id| mentions.name(id)), [None, Some("Ada".into()), None]);
        assert!(mentions.includes(UserId::new(1)) && !mentions.includes(UserId::new(2)));
        let here = Mentions { here: true, ..Mentions::default() };
        assert_eq!(here.name(0).as_deref(), Some("here"));
        assert!(here.includes(UserId::new(2)) && !here.is_empty() && Mentions::default().is_empty());
    }

    #[test]
    fn mentions_json_leaves_out_what_is_empty() {
        let here = Mentions { here: true, ..Mentions::default() };
        assert_eq!(serde_json::to_string(&here).unwrap(), r#"{"here":true}"#);
        let users = r#"{"users":[{"id":1,"name":"Ada"}]}"#;
        let mentions: Mentions = serde_json::from_str(users).unwrap();
        assert_eq!(serde_json::to_string(&mentions).unwrap(), users);
    }
}
