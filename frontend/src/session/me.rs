//! The person at this browser, as far as it has to be known to draw their name.

use shared::user::{Account, User};

use crate::storage;

const USERNAME: &str = "username";
const ACCOUNT: &str = "account";
const DISPLAY_NAME: &str = "displayName";
const AVATAR: &str = "avatar";
const GUEST: &str = "guest";

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Me {
    /// The number that stays when the name changes.
    pub id: i64,
    pub username: String,
    /// Empty when unset.
    pub display_name: String,
    /// The name of one's picture; empty when unset.
    pub avatar: String,
    pub guest: bool,
}

impl Me {
    /// What others see.
    pub fn name(&self) -> &str {
        if self.display_name.is_empty() { &self.username } else { &self.display_name }
    }

    /// Who was signed in when the tab was last open.
    pub fn kept() -> Option<Self> {
        let read = |key| storage::read(storage::tab(), key);
        Some(Self {
            id: read(ACCOUNT)?.parse().ok()?,
            username: read(USERNAME)?,
            display_name: read(DISPLAY_NAME).unwrap_or_default(),
            avatar: read(AVATAR).unwrap_or_default(),
            guest: read(GUEST).is_some(),
        })
    }

    pub fn keep(&self) {
        let write = |key, value: Option<&str>| storage::write(storage::tab(), key, value);
        write(ACCOUNT, Some(&self.id.to_string()));
        write(USERNAME, Some(&self.username));
        write(DISPLAY_NAME, Some(&self.display_name));
        write(AVATAR, Some(&self.avatar));
        write(GUEST, self.guest.then_some("yes"));
    }

    pub fn forget() {
        for key in [ACCOUNT, USERNAME, DISPLAY_NAME, AVATAR, GUEST] {
            storage::write(storage::tab(), key, None);
        }
    }
}

impl From<Account> for Me {
    fn from(Account { id, username, display_name, avatar, guest, .. }: Account) -> Self {
        Self { id, username, display_name, avatar, guest }
    }
}

impl From<User> for Me {
    fn from(User { id, username, display_name, avatar, guest, .. }: User) -> Self {
        Self { id, username, display_name, avatar, guest }
    }
}
