//! By which address those who knock know a chat: somebody who came by a link does not learn the chat's page URL before they
//! are let in. Kept for a day, and only in memory, since an address is a secret; who knocked before that finds out by
//! asking again.

use std::time::Duration;

use moka::sync::Cache;
use shared::member::Standing;

const KEPT: Duration = Duration::from_hours(24);
const KNOCKS_MAX: u64 = 100_000;

/// By chat and user.
pub struct Knocks(Cache<(i64, i64), String>);

impl Default for Knocks {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(KNOCKS_MAX).time_to_live(KEPT).build())
    }
}

impl Knocks {
    /// To be said before anyone can answer.
    pub fn came_by(&self, chat_id: i64, user_id: i64, address: String) {
        self.0.insert((chat_id, user_id), address);
    }

    /// The address under which somebody hears of their place in a chat; nothing if there is none that they may know.
    pub(super) fn name_for(
        &self,
        chat_id: i64,
        user_id: i64,
        standing: Standing,
        uri: Option<&str>,
    ) -> Option<String> {
        let known = self.0.get(&(chat_id, user_id));
        match standing {
            // They may yet be banned, or knock again.
            Standing::Knocking | Standing::Refused => known,
            Standing::In | Standing::Left | Standing::Removed | Standing::Banned => {
                self.0.invalidate(&(chat_id, user_id));
                known.or_else(|| uri.map(str::to_owned))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_knocks_hears_of_the_chat_under_the_address_that_they_know() {
        let knocks = Knocks::default();
        let name = |standing| knocks.name_for(1, 2, standing, Some("page"));
        assert_eq!(name(Standing::Knocking), None, "nobody knows by which they came");
        knocks.came_by(1, 2, "link".into());
        for standing in [Standing::Knocking, Standing::Refused, Standing::Knocking, Standing::In] {
            assert_eq!(name(standing).as_deref(), Some("link"), "{standing:?}");
        }
        assert_eq!(name(Standing::Removed).as_deref(), Some("page"), "they were in");
        assert_eq!(knocks.name_for(1, 2, Standing::Banned, None), None, "they were out");
    }
}
