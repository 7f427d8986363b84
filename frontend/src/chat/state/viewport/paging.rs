//! Loads messages further up or down, or around one that is to be shown. Loaded after the first view, which needs none of it.

use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, task::spawn_local};
use shared::{
    event::Event,
    id::Seq,
    message::{Message, MessagePage},
    timeline::Timeline,
};

use super::{ScrollTarget, ViewportStore};
use crate::{
    api,
    chat::state::{
        read_positions::is_unread_by,
        rows::{day_id, element_id},
        visible_range::VisibleRange,
    },
    clock,
    lazy_view::{lazy_fn, reload_if_outdated},
    strings,
};

/// For how long it is shown why something could not be done, in milliseconds.
const ERROR_DURATION: u32 = 8_000;
/// How many pages are searched for the first unread message: the user's own messages may come before it.
const UNREAD_PAGES_MAX: usize = 5;

pub enum PagingStep {
    LoadBefore(Seq),
    LoadAfter(Seq),
    ShowMessage(Seq),
    ShowUnreadLine,
    /// The first message that was stored at this time or later.
    ShowTime(i64),
}

impl PagingStep {
    /// Whether the user has only scrolled there.
    fn is_scrolling(&self) -> bool {
        matches!(self, Self::LoadBefore(_) | Self::LoadAfter(_))
    }
}

/// Why a step has not been done.
enum Failure {
    /// Something else was asked for since.
    Outdated,
    /// An error to be shown.
    Error(String),
}

/// Does it when the module has been loaded, instead of what was asked for before.
pub fn start(viewport: ViewportStore, step: PagingStep) {
    viewport.drop_request();
    // What a jump has to say stays when it leads to where more has to be loaded.
    if !step.is_scrolling() {
        viewport.clear_error();
    }
    viewport.is_loading.set(true);
    let request = viewport.request.get_value();
    spawn_local(async move {
        if run(viewport, step, request).await.is_err() && viewport.is_requested(request) {
            viewport.is_loading.set(false);
            viewport.error.set(strings::errors::PART_NOT_LOADED.to_owned());
            reload_if_outdated().await;
        }
    });
}

lazy_fn! {
    tools,
    fn run(viewport: ViewportStore, step: PagingStep, request: u32) -> () {
        if viewport.error.get_untracked() == strings::errors::PART_NOT_LOADED {
            viewport.clear_error();
        }
        spawn_local(async move {
            let result = viewport.run(&step, request).await;
            if !viewport.is_requested(request) {
                return;
            }
            viewport.is_loading.set(false);
            // What was not loaded by scrolling is loaded when the list is scrolled again.
            if let Err(Failure::Error(error)) = result && !step.is_scrolling() {
                viewport.show_error(error).await;
            }
        });
    }
}

impl ViewportStore {
    async fn run(self, step: &PagingStep, request: u32) -> Result<(), Failure> {
        match *step {
            PagingStep::LoadBefore(oldest) => {
                let page = self.fetch(format!("before={oldest}"), request).await?;
                self.take(|timeline| timeline.prepend_page(oldest, page));
                self.move_range(VisibleRange::page_up);
                Ok(())
            }
            PagingStep::LoadAfter(last) => {
                let page = self.fetch(format!("after={last}"), request).await?;
                self.take(|timeline| timeline.append_page(last, page));
                self.move_range(VisibleRange::page_down);
                Ok(())
            }
            PagingStep::ShowMessage(seq) => self.show_message(seq, request).await,
            PagingStep::ShowUnreadLine => self.show_unread_line(request).await,
            PagingStep::ShowTime(at) => self.show_time(at, request).await,
        }
    }

    /// Whether nothing else was asked for since.
    fn is_requested(self, request: u32) -> bool {
        self.request.get_value() == request
    }

    /// Shows above the messages why something could not be done; returns when it is hidden.
    pub async fn show_error(self, error: String) {
        self.error.set(error.clone());
        TimeoutFuture::new(ERROR_DURATION).await;
        // Another one may have replaced it.
        if self.error.get_untracked() == error {
            self.error.set(String::new());
        }
    }

    async fn fetch(self, selection: String, request: u32) -> Result<MessagePage, Failure> {
        let uri = self.sync.current_uri();
        let page = self.sync.session().send(api::get_messages(&uri, &selection)).await;
        if !self.is_requested(request) {
            return Err(Failure::Outdated);
        }
        page.map_err(|error| Failure::Error(strings::errors::for_request(error.problem())))
    }

    /// Takes in a page next to what is rendered, and drops what is far from that.
    fn take(self, take: impl FnOnce(&mut Timeline) -> bool) {
        let rendered = self.range.get_untracked();
        self.sync.update_timeline(|timeline| {
            let is_behind = take(timeline);
            timeline.drop_distant(rendered.start(), rendered.end().unwrap_or(Seq::MAX));
            is_behind
        });
    }

    async fn show_message(self, seq: Seq, request: u32) -> Result<(), Failure> {
        let message = self.load_around(seq, request).await?;
        // Neither has a row of its own.
        let Some(message) = message.filter(|message| !message.deleted && message.event.is_none()) else {
            return Err(Failure::Error(strings::MESSAGE_NOT_FOUND.to_owned()));
        };
        self.jump_to(seq);
        self.target.set(Some(ScrollTarget::Message(element_id(message.client_id))));
        Ok(())
    }

    /// `None` if there is no such message; then nothing changes.
    async fn load_around(self, seq: Seq, request: u32) -> Result<Option<Message>, Failure> {
        let find = || self.sync.with_timeline_untracked(|timeline| timeline?.message(seq).cloned());
        if find().is_none() {
            let page = self.fetch(format!("around={seq}"), request).await?;
            if page.messages.iter().any(|message| message.seq == seq) {
                self.sync.update_timeline(|timeline| timeline.replace_part(page));
            }
        }
        Ok(find())
    }

    async fn show_unread_line(self, request: u32) -> Result<(), Failure> {
        let find = || {
            let (positions, user_id) = (self.read_positions.read_untracked(), self.sync.current_user_id());
            self.sync.with_timeline_untracked(|timeline| positions.first_unread(timeline?, user_id))
        };
        let left_off = self.read_positions.read_untracked().left_off;
        if let (None, Some(left_off)) = (find(), left_off)
            && let Some(unread) = self.fetch_first_unread(left_off, request).await?
        {
            self.load_around(unread.seq, request).await?;
            if find().is_none() {
                // The line is further up than what is loaded.
                self.mark_line_seen();
                self.jump_to(unread.seq);
                self.target.set(Some(ScrollTarget::Message(element_id(unread.client_id))));
                return Ok(());
            }
        }
        if let Some(first_unread) = find() {
            self.jump_to(first_unread);
            self.target.set(Some(ScrollTarget::UnreadLine));
        } else {
            // From now on, the end of the chat in view counts as read.
            self.mark_line_seen();
        }
        Ok(())
    }

    /// Below the label of its day, which gets the focus. If it is of a later day than asked for, says so.
    async fn show_time(self, at: i64, request: u32) -> Result<(), Failure> {
        let page = self.fetch(format!("since={}&limit=1", clock::iso(at)), request).await?;
        let nothing = || Failure::Error(strings::dates::nothing_since(at));
        let start = page.messages.first().ok_or_else(nothing)?.seq;
        self.load_around(start, request).await?;
        // An event of a newer server has no row.
        let has_row = |message: &&Message| message.seq >= start && message.event != Some(Event::Unknown);
        let first = self.sync.with_timeline_untracked(|timeline| {
            let timeline = timeline?;
            let seqs = timeline.part(start).seqs;
            let mut messages = seqs.iter().filter_map(|seq| timeline.message(*seq));
            messages.find(has_row).map(|message| (message.seq, clock::stored_at(message)))
        });
        let (seq, found_at) = first.ok_or_else(nothing)?;
        self.jump_to(seq);
        self.target.set(Some(ScrollTarget::Message(day_id(found_at))));
        let is_later = at > 0 && clock::day(at) < clock::day(found_at);
        if is_later { Err(Failure::Error(strings::dates::nothing_on(at, found_at))) } else { Ok(()) }
    }

    async fn fetch_first_unread(self, left_off: Seq, request: u32) -> Result<Option<Message>, Failure> {
        let (user_id, mut after) = (self.sync.current_user_id(), left_off);
        for _ in 0..UNREAD_PAGES_MAX {
            let MessagePage { mut messages, .. } = self.fetch(format!("after={after}"), request).await?;
            if let Some(index) = messages.iter().position(|message| is_unread_by(message, user_id)) {
                return Ok(Some(messages.swap_remove(index)));
            }
            let Some(last) = messages.last() else { break };
            after = last.seq;
        }
        Ok(None)
    }

    fn jump_to(self, seq: Seq) {
        self.is_following.set(false);
        let part = self.sync.part(seq);
        self.range.update(|range| range.jump_to(&part, seq));
    }
}
