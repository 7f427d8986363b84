//! Who has the chat open and who is typing. The frames are not numbered and may be lost.

use gloo_timers::callback::Timeout;
use leptos::prelude::*;
use shared::{
    id::{Seq, UserId},
    message::check_message,
    problem::FieldCode,
    socket::{ClientFrame, ServerFrame, TYPING_INTERVAL_SECONDS, TYPING_TTL_SECONDS},
};

use super::sync::{SyncEvent, SyncStore};
use crate::{
    clock::{self, milliseconds},
    socket::SocketEvent,
};

#[derive(Clone, Copy)]
pub struct PresenceStore {
    sync: SyncStore,
    presence: RwSignal<Presence>,
}

impl PresenceStore {
    pub fn new(sync: SyncStore) -> Self {
        let store = Self { sync, presence: RwSignal::new(Presence::default()) };
        sync.subscribe(move |event| store.handle_sync_event(event));
        sync.socket().subscribe(move |event| store.handle_socket_event(event));
        store
    }

    fn handle_sync_event(self, event: &SyncEvent) {
        match event {
            SyncEvent::Reset => self.presence.set(Presence::default()),
            SyncEvent::Applied(newest_before) => self.end_typing_of_authors(*newest_before),
            SyncEvent::Joined(_) | SyncEvent::UriChanged(_) => {}
        }
    }

    fn handle_socket_event(self, event: &SocketEvent) {
        match event {
            SocketEvent::Closed => self.presence.set(Presence::default()),
            SocketEvent::Frame(ServerFrame::Typing { chat_id, user_id }) if self.sync.is_chat(*chat_id) => {
                self.on_typing(*user_id);
            }
            SocketEvent::Frame(ServerFrame::Presence { chat_id, count, users })
                if self.sync.is_chat(*chat_id) =>
            {
                self.presence.update(|presence| presence.set_present(*count, users.clone()));
            }
            _ => {}
        }
    }

    /// How many users have the chat open; 0 if unknown.
    pub fn count(self) -> usize {
        self.presence.read().count
    }

    pub fn is_present(self, user_id: UserId) -> bool {
        self.presence.read().is_present(user_id)
    }

    /// See [`PresenceStore::is_present`]; does not track it.
    pub fn is_present_now(self, user_id: UserId) -> bool {
        self.presence.read_untracked().is_present(user_id)
    }

    /// The names of the users who are typing.
    pub fn typing_names(self) -> Vec<String> {
        let presence = self.presence.read();
        self.sync.with_timeline(|timeline| {
            let members = timeline.map(|timeline| timeline.members()).unwrap_or_default();
            let name = |id| members.iter().find(|m| m.user.id == id).map(|m| m.user.name().to_owned());
            presence.typing_users().filter_map(name).collect()
        })
    }

    /// Tells the others that the user is typing, if it is time to.
    pub fn send_typing(self, text: &str) {
        if check_message(text) == Err(FieldCode::Blank) {
            return;
        }
        if self.presence.try_update_untracked(|presence| presence.take_typing_due(clock::now())) == Some(true)
        {
            self.sync.socket().send(&ClientFrame::Typing { chat_id: self.sync.current_chat_id() });
        }
    }

    /// The user sent a message.
    pub fn on_sent(self) {
        self.presence.update_untracked(Presence::reset_typing_due);
    }

    fn on_typing(self, user_id: UserId) {
        // The user may be typing in another tab.
        if user_id == self.sync.current_user_id() {
            return;
        }
        self.presence.update(|presence| presence.set_typing(user_id, clock::now()));
        let expire = move || {
            self.presence.try_maybe_update(|presence| (presence.expire_typing(clock::now()), ()));
        };
        Timeout::new(u32::try_from(milliseconds(TYPING_TTL_SECONDS)).unwrap_or_default(), expire).forget();
    }

    /// Authors of new messages are no longer typing.
    fn end_typing_of_authors(self, newest_before: Seq) {
        self.sync.with_timeline_untracked(|timeline| {
            let newest = timeline.iter().flat_map(|t| t.messages().rev());
            for message in newest.take_while(|message| message.seq > newest_before) {
                self.presence.try_maybe_update(|presence| (presence.end_typing(message.user.id), ()));
            }
        });
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Presence {
    count: usize,
    /// The first of the users who have the chat open.
    users: Vec<UserId>,
    /// In the order in which they began.
    typing: Vec<TypingUser>,
    /// When the user's own typing was last sent.
    typing_sent_at: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct TypingUser {
    user_id: UserId,
    /// Milliseconds since 1970.
    expires_at: i64,
}

impl Presence {
    fn set_present(&mut self, count: usize, users: Vec<UserId>) {
        (self.count, self.users) = (count, users);
    }

    fn is_present(&self, user_id: UserId) -> bool {
        self.users.contains(&user_id)
    }

    fn set_typing(&mut self, user_id: UserId, now: i64) {
        let expires_at = now + milliseconds(TYPING_TTL_SECONDS);
        match self.typing.iter_mut().find(|typing| typing.user_id == user_id) {
            Some(typing) => typing.expires_at = expires_at,
            None => self.typing.push(TypingUser { user_id, expires_at }),
        }
    }

    /// Returns whether the user was typing.
    fn end_typing(&mut self, user_id: UserId) -> bool {
        self.retain_typing(|typing| typing.user_id != user_id)
    }

    /// Removes the users whose typing has expired. Returns whether there were any.
    fn expire_typing(&mut self, now: i64) -> bool {
        self.retain_typing(|typing| now < typing.expires_at)
    }

    fn retain_typing(&mut self, retain: impl Fn(&TypingUser) -> bool) -> bool {
        let before = self.typing.len();
        self.typing.retain(retain);
        self.typing.len() < before
    }

    fn typing_users(&self) -> impl Iterator<Item = UserId> {
        self.typing.iter().map(|typing| typing.user_id)
    }

    /// Whether it is time to send the user's own typing, which the caller then does.
    fn take_typing_due(&mut self, now: i64) -> bool {
        let is_due = now - self.typing_sent_at >= milliseconds(TYPING_INTERVAL_SECONDS);
        if is_due {
            self.typing_sent_at = now;
        }
        is_due
    }

    /// After a message was sent, the next character starts a new one.
    fn reset_typing_due(&mut self) {
        self.typing_sent_at = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: UserId = UserId::new(1);
    const BRIAN: UserId = UserId::new(2);

    fn typing_users(presence: &Presence) -> Vec<UserId> {
        presence.typing_users().collect()
    }

    #[test]
    fn typing_user_is_listed_until_timeout() {
        let mut presence = Presence::default();
        presence.set_typing(ADA, 0);
        presence.set_typing(BRIAN, 1_000);
        presence.set_typing(ADA, 3_000);
        assert_eq!(typing_users(&presence), [ADA, BRIAN]);
        assert!(!presence.expire_typing(6_999));
        assert!(presence.expire_typing(7_000));
        assert_eq!(typing_users(&presence), [ADA]);
        assert!(presence.expire_typing(9_000));
        assert!(typing_users(&presence).is_empty());
    }

    #[test]
    fn message_ends_typing_of_its_author_only() {
        let mut presence = Presence::default();
        presence.set_typing(ADA, 0);
        presence.set_typing(BRIAN, 0);
        assert!(presence.end_typing(ADA) && !presence.end_typing(ADA));
        assert_eq!(typing_users(&presence), [BRIAN]);
    }

    #[test]
    fn presence_update_replaces_the_previous_one() {
        let mut presence = Presence::default();
        presence.set_present(2, vec![ADA, BRIAN]);
        presence.set_present(1, vec![BRIAN]);
        assert!(presence.count == 1 && presence.is_present(BRIAN) && !presence.is_present(ADA));
    }

    #[test]
    fn typing_is_due_every_three_seconds_and_after_send() {
        let mut presence = Presence::default();
        assert!(
            presence.take_typing_due(10_000)
                && !presence.take_typing_due(12_999)
                && presence.take_typing_due(13_000)
        );
        presence.reset_typing_due();
        assert!(presence.take_typing_due(13_500) && !presence.take_typing_due(14_000));
    }
}
