//! The message that is being written, and what becomes of those that were sent.

use leptos::{ev, prelude::*};
use shared::{
    id::Seq,
    member::Role,
    mentions::Mentions,
    message::check_text_beside_files,
    problem::{FieldCode, Problem},
};
use uuid::Uuid;

use super::{
    mention_text,
    sync::{SyncEvent, SyncStore},
};
use crate::{
    chat::announcer::Announcements,
    clock,
    drafts::{Drafts, FILES_SUFFIX},
    outbox::{
        MessageContent, PendingMessage, join_ids, parse_ids,
        sender::{OutboxEvent, OutboxSender},
    },
    skeleton::{self, TypedText},
    strings,
};

/// Why the user cannot write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteRestriction {
    ChatClosed,
    ReaderRole,
}

#[derive(Clone, Copy)]
pub struct DraftStore {
    sync: SyncStore,
    outbox: OutboxSender,
    drafts: Drafts,
    announcements: Announcements,
    text: RwSignal<String>,
    /// The message that is being replied to; 0 without one.
    reply_to: RwSignal<Seq>,
    /// The ids of its files; see [`join_ids`].
    files: RwSignal<String>,
    error: RwSignal<Option<FieldCode>>,
    focus_requested: Trigger,
}

impl DraftStore {
    pub fn new(sync: SyncStore, outbox: OutboxSender, drafts: Drafts, announcements: Announcements) -> Self {
        let (text, files) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
        let (reply_to, error) = (RwSignal::new(Seq::default()), RwSignal::new(None));
        let focus_requested = Trigger::new();
        let store =
            Self { sync, outbox, drafts, announcements, text, reply_to, files, error, focus_requested };
        sync.subscribe(move |event| store.handle_sync_event(event));
        outbox.subscribe(move |event| store.handle_outbox_event(event));
        // The draft was changed in another tab.
        let _storage = window_event_listener(ev::storage, move |event| {
            let (Some(key), uri) = (event.key(), sync.current_uri()) else { return };
            let value = event.new_value().unwrap_or_default();
            if Some(&key) == drafts.key(&uri).as_ref() {
                store.text.set(value);
            } else if Some(&key) == drafts.key(&reply_name(&uri)).as_ref() {
                store.reply_to.set(value.parse().unwrap_or_default());
            } else if Some(&key) == drafts.key(&files_name(&uri)).as_ref() {
                store.files.set(value);
            }
        });
        store
    }

    fn handle_sync_event(&self, event: &SyncEvent) {
        match event {
            SyncEvent::Reset => {
                self.load_stored();
                self.error.set(None);
            }
            // If it is empty, there may be a draft under the new URI.
            SyncEvent::UriChanged(before) if !self.is_empty() => {
                for name in [before, &reply_name(before), &files_name(before)] {
                    self.drafts.write(name, "");
                }
                self.drafts.write(&self.sync.current_uri(), &self.text.get_untracked());
                self.set_reply_to(self.current_reply());
                self.set_files(self.files.get_untracked());
            }
            SyncEvent::UriChanged(_) => {}
            SyncEvent::Joined(_) => {
                // The user was not known when the chat was opened.
                if self.is_empty() {
                    self.load_stored();
                }
                self.continue_skeleton();
                self.acknowledge();
            }
            SyncEvent::Applied(_) => {
                self.acknowledge();
                let is_held = untrack(|| self.slow_mode_seconds() > 0 && self.restriction().is_none());
                if !is_held {
                    self.outbox.end_slow_mode(self.sync.current_chat_id());
                }
            }
        }
    }

    fn handle_outbox_event(&self, event: &OutboxEvent) {
        match event {
            OutboxEvent::Stored(client_id) if self.is_for_this_chat(*client_id) => {
                self.acknowledge();
                // Without a socket, nothing else brings the message into the timeline.
                if !self.sync.socket().is_open() {
                    self.sync.fetch_changes();
                }
            }
            OutboxEvent::Failed(client_id, problem) if self.is_for_this_chat(*client_id) => {
                if !self.restore_text(*client_id, problem) {
                    let line =
                        strings::author_and_text(strings::NOT_SENT, strings::errors::for_code(problem.code));
                    self.announcements.announce(line);
                }
            }
            OutboxEvent::Stored(_) | OutboxEvent::Failed(..) | OutboxEvent::UploadsWait => {}
        }
    }

    /// Takes over what was typed before the program ran.
    fn continue_skeleton(&self) {
        let Some(typed) = skeleton::typed_text("message") else { return };
        let TypedText { text: Some(text), has_draft, is_submitted, .. } = typed else { return };
        let other_draft = if has_draft { String::new() } else { self.text.get_untracked() };
        if is_submitted && untrack(|| self.restriction()).is_none() {
            // What belongs to another draft stays with it.
            let other = (!has_draft && !self.is_empty()).then(|| self.content(other_draft));
            self.set_text(text);
            if other.is_some() {
                self.set_reply_to(None);
                self.set_files(String::new());
            }
            if self.send()
                && let Some(other) = other
            {
                self.set_content(other);
            }
        } else if other_draft.is_empty() {
            self.set_text(text);
        } else {
            self.set_text(format!("{other_draft}\n{text}"));
        }
    }

    pub fn text(&self) -> String {
        self.text.get()
    }

    /// The message that is being replied to.
    pub fn reply_to(&self) -> Option<Seq> {
        Some(self.reply_to.get()).filter(|seq| *seq > Seq::default())
    }

    /// See [`DraftStore::reply_to`]; does not track it.
    pub fn current_reply(&self) -> Option<Seq> {
        untrack(|| self.reply_to())
    }

    pub fn set_reply_to(&self, seq: Option<Seq>) {
        let stored = seq.map(|seq| seq.to_string()).unwrap_or_default();
        self.drafts.write(&reply_name(&self.sync.current_uri()), &stored);
        self.reply_to.set(seq.unwrap_or_default());
    }

    /// The ids of the files.
    pub fn files(&self) -> Vec<Uuid> {
        parse_ids(&self.files.read())
    }

    /// See [`DraftStore::files`]; does not track them.
    pub fn current_files(&self) -> Vec<Uuid> {
        untrack(|| self.files())
    }

    /// The outbox that it is sent through.
    pub fn outbox(&self) -> OutboxSender {
        self.outbox
    }

    pub fn has_files(&self) -> bool {
        !self.files.read().is_empty()
    }

    /// See [`join_ids`].
    pub fn set_files(&self, files: String) {
        self.drafts.write(&files_name(&self.sync.current_uri()), &files);
        self.files.set(files);
    }

    /// Leaves out a file that this page cannot find. Another tab may have it.
    pub fn leave_out(&self, id: Uuid) {
        let mut files = self.current_files();
        files.retain(|file| *file != id);
        self.files.set(join_ids(&files));
    }

    /// The draft, with this text.
    fn content(&self, text: String) -> MessageContent {
        MessageContent { text, reply_to: self.current_reply(), files: self.current_files() }
    }

    /// Replaces the draft.
    fn set_content(&self, MessageContent { text, reply_to, files }: MessageContent) {
        self.set_text(text);
        self.set_reply_to(reply_to);
        self.set_files(join_ids(&files));
    }

    fn is_empty(&self) -> bool {
        self.text.read_untracked().is_empty() && self.files.read_untracked().is_empty()
    }

    /// Moves the focus to the composer.
    pub fn request_focus(&self) {
        self.focus_requested.notify();
    }

    /// Tracks [`DraftStore::request_focus`].
    pub fn track_focus_requests(&self) {
        self.focus_requested.track();
    }

    /// What is wrong with the text.
    pub fn error(&self) -> Option<FieldCode> {
        self.error.get()
    }

    pub fn set_text(&self, text: String) {
        self.drafts.write(&self.sync.current_uri(), &text);
        self.text.set(text);
        if self.error.get_untracked().is_some() {
            self.error.set(None);
        }
    }

    /// Moves the draft to the outbox. Returns whether it was valid.
    pub fn send(&self) -> bool {
        let content = self.content(mention_text::encode(&self.sync, self.text.get_untracked()));
        match check_text_beside_files(&content.text, !content.files.is_empty()) {
            Ok(()) => {
                self.outbox.send(self.sync.current_chat_id(), self.sync.current_uri(), content);
                self.set_content(MessageContent::default());
                return true;
            }
            // Sending nothing is no error.
            Err(FieldCode::Blank) => {}
            Err(code) => self.error.set(Some(code)),
        }
        false
    }

    pub fn retry(&self, client_id: Uuid) {
        self.outbox.retry(client_id);
    }

    pub fn discard(&self, client_id: Uuid) {
        self.outbox.remove(client_id);
    }

    /// Takes a message back, into the composer if that is empty; otherwise one that has failed stays. The server may not take
    /// the files of that one under their ids, and `renew_file` gives them others.
    pub fn cancel(&self, client_id: Uuid, renew_file: fn(Uuid) -> Uuid) {
        let has_failed =
            self.outbox.outbox().read_untracked().find(client_id).is_some_and(PendingMessage::has_failed);
        if has_failed && !self.is_empty() {
            return self.request_focus();
        }
        if let Some(mut message) = self.outbox.remove(client_id)
            && self.is_empty()
        {
            if has_failed {
                message.files = message.files.into_iter().map(renew_file).collect();
            }
            self.restore(&message);
        }
    }

    /// Takes a message into the composer.
    fn restore(&self, message: &PendingMessage) {
        let mut content = message.content();
        if let Some(text) = mention_text::decode(&self.sync, &content.text, &Mentions::default()) {
            content.text = text;
        }
        self.set_content(content);
    }

    pub fn restriction(&self) -> Option<WriteRestriction> {
        let is_closed = self.sync.with_timeline(|timeline| timeline.is_some_and(|t| t.chat().closed));
        let is_reader = self.sync.current_member().role == Role::Reader;
        let closed = is_closed.then_some(WriteRestriction::ChatClosed);
        closed.or(is_reader.then_some(WriteRestriction::ReaderRole))
    }

    /// Seconds between two messages of this user; 0 without slow mode.
    pub fn slow_mode_seconds(&self) -> u32 {
        let seconds = self.sync.with_timeline(|timeline| timeline.map_or(0, |t| t.chat().slow_mode_seconds));
        if self.sync.current_member().is_moderator() { 0 } else { seconds }
    }

    /// Seconds until slow mode lets the next waiting message pass.
    pub fn seconds_until_send(&self) -> u64 {
        let (chat_id, user_id) = (self.sync.chat_id(), self.sync.user_id());
        let until = self.outbox.outbox().with(|outbox| outbox.slow_mode_until(chat_id, user_id));
        let left = until.map_or(0, |until| until - clock::now());
        u64::try_from(left).unwrap_or_default().div_ceil(1_000)
    }

    fn load_stored(&self) {
        let uri = self.sync.current_uri();
        let read = |name: &str| untrack(|| self.drafts.read(name));
        self.text.set(read(&uri));
        self.reply_to.set(read(&reply_name(&uri)).parse().unwrap_or_default());
        self.files.set(read(&files_name(&uri)));
    }

    fn is_for_this_chat(&self, client_id: Uuid) -> bool {
        let outbox = self.outbox.outbox().read_untracked();
        outbox.find(client_id).is_some_and(|message| self.sync.is_chat(message.chat_id))
    }

    /// Puts a text that its author has to correct back into the composer, if that is empty. Returns whether it did.
    fn restore_text(&self, client_id: Uuid, problem: &Problem) -> bool {
        let Some(error) = problem.errors.iter().find(|error| error.field == "message") else { return false };
        if !self.text.read_untracked().trim().is_empty() || untrack(|| self.has_files()) {
            return false;
        }
        if let Some(message) = self.outbox.remove(client_id) {
            self.restore(&message);
            self.error.set(Some(error.code));
        }
        true
    }

    /// Removes the messages from the outbox that the timeline has.
    fn acknowledge(&self) {
        let (chat_id, user_id) = (self.sync.current_chat_id(), self.sync.current_user_id());
        if self.outbox.outbox().read_untracked().list_for_chat(chat_id, user_id).next().is_none() {
            return;
        }
        self.sync.with_timeline_untracked(|timeline| {
            let Some(timeline) = timeline else { return };
            let is_visible =
                |id| timeline.messages().rev().any(|m| m.user.id == user_id && m.client_id == id);
            self.outbox.acknowledge(chat_id, timeline.head(), is_visible);
        });
    }
}

/// Under this name, the reply is stored beside the draft.
fn reply_name(uri: &str) -> String {
    format!("{uri}/reply")
}

/// Under this name, the ids of the files are stored beside the draft.
fn files_name(uri: &str) -> String {
    format!("{uri}{FILES_SUFFIX}")
}
