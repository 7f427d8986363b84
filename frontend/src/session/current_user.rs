//! The signed-in user, as stored with the tab: enough to draw their name without asking the server.

use shared::{
    id::UserId,
    user::{Account, User},
};

use crate::storage;

const USERNAME: &str = "username";
const USER_ID: &str = "account";
const DISPLAY_NAME: &str = "displayName";
const AVATAR: &str = "avatar";
const GUEST: &str = "guest";

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CurrentUser {
    pub id: UserId,
    pub username: String,
    /// Empty when unset.
    pub display_name: String,
    /// The name of the picture; empty without one.
    pub avatar: String,
    pub guest: bool,
}

impl CurrentUser {
    /// The name that others see.
    pub fn name(&self) -> &str {
        if self.display_name.is_empty() { &self.username } else { &self.display_name }
    }

    /// The user who was signed in when the tab was last open.
    pub fn load() -> Option<Self> {
        let read = |key| storage::read(storage::tab(), key);
        Some(Self {
            id: UserId::new(read(USER_ID)?.parse().ok()?),
            username: read(USERNAME)?,
            display_name: read(DISPLAY_NAME).unwrap_or_default(),
            avatar: read(AVATAR).unwrap_or_default(),
            guest: read(GUEST).is_some(),
        })
    }

    /// `early_requests.js` stores a new guest in the same way.
    pub fn store(&self) {
        let write = |key, value: Option<&str>| storage::write(storage::tab(), key, value);
        write(USER_ID, Some(&self.id.to_string()));
        write(USERNAME, Some(&self.username));
        write(DISPLAY_NAME, Some(&self.display_name));
        write(AVATAR, Some(&self.avatar));
        write(GUEST, self.guest.then_some("yes"));
    }

    pub fn clear_stored() {
        for key in [USER_ID, USERNAME, DISPLAY_NAME, AVATAR, GUEST] {
            storage::write(storage::tab(), key, None);
        }
    }
}

impl From<Account> for CurrentUser {
    fn from(Account { id, username, display_name, avatar, guest, .. }: Account) -> Self {
        Self { id, username, display_name, avatar, guest }
    }
}

impl From<User> for CurrentUser {
    fn from(User { id, username, display_name, avatar, guest, .. }: User) -> Self {
        Self { id, username, display_name, avatar, guest }
    }
}
