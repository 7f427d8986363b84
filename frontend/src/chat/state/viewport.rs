//! What of the chat is in view: the rendered rows, whether the end is followed, and how far the user has read.

mod paging;

use std::mem;

use leptos::{prelude::*, task::spawn_local};
use markdown::mentions::find_tokens;
use shared::{
    event::UserRef,
    id::{Seq, UserId},
    mentions::Mentions,
    message::{MESSAGE_MAX, Message},
    socket::ServerFrame,
    timeline::{Part, Timeline},
    user::User,
};
use uuid::Uuid;

use self::paging::PagingStep;
use super::{
    deletions::DeletionStore,
    quotes::Quote,
    reactions::{ReactionStore, Reactions},
    read_positions::{ReadPositions, is_unread_by},
    rows::{DeliveryStatus, ListRow, MessageItem, MessageKind, build_rows},
    sync::{SyncEvent, SyncStore},
    visible_range::VisibleRange,
};
use crate::{
    api,
    chat::{announcer::Announcements, permissions::CurrentMember},
    chat_list::ChatListStore,
    clock,
    mentions::plain_text,
    outbox::{Outbox, PendingMessage, PendingState},
    socket::{SocketEvent, status::ConnectionStatus},
    strings,
};

/// If there are more new messages than this, only their number is announced.
const ANNOUNCED_MAX: usize = 3;
/// If more messages than this arrive at once, they may not all be in view.
const IN_VIEW_MAX: usize = 10;

#[derive(Clone, Copy)]
pub struct ViewportStore {
    sync: SyncStore,
    sources: StoredValue<Sources>,
    range: RwSignal<VisibleRange>,
    /// Whether the end of the chat is in view, so that it stays in view when messages arrive.
    is_following: RwSignal<bool>,
    /// The sequence number up to which the user has seen the chat.
    seen_seq: RwSignal<Seq>,
    read_positions: RwSignal<ReadPositions>,
    /// Whether earlier or later messages are being loaded.
    is_loading: RwSignal<bool>,
    /// Counts what was asked for: the answer to an earlier request is not wanted any more.
    request: StoredValue<u32>,
    target: RwSignal<Option<ScrollTarget>>,
    /// Why a message cannot be shown; empty otherwise.
    error: RwSignal<String>,
}

/// What the list scrolls to.
#[derive(Clone)]
pub enum ScrollTarget {
    /// The id of the element.
    Message(String),
    UnreadLine,
}

#[derive(Clone, Copy)]
struct Sources {
    chat_list: ChatListStore,
    outbox: RwSignal<Outbox>,
    deletions: DeletionStore,
    reactions: ReactionStore,
    announcements: Announcements,
}

impl ViewportStore {
    pub fn new(
        sync: SyncStore,
        chat_list: ChatListStore,
        outbox: RwSignal<Outbox>,
        deletions: DeletionStore,
        reactions: ReactionStore,
        announcements: Announcements,
    ) -> Self {
        let store = Self {
            sync,
            sources: StoredValue::new(Sources { chat_list, outbox, deletions, reactions, announcements }),
            range: RwSignal::new(VisibleRange::default()),
            is_following: RwSignal::new(true),
            seen_seq: RwSignal::new(Seq::default()),
            read_positions: RwSignal::new(ReadPositions::default()),
            is_loading: RwSignal::new(false),
            request: StoredValue::new(0),
            target: RwSignal::new(None),
            error: RwSignal::new(String::new()),
        };
        sync.subscribe(move |event| store.handle_sync_event(event));
        sync.socket().subscribe(move |event| store.handle_socket_event(event));
        store
    }

    fn sources(&self) -> Sources {
        self.sources.get_value()
    }

    fn handle_sync_event(&self, event: &SyncEvent) {
        match event {
            SyncEvent::Reset => {
                self.range.set(VisibleRange::default());
                self.drop_request();
                self.clear_error();
                self.read_positions.set(ReadPositions::default());
                self.sources().announcements.clear();
            }
            SyncEvent::Joined(positions) => {
                self.drop_request();
                let uri = self.sync.current_uri();
                let listed = self.sources().chat_list.read_seq(&uri);
                let positions = ReadPositions::new(positions, self.sync.current_user_id(), listed);
                self.seen_seq.set(positions.left_off.unwrap_or_else(|| self.sync.newest_seq()));
                self.read_positions.set(positions);
                if !untrack(|| self.has_unseen_line()) {
                    self.read_positions.update(|positions| positions.left_off = None);
                }
                self.sources().chat_list.on_joined(&uri);
                self.is_following.set(true);
                self.range.update(|range| range.jump_to_end(&self.sync.part(Seq::MAX)));
                self.mark_end_seen();
            }
            SyncEvent::Applied(newest_before) => self.on_applied(*newest_before),
            SyncEvent::UriChanged(_) => {}
        }
    }

    fn handle_socket_event(&self, event: &SocketEvent) {
        match event {
            SocketEvent::Opened if self.sync.is_open() => self.refresh_read_positions(),
            SocketEvent::Frame(ServerFrame::Read { chat_id, user_id, seq })
                if self.sync.is_chat(*chat_id) =>
            {
                self.read_positions.update(|positions| positions.advance(*user_id, *seq));
            }
            _ => {}
        }
    }

    fn on_applied(&self, newest_before: Seq) {
        let is_following = self.is_following_now();
        self.range.try_maybe_update(|range| {
            let (before, part) = (*range, self.sync.part(range.start()));
            range.trim(&part, is_following);
            (*range != before, ())
        });
        if !self.range.read_untracked().has_any(&self.rendered_part()) {
            // What was rendered has expired.
            self.render_newest();
        }
        self.mark_left_off(newest_before);
        self.announce_since(newest_before);
        self.mark_end_seen();
    }

    pub fn rows(&self) -> Vec<ListRow> {
        let range = *self.range.read();
        let member = self.sync.current_member();
        self.sync.with_timeline(|timeline| {
            let Some(timeline) = timeline else { return Vec::new() };
            let visible = timeline.messages().filter(|message| range.contains(message.seq));
            let mut items: Vec<_> =
                visible.filter_map(|message| stored_item(timeline, message, member)).collect();
            for item in &mut items {
                self.sources().deletions.apply(item);
                if item.kind == MessageKind::Text {
                    item.reactions = self.sources().reactions.reactions(timeline, member, item.seq);
                }
            }
            if range.is_at_end() {
                items.extend(self.pending_items(timeline, member));
            }
            let first_unread = self.read_positions.read().first_unread(timeline, member.user_id);
            let first_unread = first_unread.and_then(|seq| timeline.message(seq));
            build_rows(items, first_unread.map(|message| message.client_id), clock::day)
        })
    }

    fn pending_items(&self, timeline: &Timeline, member: CurrentMember) -> Vec<MessageItem> {
        let user_id = member.user_id;
        let name = self.sync.session().display_name();
        let outbox = self.sources().outbox.read();
        let pending = outbox.list_for_chat(self.sync.chat_id(), user_id);
        let unstored = pending.filter(|message| !contains_pending(timeline, user_id, message));
        let is_offline = self.sync.socket().status() == Some(ConnectionStatus::Offline);
        let is_held = outbox.slow_mode_until(self.sync.chat_id(), user_id).is_some();
        let waiting = match (is_offline, is_held) {
            (true, _) => DeliveryStatus::Offline,
            (false, true) => DeliveryStatus::Held,
            (false, false) => DeliveryStatus::Sending,
        };
        let item = |message: &PendingMessage| {
            let quote = message.reply_to.map(|seq| Quote::new(timeline, member, seq));
            let mentions = timeline.mentions_in(find_tokens(&message.text).map(|(_, id)| id));
            pending_item(message, &name, quote, mentions, waiting)
        };
        unstored.map(item).collect()
    }

    /// Loads the messages that these rows quote, as far as they are missing.
    pub fn load_missing_quotes(&self, rows: &[ListRow]) {
        self.sync.load_quoted(rows.iter().filter_map(|row| row.item.quote.as_ref()));
    }

    /// Whether there are only event messages.
    pub fn is_empty(&self) -> bool {
        let is_silent = self
            .sync
            .with_timeline(|timeline| timeline.is_none_or(|t| t.messages().all(|m| m.event.is_some())));
        is_silent && !self.has_pending()
    }

    /// Whether there are messages that are not stored.
    pub fn has_pending(&self) -> bool {
        let (chat_id, user_id) = (self.sync.chat_id(), self.sync.user_id());
        self.sources().outbox.read().list_for_chat(chat_id, user_id).next().is_some()
    }

    pub fn is_following(&self) -> bool {
        self.is_following.get()
    }

    /// See [`ViewportStore::is_following`]; does not track it.
    pub fn is_following_now(&self) -> bool {
        self.is_following.get_untracked()
    }

    /// How many messages of others arrived since the user last saw the end of the chat.
    pub fn unseen_count(&self) -> usize {
        let (seen_seq, user_id) = (self.seen_seq.get(), self.sync.user_id());
        self.sync.with_timeline(|timeline| {
            let newest = timeline.iter().flat_map(|t| t.messages().rev()).take_while(|m| m.seq > seen_seq);
            newest.filter(|message| is_unread_by(message, user_id)).count()
        })
    }

    /// The view was scrolled to the end of what is rendered, or away from it.
    pub fn on_scrolled(&self, is_at_rendered_end: bool) {
        let is_following = is_at_rendered_end && self.range.read_untracked().is_at_end();
        if self.is_following_now() != is_following {
            self.is_following.set(is_following);
        }
        self.mark_end_seen();
    }

    /// If the end of the chat is in view, all messages have been seen.
    fn mark_end_seen(&self) {
        if self.is_following_now() {
            self.mark_seen(self.sync.newest_seq());
        }
    }

    /// Messages up to this one are in view. They count as read once the unread line has been in view: until then, unread
    /// ones are above.
    pub fn mark_seen(&self, seq: Seq) {
        if !is_watched() {
            return;
        }
        if self.seen_seq.get_untracked() < seq {
            self.seen_seq.set(seq);
        }
        if !untrack(|| self.has_unseen_line()) {
            let user_id = self.sync.current_user_id();
            self.read_positions.update_untracked(|positions| positions.advance(user_id, seq));
            self.sync_read_position();
        }
    }

    /// Sends the read position, unless the server has it.
    pub fn sync_read_position(&self) {
        let seq = self.read_seq();
        if seq > Seq::default() {
            let (chat_id, uri) = (self.sync.current_chat_id(), self.sync.current_uri());
            self.sources().chat_list.mark_read(chat_id, uri, seq);
        }
    }

    fn read_seq(&self) -> Seq {
        self.read_positions.read_untracked().get(self.sync.current_user_id())
    }

    pub fn has_read_all(&self) -> bool {
        self.read_seq() >= self.sync.newest_seq()
    }

    /// The place of the stored message with this id, if it is not read.
    pub fn find_unread(&self, client_id: Uuid) -> Option<Seq> {
        let read_seq = self.read_seq();
        self.sync.with_timeline_untracked(|timeline| {
            let mut unread = timeline?.messages().rev().take_while(|message| message.seq > read_seq);
            Some(unread.find(|message| message.client_id == client_id)?.seq)
        })
    }

    /// The user sent a message.
    pub fn on_sent(&self) {
        self.read_positions.update(|positions| positions.left_off = None);
        self.jump_to_end();
    }

    pub fn jump_to_end(&self) {
        self.drop_request();
        self.clear_error();
        self.is_following.set(true);
        if !self.range.read_untracked().is_at_end() {
            self.render_newest();
        }
        self.mark_end_seen();
    }

    fn render_newest(&self) {
        self.sync.update_timeline(|timeline| {
            timeline.drop_part();
            false
        });
        let newest = self.sync.part(Seq::default());
        self.range.update(|range| range.jump_to_end(&newest));
    }

    /// What was asked for before is not wanted any more.
    fn drop_request(&self) {
        self.request.update_value(|request| *request = request.wrapping_add(1));
        self.is_loading.set(false);
        self.target.set(None);
    }

    fn clear_error(&self) {
        self.error.set(String::new());
    }

    /// Renders later messages, and loads them if necessary.
    pub fn page_down(&self) {
        let is_moved = self.move_range(VisibleRange::page_down);
        let end = self.rendered_part().end;
        if let Some(end) = end.filter(|_| !is_moved && !self.is_loading.get_untracked()) {
            paging::start(*self, PagingStep::LoadAfter(Seq::new(end.get() - 1)));
        }
    }

    /// Renders earlier messages, and loads them if necessary.
    pub fn page_up(&self) {
        if self.move_range(VisibleRange::page_up) || self.is_loading.get_untracked() {
            return;
        }
        let oldest = self.sync.with_timeline_untracked(|timeline| {
            timeline.filter(|timeline| timeline.has_earlier()).and_then(Timeline::oldest_seq)
        });
        if let Some(oldest) = oldest {
            paging::start(*self, PagingStep::LoadBefore(oldest));
        }
    }

    /// Returns whether the range has moved.
    fn move_range(&self, move_range: fn(&mut VisibleRange, &Part) -> bool) -> bool {
        let part = self.rendered_part();
        let is_moved = self.range.try_maybe_update(|range| {
            let is_moved = move_range(range, &part);
            (is_moved, is_moved)
        });
        is_moved == Some(true)
    }

    fn rendered_part(&self) -> Part {
        self.sync.part(self.range.read_untracked().start())
    }

    /// Renders a message and those around it, and loads them if necessary. Then it is the [`ViewportStore::target`].
    pub fn request_message(&self, seq: Seq) {
        paging::start(*self, PagingStep::ShowMessage(seq));
    }

    /// See [`ViewportStore::request_message`].
    pub fn request_unread_line(&self) {
        paging::start(*self, PagingStep::ShowUnreadLine);
    }

    /// See [`ViewportStore::request_message`]; the first message that was stored at this time or later.
    pub fn request_time(&self, at: i64) {
        paging::start(*self, PagingStep::ShowTime(at));
    }

    /// What has been rendered on request, to be scrolled to.
    pub fn target(&self) -> Option<ScrollTarget> {
        self.target.get()
    }

    /// Why a message could not be shown; empty otherwise.
    pub fn error(&self) -> String {
        self.error.get()
    }

    pub fn is_loading(&self) -> bool {
        self.is_loading.get()
    }

    /// Puts the unread line above messages that are not in view as they arrive, if all earlier ones are read.
    fn mark_left_off(&self, newest_before: Seq) {
        let (user_id, read_seq) = (self.sync.current_user_id(), self.read_seq());
        let (new, earlier) = self.sync.with_timeline_untracked(|timeline| {
            let messages = timeline.iter().flat_map(|timeline| timeline.messages().rev());
            let later = messages.take_while(|message| message.seq > read_seq);
            let unread = later.filter(|message| is_unread_by(message, user_id));
            let seqs = unread.map(|message| message.seq);
            let (new, earlier): (Vec<_>, Vec<_>) = seqs.partition(|seq| *seq > newest_before);
            (new.len(), earlier.len())
        });
        let is_in_view = self.is_following_now() && is_watched() && new <= IN_VIEW_MAX;
        if new > 0 && earlier == 0 && newest_before > Seq::default() && !is_in_view {
            self.read_positions.update(|positions| {
                (positions.left_off, positions.is_line_seen) = (Some(newest_before), false);
            });
        }
    }

    /// Whether there is an unread line that has not been in view.
    pub fn has_unseen_line(&self) -> bool {
        let (positions, user_id) = (self.read_positions.read(), self.sync.user_id());
        self.sync.with_timeline(|timeline| timeline.is_some_and(|t| positions.has_unseen_line(t, user_id)))
    }

    pub fn mark_line_seen(&self) {
        self.read_positions.try_maybe_update(|positions| {
            let is_news = !mem::replace(&mut positions.is_line_seen, true);
            (is_news, ())
        });
    }

    /// Fetches the read positions that changed while there was no socket.
    fn refresh_read_positions(&self) {
        let store = *self;
        let generation = self.sync.generation();
        spawn_local(async move {
            let uri = store.sync.current_uri();
            let response = store.sync.session().send(api::get_read_positions(&uri)).await;
            if let (Ok(response), true) = (response, store.sync.is_current(generation)) {
                store.read_positions.update(|positions| {
                    for position in response.positions {
                        positions.advance(position.user_id, position.seq);
                    }
                });
            }
        });
    }

    /// The others who have read the last stored message.
    pub fn seen_by(&self) -> Vec<User> {
        let (positions, user_id) = (self.read_positions.read(), self.sync.user_id());
        self.sync.with_timeline(|timeline| {
            timeline.map(|timeline| positions.seen_by(timeline, user_id)).unwrap_or_default()
        })
    }

    /// Announces the messages of others that arrived after `newest_before`, and that those sent here arrived.
    fn announce_since(&self, newest_before: Seq) {
        let user_id = self.sync.current_user_id();
        let mut lines: Vec<String> = self.sync.with_timeline_untracked(|timeline| {
            let Some(timeline) = timeline else { return Vec::new() };
            let new = timeline.messages().rev().take_while(|message| message.seq > newest_before);
            let line = |message: &Message| {
                strings::author_and_text(
                    timeline.author(message).name(),
                    &plain_text(message, &timeline.mentions(message), MESSAGE_MAX),
                )
            };
            new.filter_map(|message| {
                if is_unread_by(message, user_id) {
                    Some(line(message))
                } else {
                    let is_sent_here =
                        self.sources().outbox.read_untracked().find(message.client_id).is_some();
                    is_sent_here.then(|| strings::SENT.to_owned())
                }
            })
            .collect()
        });
        lines.reverse();
        match lines.len() {
            0 => {}
            1..=ANNOUNCED_MAX => self.sources().announcements.announce(lines.join("\n")),
            count => self.sources().announcements.announce(strings::new_messages(count)),
        }
    }
}

/// Whether the user can see the page: it is visible, and has the focus.
pub fn is_watched() -> bool {
    !document().hidden() && document().has_focus().unwrap_or(true)
}

/// `None` for an event of a newer server.
fn stored_item(timeline: &Timeline, message: &Message, member: CurrentMember) -> Option<MessageItem> {
    let author = timeline.author(message);
    let is_own = author.id == member.user_id;
    let (kind, text) = match &message.event {
        Some(event) => {
            let actor = if is_own { strings::YOU } else { author.name() };
            let name = |user: &UserRef| timeline.current_name(user).to_owned();
            (MessageKind::Event, strings::events::event_sentence(actor, member.user_id, name, event)?)
        }
        None if message.deleted => (MessageKind::Deleted(1), String::new()),
        None => (MessageKind::Text, message.message.clone()),
    };
    let mentions = timeline.mentions(message);
    Some(MessageItem {
        kind,
        client_id: message.client_id,
        seq: message.seq,
        author_id: author.id,
        name: timeline.distinct_name(author),
        avatar: author.avatar.clone(),
        text,
        files: message.files.clone(),
        mentions_me: !is_own && mentions.includes(member.user_id),
        mentions,
        quote: message.reply_to.map(|seq| Quote::new(timeline, member, seq)),
        sent_at: clock::stored_at(message),
        is_own,
        edited_at: message.edited_at.map(|at| at.timestamp_millis()),
        is_deletable: kind == MessageKind::Text && member.can_delete(author.id),
        is_pinned: timeline.chat().pins.contains(&message.seq),
        status: DeliveryStatus::Sent,
        has_pending_files: false,
        reactions: Reactions::default(),
    })
}

/// `waiting` is the status of a message that is not on its way.
fn pending_item(
    message: &PendingMessage,
    name: &str,
    quote: Option<Quote>,
    mentions: Mentions,
    waiting: DeliveryStatus,
) -> MessageItem {
    MessageItem {
        kind: MessageKind::Text,
        client_id: message.client_id,
        seq: Seq::default(),
        author_id: message.user_id,
        name: name.to_owned(),
        // The user's own messages have no avatar.
        avatar: String::new(),
        text: message.text.clone(),
        files: Vec::new(),
        mentions,
        mentions_me: false,
        quote,
        sent_at: message.queued_at,
        is_own: true,
        edited_at: None,
        is_deletable: false,
        is_pinned: false,
        status: match message.state {
            PendingState::Uploading if waiting != DeliveryStatus::Offline => DeliveryStatus::Uploading,
            PendingState::Uploading | PendingState::Waiting => waiting,
            PendingState::InFlight => DeliveryStatus::Sending,
            PendingState::Stored(_) => DeliveryStatus::Sent,
            PendingState::Failed(code) => DeliveryStatus::Failed(code),
        },
        has_pending_files: !message.files.is_empty(),
        reactions: Reactions::default(),
    }
}

/// Whether the pending message is in the timeline already.
fn contains_pending(timeline: &Timeline, user_id: UserId, pending: &PendingMessage) -> bool {
    timeline.messages().rev().any(|m| m.user.id == user_id && m.client_id == pending.client_id)
}
