//! Reactions to messages. One of the user's own is shown at once, and taken back if the server refuses it.

use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use shared::{
    id::Seq,
    message::{Message, Reaction, ReactionsResponse},
    timeline::Timeline,
};

use super::sync::{SyncEvent, SyncStore};
use crate::{
    api::moderation as api,
    chat::{announcer::Announcements, permissions::CurrentMember},
    request_error::RequestError,
    strings,
};

/// For how long it is shown why a reaction failed, in milliseconds.
const ERROR_DURATION: u32 = 8_000;

#[derive(Clone, Copy)]
pub struct ReactionStore {
    sync: SyncStore,
    announcements: Announcements,
    /// What is known beyond the timeline, of the open chat. One entry for each emoji of a message.
    own: RwSignal<Vec<OwnReaction>>,
}

/// What the user last did with an emoji of a message.
struct OwnReaction {
    seq: Seq,
    emoji: String,
    /// Whether the user reacts with it from now on.
    is_set: bool,
    was_set: bool,
    /// Whether the timeline named the user then.
    was_named: bool,
    /// The revision of the message then.
    revision: Seq,
    state: SaveState,
}

enum SaveState {
    Saving,
    /// The message has it from this revision on.
    Saved(Seq),
    /// Why it failed.
    Failed(String),
}

/// The reactions to a message as they are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reactions {
    pub chips: Vec<ReactionChip>,
    /// Whether the user may not react.
    pub is_read_only: bool,
    /// Why the user's last reaction failed; empty if it did not.
    pub error: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReactionChip {
    pub emoji: String,
    pub count: u32,
    pub is_own: bool,
    /// The emoji, how many users, and who they are.
    pub label: String,
}

impl ReactionStore {
    pub fn new(sync: SyncStore, announcements: Announcements) -> Self {
        let store = Self { sync, announcements, own: RwSignal::new(Vec::new()) };
        sync.subscribe(move |event| {
            if matches!(event, SyncEvent::Reset | SyncEvent::Joined(_)) {
                store.own.set(Vec::new());
            }
        });
        store
    }

    /// The reactions to a message, with what the user did last. Tracks that.
    pub fn reactions(self, timeline: &Timeline, member: CurrentMember, seq: Seq) -> Reactions {
        let Some(message) = timeline.message(seq) else { return Reactions::default() };
        let chip = |reaction: &Reaction| ReactionChip {
            emoji: reaction.emoji.clone(),
            count: reaction.count,
            is_own: reaction.users.contains(&member.user_id),
            label: String::new(),
        };
        let mut chips = message.reactions.iter().map(chip).collect();
        let mut error = String::new();
        for own in self.own.read().iter().filter(|own| own.seq == seq) {
            match &own.state {
                SaveState::Failed(text) => error.clone_from(text),
                SaveState::Saving | SaveState::Saved(_) => own.apply(message, &mut chips),
            }
        }
        chips.retain(|chip| chip.count > 0);
        for chip in &mut chips {
            chip.label = label(timeline, member, find(message, &chip.emoji), chip);
        }
        Reactions { chips, is_read_only: !member.can_react(timeline.chat()), error }
    }

    /// Whether the user reacts to a message with an emoji; `None` if only the server knows.
    fn is_own(self, seq: Seq, emoji: &str) -> Option<bool> {
        let user_id = self.sync.current_user_id();
        let known = self.sync.with_timeline_untracked(|timeline| {
            let Some(reaction) = find(timeline?.message(seq)?, emoji) else { return Some(false) };
            if reaction.users.contains(&user_id) {
                return Some(true);
            }
            (!has_unnamed(reaction)).then_some(false)
        });
        let all = self.own.read_untracked();
        let Some(own) = all.iter().find(|own| own.is_of(seq, emoji) && !own.is_failed()) else {
            return known;
        };
        let revision = self.sync.with_timeline_untracked(|timeline| Some(timeline?.message(seq)?.revision));
        // The timeline may not have the user's last change yet.
        let is_ahead =
            matches!(own.state, SaveState::Saved(saved) if revision.is_some_and(|known| known < saved));
        if is_ahead { Some(own.is_set) } else { known.or(Some(own.is_set)) }
    }

    /// Changes when another chat is opened.
    pub fn generation(self) -> u32 {
        self.sync.generation()
    }

    /// Adds or removes a reaction of the user; without `is_set`, does what changes it. Not while the last change of it is
    /// being saved, or if another chat than that of the `generation` is open.
    pub async fn react(self, generation: u32, seq: Seq, emoji: String, is_set: Option<bool>) {
        let is_saving = |own: &OwnReaction| own.is_of(seq, &emoji) && matches!(own.state, SaveState::Saving);
        if !self.sync.is_current(generation) || self.own.read_untracked().iter().any(is_saving) {
            return;
        }
        let saved = self.save(seq, &emoji, is_set, generation).await;
        if !self.sync.is_current(generation) {
            return;
        }
        // Without a socket, nothing else brings the change into the timeline.
        if saved.is_ok() && !self.sync.has_socket() {
            self.sync.fetch_changes();
        }
        let is_failed = saved.is_err();
        self.finish(seq, &emoji, saved);
        if is_failed {
            TimeoutFuture::new(ERROR_DURATION).await;
            let is_shown = |own: &OwnReaction| own.is_of(seq, &emoji) && own.is_failed();
            self.own.update(|own| own.retain(|own| !is_shown(own)));
        }
    }

    async fn save(
        self,
        seq: Seq,
        emoji: &str,
        is_set: Option<bool>,
        generation: u32,
    ) -> Result<Message, RequestError> {
        let (session, uri) = (self.sync.session(), self.sync.current_uri());
        let was_set = if let Some(was_set) = self.is_own(seq, emoji) {
            was_set
        } else {
            let ReactionsResponse { reactions } = session.send(api::list_reactions(&uri, seq)).await?;
            reactions.iter().any(|reaction| reaction.own && reaction.emoji == emoji)
        };
        let is_set = is_set.unwrap_or(!was_set);
        if self.sync.is_current(generation) {
            self.insert(seq, emoji.to_owned(), is_set, was_set);
        }
        session.send(api::set_reaction(&uri, seq, emoji, is_set)).await
    }

    fn finish(self, seq: Seq, emoji: &str, saved: Result<Message, RequestError>) {
        let state = match saved {
            Ok(Message { revision, .. }) => SaveState::Saved(revision),
            Err(error) => {
                let text = strings::not_saved(error.problem());
                self.announcements.announce(text.clone());
                SaveState::Failed(text)
            }
        };
        if !self.own.read_untracked().iter().any(|own| own.is_of(seq, emoji)) {
            self.insert(seq, emoji.to_owned(), false, false);
        }
        self.own.update(|own| {
            if let Some(own) = own.iter_mut().find(|own| own.is_of(seq, emoji)) {
                own.state = state;
            }
        });
    }

    /// The code that would have sent a reaction could not be loaded.
    pub fn report_not_loaded(self) {
        self.announcements.announce(strings::errors::PART_NOT_LOADED.to_owned());
    }

    /// Replaces what was known of this emoji, and the error of an earlier attempt.
    fn insert(self, seq: Seq, emoji: String, is_set: bool, was_set: bool) {
        let user_id = self.sync.current_user_id();
        let (was_named, revision) = self.sync.with_timeline_untracked(|timeline| {
            let Some(message) = timeline.and_then(|timeline| timeline.message(seq)) else {
                return Default::default();
            };
            let reaction = find(message, &emoji);
            (reaction.is_some_and(|reaction| reaction.users.contains(&user_id)), message.revision)
        });
        self.own.update(|own| {
            own.retain(|own| own.seq != seq || (own.emoji != emoji && !own.is_failed()));
            own.push(OwnReaction {
                seq,
                emoji,
                is_set,
                was_set,
                was_named,
                revision,
                state: SaveState::Saving,
            });
        });
    }
}

impl OwnReaction {
    fn is_failed(&self) -> bool {
        matches!(self.state, SaveState::Failed(_))
    }

    fn is_of(&self, seq: Seq, emoji: &str) -> bool {
        self.seq == seq && self.emoji == emoji
    }

    /// Whether the message has the change. It may not name the user.
    fn is_counted(&self, message: &Message) -> bool {
        match self.state {
            // Where not all users are named, a new revision may also be of another user. Counted twice, the change would be
            // taken back soon.
            SaveState::Saving => {
                self.revision < message.revision && find(message, &self.emoji).is_some_and(has_unnamed)
            }
            SaveState::Saved(revision) => revision <= message.revision,
            SaveState::Failed(_) => false,
        }
    }

    /// Shows it in the chips of its message.
    fn apply(&self, message: &Message, chips: &mut Vec<ReactionChip>) {
        let (reaction, is_counted) = (find(message, &self.emoji), self.is_counted(message));
        let place = chips.iter().position(|chip| chip.emoji == self.emoji);
        match place.and_then(|place| chips.get_mut(place)) {
            Some(chip) if is_counted => chip.is_own |= self.is_set && reaction.is_some_and(has_unnamed),
            // If not, the message has the change already.
            Some(chip) if chip.is_own == self.was_named => {
                chip.is_own = self.is_set;
                chip.count = chip.count + u32::from(self.is_set) - u32::from(self.was_set).min(chip.count);
            }
            None if self.is_set && !is_counted => {
                let (emoji, label) = (self.emoji.clone(), String::new());
                chips.push(ReactionChip { emoji, count: 1, is_own: true, label });
            }
            Some(_) | None => {}
        }
    }
}

fn find<'a>(message: &'a Message, emoji: &str) -> Option<&'a Reaction> {
    message.reactions.iter().find(|reaction| reaction.emoji == emoji)
}

/// Whether there are users whom the reaction does not name.
fn has_unnamed(reaction: &Reaction) -> bool {
    usize::try_from(reaction.count).is_ok_and(|count| count > reaction.users.len())
}

fn label(
    timeline: &Timeline,
    member: CurrentMember,
    reaction: Option<&Reaction>,
    chip: &ReactionChip,
) -> String {
    let others = reaction.iter().flat_map(|reaction| &reaction.users).filter(|id| **id != member.user_id);
    let others = others.filter_map(|id| Some(timeline.member(*id)?.user.name().to_owned()));
    let you = chip.is_own.then(|| strings::YOU.to_owned());
    // As many as the text names.
    let names: Vec<_> = you.into_iter().chain(others).take(2).collect();
    strings::reaction(&chip.emoji, chip.count, &names)
}

#[cfg(test)]
mod tests {
    use shared::{
        id::{MessageId, UserId},
        mentions::Mentions,
        user::User,
    };
    use uuid::Uuid;

    use super::*;

    /// What is shown when the message has these reactions, and the given revision.
    fn chips(own: &OwnReaction, revision: i64, stored: &[(&str, u32, bool)]) -> Vec<(String, u32, bool)> {
        let reaction = |(emoji, count, _): &(&str, u32, bool)| {
            // Which users are named does not matter here.
            let users = (1..=i64::from(*count).min(20)).map(UserId::new).collect();
            Reaction { emoji: (*emoji).into(), count: *count, users }
        };
        let reactions = stored.iter().map(reaction).collect();
        let message = Message { reactions, revision: Seq::new(revision), ..message() };
        let chip = |&(emoji, count, is_own): &(&str, u32, bool)| ReactionChip {
            emoji: emoji.into(),
            count,
            is_own,
            label: String::new(),
        };
        let mut chips: Vec<_> = stored.iter().map(chip).collect();
        own.apply(&message, &mut chips);
        chips.into_iter().map(|chip| (chip.emoji, chip.count, chip.is_own)).collect()
    }

    fn message() -> Message {
        let seq = Seq::new(7);
        Message {
            id: MessageId::new(7),
            seq,
            revision: seq,
            client_id: Uuid::nil(),
            created_at: shared::time::DateTime::UNIX_EPOCH,
            user: User::default(),
            message: "tea?".into(),
            reply_to: None,
            mentions: Mentions::default(),
            edited_at: None,
            event: None,
            deleted: false,
            files: Vec::new(),
            reactions: Vec::new(),
        }
    }

    fn own(is_set: bool, was_set: bool, was_named: bool) -> OwnReaction {
        let (seq, emoji) = (Seq::new(7), "👍".to_owned());
        OwnReaction { seq, emoji, is_set, was_set, was_named, revision: seq, state: SaveState::Saving }
    }

    fn shown(emoji: &str, count: u32, is_own: bool) -> (String, u32, bool) {
        (emoji.into(), count, is_own)
    }

    fn saved(own: OwnReaction) -> OwnReaction {
        OwnReaction { state: SaveState::Saved(Seq::new(8)), ..own }
    }

    #[test]
    fn reaction_is_counted_before_it_is_saved() {
        assert_eq!(chips(&own(true, false, false), 7, &[]), [shown("👍", 1, true)]);
        assert_eq!(chips(&own(true, false, false), 7, &[("👍", 2, false)]), [shown("👍", 3, true)]);
        assert_eq!(chips(&own(true, false, false), 7, &[("👍", 30, false)]), [shown("👍", 31, true)]);
        assert_eq!(chips(&own(false, true, true), 7, &[("👍", 2, true)]), [shown("👍", 1, false)]);
        assert_eq!(chips(&own(false, true, true), 7, &[("👍", 1, true)]), [shown("👍", 0, false)]);
        assert_eq!(chips(&saved(own(true, false, false)), 7, &[("👍", 30, false)]), [shown("👍", 31, true)]);
    }

    #[test]
    fn reaction_in_timeline_is_not_counted_twice() {
        assert_eq!(chips(&own(true, false, false), 8, &[("👍", 3, true)]), [shown("👍", 3, true)]);
        assert_eq!(chips(&own(false, true, true), 8, &[("👍", 1, false)]), [shown("👍", 1, false)]);
        assert_eq!(chips(&saved(own(true, false, false)), 8, &[("👍", 3, true)]), [shown("👍", 3, true)]);
        assert_eq!(chips(&saved(own(true, false, false)), 8, &[]), []);
        // It comes before the response, and does not name the user.
        assert_eq!(chips(&own(true, false, false), 8, &[("👍", 31, false)]), [shown("👍", 31, true)]);
        assert_eq!(chips(&own(false, true, false), 8, &[("👍", 29, false)]), [shown("👍", 29, false)]);
    }

    #[test]
    fn own_reaction_without_name_is_remembered() {
        let (set, unset) = (saved(own(true, false, false)), saved(own(false, true, false)));
        assert_eq!(chips(&set, 8, &[("👍", 30, false)]), [shown("👍", 30, true)]);
        assert_eq!(chips(&unset, 8, &[("👍", 29, false)]), [shown("👍", 29, false)]);
        assert_eq!(chips(&set, 8, &[("🫖", 9, false)]), [shown("🫖", 9, false)]);
    }
}
