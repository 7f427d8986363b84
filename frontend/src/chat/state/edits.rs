//! The message that the user is editing, in the composer. Its text is kept until it is saved or the user leaves it, also over
//! a reload.

use leptos::{prelude::*, task::spawn_local};
use shared::{
    id::Seq,
    member::Role,
    message::{EditMessage, Message, check_text_beside_files},
    timeline::Timeline,
};
use uuid::Uuid;

use super::{
    deletions::DeletionStore,
    mention_text,
    sync::{SyncEvent, SyncStore},
};
use crate::{
    api::moderation as api,
    chat::{announcer::Announcements, permissions::CurrentMember},
    clock,
    drafts::Drafts,
    skeleton, storage, strings,
};

#[derive(Clone, Copy)]
pub struct EditStore {
    sync: SyncStore,
    drafts: Drafts,
    deletions: DeletionStore,
    announcements: Announcements,
    /// The message that is being edited; 0 without one.
    seq: RwSignal<Seq>,
    text: RwSignal<String>,
    is_saving: RwSignal<bool>,
    /// Why the text could not be saved; empty without an error.
    error: RwSignal<String>,
    /// Stays the same while the same text is tried again.
    edit_id: StoredValue<Uuid>,
    /// The text when the edit began; that of a former one if it was restored.
    started_text: StoredValue<String>,
}

impl EditStore {
    pub fn new(
        sync: SyncStore,
        drafts: Drafts,
        deletions: DeletionStore,
        announcements: Announcements,
    ) -> Self {
        let store = Self {
            sync,
            drafts,
            deletions,
            announcements,
            seq: RwSignal::new(Seq::default()),
            text: RwSignal::new(String::new()),
            is_saving: RwSignal::new(false),
            error: RwSignal::new(String::new()),
            edit_id: StoredValue::new(Uuid::nil()),
            started_text: StoredValue::new(String::new()),
        };
        sync.subscribe(move |event| match event {
            SyncEvent::Reset => store.set(Seq::default(), String::new()),
            SyncEvent::Joined(_) if !store.is_editing_now() && !skeleton::has_typed_message() => {
                store.restore_draft();
            }
            SyncEvent::Joined(_) | SyncEvent::Applied(_) | SyncEvent::UriChanged(_) => {}
        });
        store
    }

    fn set(self, seq: Seq, text: String) {
        self.edit_id.set_value(Uuid::new_v4());
        self.is_saving.set(false);
        self.error.set(String::new());
        self.text.set(text);
        self.seq.set(seq);
    }

    /// Whether the user may edit this message now.
    pub fn can_edit(self, seq: Seq) -> bool {
        let member = self.sync.current_member();
        self.sync.with_timeline(|timeline| {
            let Some(timeline) = timeline else { return false };
            timeline.message(seq).is_some_and(|message| is_editable(timeline, message, member))
        })
    }

    /// Whether nothing would be lost by leaving the edit; says so in the composer otherwise.
    pub fn check_unchanged(self) -> bool {
        let is_unchanged = !self.is_editing_now() || self.is_unchanged(self.seq.get_untracked());
        if !is_unchanged {
            self.error.set(strings::FINISH_EDIT_FIRST.to_owned());
        }
        is_unchanged
    }

    /// Also if someone who is mentioned has another name by now.
    fn is_unchanged(self, seq: Seq) -> bool {
        let text = self.current_text();
        self.started_text.with_value(|started| *started == text)
            || self.stored_text(seq).as_ref() == Some(&text)
    }

    /// As the composer shows it. `None` for one with mentions, as long as they cannot be shown.
    fn stored_text(self, seq: Seq) -> Option<String> {
        let stored = self.sync.with_timeline_untracked(|timeline| {
            let message = timeline?.message(seq)?;
            Some((message.message.clone(), timeline?.mentions(message)))
        });
        stored.and_then(|(text, mentions)| mention_text::decode(&self.sync, &text, &mentions))
    }

    /// Edits a message, unless it is being edited or another one is.
    pub fn start(self, seq: Seq) {
        if self.seq.get_untracked() == seq || !self.check_unchanged() {
            return;
        }
        if let Some(text) = self.stored_text(seq) {
            self.started_text.set_value(text.clone());
            self.set(seq, text);
            self.write_draft();
        }
    }

    /// Edits the user's last message. Returns whether there is one that may be edited.
    pub fn start_with_last(self) -> bool {
        let member = untrack(|| self.sync.current_member());
        let last = self.sync.with_timeline_untracked(|timeline| {
            let timeline = timeline?;
            let is_candidate = |message: &&Message| {
                is_editable(timeline, message, member) && !self.deletions.contains(message.seq)
            };
            // Not from further up, where there may be later ones between.
            let newest = timeline.part(Seq::MAX).seqs;
            newest.iter().rev().filter_map(|seq| timeline.message(*seq)).find(is_candidate).map(|it| it.seq)
        });
        if let Some(seq) = last {
            self.start(seq);
        }
        last.is_some()
    }

    /// Leaves the edit, unless it is being saved.
    pub fn cancel(self) {
        if self.is_editing_now() && !self.is_saving.get_untracked() {
            self.set(Seq::default(), String::new());
            self.write_draft();
        }
    }

    pub fn is_editing(self) -> bool {
        self.seq.get() > Seq::default()
    }

    /// See [`EditStore::is_editing`]; does not track it.
    pub fn is_editing_now(self) -> bool {
        untrack(|| self.is_editing())
    }

    pub fn is_saving(self) -> bool {
        self.is_saving.get()
    }

    /// `None` unless a message is being edited.
    pub fn text(self) -> Option<String> {
        self.is_editing().then(|| self.text.get())
    }

    fn current_text(self) -> String {
        self.text.get_untracked()
    }

    /// Why the text could not be saved; empty without an error.
    pub fn error(self) -> String {
        self.error.get()
    }

    pub fn set_text(self, text: String) {
        self.set(self.seq.get_untracked(), text);
        self.write_draft();
    }

    /// The code that would have saved the edit could not be loaded.
    pub fn report_not_loaded(self) {
        self.error.set(strings::errors::PART_NOT_LOADED.to_owned());
    }

    /// Changes with the text and the message.
    pub fn edit_id(self) -> Uuid {
        self.edit_id.get_value()
    }

    /// Saves the edit with this id, unless the user has gone on meanwhile.
    pub fn save(self, edit_id: Uuid) {
        let (seq, text) = (self.seq.get_untracked(), self.current_text());
        if self.edit_id() != edit_id || self.is_saving.get_untracked() {
            return;
        }
        if self.is_unchanged(seq) {
            return self.cancel();
        }
        let text = mention_text::encode(&self.sync, text);
        let has_files =
            self.sync.with_timeline_untracked(|timeline| Some(!timeline?.message(seq)?.files.is_empty()));
        if let Err(code) = check_text_beside_files(&text, has_files.unwrap_or_default()) {
            return self.error.set(strings::errors::for_field("message", code));
        }
        self.is_saving.set(true);
        self.error.set(String::new());
        let edit = EditMessage { message: text, edit_id: Some(edit_id) };
        spawn_local(self.send(self.sync.current_uri(), seq, edit, edit_id));
    }

    async fn send(self, uri: String, seq: Seq, edit: EditMessage, edit_id: Uuid) {
        let response = self.sync.session().send(api::edit_message(&uri, seq, &edit)).await;
        // Without a socket, nothing else brings the change into the timeline.
        if response.is_ok() && !self.sync.has_socket() {
            self.sync.fetch_changes();
        }
        if response.is_ok() {
            // The user may have opened another chat meanwhile.
            self.store_draft(&uri, None);
        }
        if self.edit_id.get_value() != edit_id {
            return;
        }
        self.is_saving.set(false);
        match response.err() {
            None => {
                self.cancel();
                self.announcements.announce(strings::MESSAGE_EDITED.to_owned());
            }
            Some(error) => self.error.set(strings::not_saved(error.problem())),
        }
    }

    /// Keeps the edit over a reload of the tab: `<seq>` and the text in the next lines.
    fn write_draft(self) {
        let draft = format!("{}\n{}", self.seq.get_untracked(), self.current_text());
        self.store_draft(&self.sync.current_uri(), Some(&draft).filter(|_| self.is_editing_now()));
    }

    fn store_draft(self, uri: &str, draft: Option<&String>) {
        if let Some(key) = self.draft_key(uri) {
            storage::write(storage::tab(), &key, draft.map(String::as_str));
        }
    }

    fn restore_draft(self) {
        let key = self.draft_key(&self.sync.current_uri());
        let draft = key.and_then(|key| storage::read(storage::tab(), &key)).unwrap_or_default();
        if let Some((seq, text)) = draft.split_once('\n') {
            self.set(seq.parse().unwrap_or_default(), text.to_owned());
        }
    }

    fn draft_key(self, uri: &str) -> Option<String> {
        Some(self.drafts.key(uri)? + "/edit")
    }
}

fn is_editable(timeline: &Timeline, message: &Message, member: CurrentMember) -> bool {
    let chat = timeline.chat();
    let is_own_text = message.user.id == member.user_id && message.event.is_none() && !message.deleted;
    let age = clock::now() - clock::stored_at(message);
    is_own_text && member.role >= Role::Writer && !chat.closed && chat.edit_window.is_open(age)
}
