//! Loads messages further up or down, or around one that is to be shown. Loaded after the first view, which needs none of it.

use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, task::spawn_local};
use shared::{id::Seq, message::MessagePage, timeline::Timeline};

use super::{Target, ViewportStore};
use crate::{
    api,
    chat::state::{rows::element_id, visible_range::VisibleRange},
    lazy_view::lazy_fn,
    request_error::RequestError,
    strings,
};

/// For how long it is shown why a message could not be shown, in milliseconds.
const ERROR_DURATION: u32 = 8_000;

pub enum Step {
    LoadBefore(Seq),
    LoadAfter(Seq),
    ShowMessage(Seq),
    ShowUnreadLine,
}

/// Does it when the module has been loaded.
pub fn start(viewport: ViewportStore, step: Step) {
    viewport.is_loading.set(true);
    let generation = viewport.sync.generation();
    spawn_local(async move {
        if run(viewport, step).await.is_err() && viewport.sync.is_current(generation) {
            viewport.is_loading.set(false);
            viewport.error.set(strings::errors::PART_NOT_LOADED.to_owned());
        }
    });
}

lazy_fn! {
    actions,
    fn run(viewport: ViewportStore, step: Step) -> () {
        spawn_local(async move {
            let generation = viewport.sync.generation();
            let result = viewport.run(step).await;
            if viewport.sync.is_current(generation) {
                viewport.is_loading.set(false);
                if let Err(error) = result {
                    viewport.show_error(error).await;
                }
            }
        });
    }
}

impl ViewportStore {
    /// Returns an error to be shown.
    async fn run(self, step: Step) -> Result<(), String> {
        match step {
            // Tried again when the list is scrolled.
            Step::LoadBefore(oldest) => {
                let take = |timeline: &mut Timeline, page| timeline.prepend_page(oldest, page);
                if self.load("before", oldest, &take).await.is_ok() {
                    self.drop_distant();
                    self.move_range(VisibleRange::page_up);
                }
                Ok(())
            }
            Step::LoadAfter(last) => {
                let take = |timeline: &mut Timeline, page| timeline.append_page(last, page);
                if self.load("after", last, &take).await.is_ok() {
                    self.drop_distant();
                    self.move_range(VisibleRange::page_down);
                }
                Ok(())
            }
            Step::ShowMessage(seq) => self.show_message(seq).await,
            Step::ShowUnreadLine => self.show_unread_line().await,
        }
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

    /// If the chat was closed meanwhile, its timeline is gone and nothing happens.
    async fn load(
        self,
        parameter: &str,
        seq: Seq,
        take: &dyn Fn(&mut Timeline, MessagePage) -> bool,
    ) -> Result<(), RequestError> {
        let (sync, generation) = (self.sync, self.sync.generation());
        let page = sync.session().send(api::get_messages(&sync.current_uri(), parameter, seq)).await?;
        if sync.is_current(generation) {
            sync.update_timeline(|timeline| take(timeline, page));
        }
        Ok(())
    }

    fn drop_distant(self) {
        let range = self.range.get_untracked();
        self.sync.update_timeline(|timeline| {
            timeline.drop_distant(range.start(), range.end().unwrap_or(Seq::MAX));
            false
        });
    }

    async fn load_around(self, seq: Seq) -> Result<(), String> {
        let loaded = self.load("around", seq, &|timeline, page| timeline.replace_part(page)).await;
        loaded.map_err(|error| strings::errors::for_request(error.problem()))
    }

    async fn show_message(self, seq: Seq) -> Result<(), String> {
        let find = || self.sync.with_timeline_untracked(|timeline| Some(timeline?.message(seq)?.client_id));
        if find().is_none() {
            self.load_around(seq).await?;
        }
        let client_id = find().ok_or_else(|| strings::MESSAGE_NOT_FOUND.to_owned())?;
        self.jump_to(seq);
        self.target.set(Some(Target::Message(element_id(client_id))));
        Ok(())
    }

    async fn show_unread_line(self) -> Result<(), String> {
        let find = || {
            let (positions, user_id) = (self.read_positions.read_untracked(), self.sync.current_user_id());
            self.sync.with_timeline_untracked(|timeline| positions.first_unread(timeline?, user_id))
        };
        let left_off = self.read_positions.read_untracked().left_off;
        if let Some(left_off) = left_off.filter(|_| find().is_none()) {
            self.load_around(left_off).await?;
        }
        if let Some(first_unread) = find() {
            self.jump_to(first_unread);
            self.target.set(Some(Target::UnreadLine));
        } else {
            // It is too far down. From now on, the end of the chat in view counts as read.
            self.mark_line_seen();
        }
        Ok(())
    }

    fn jump_to(self, seq: Seq) {
        self.is_following.set(false);
        let part = self.sync.part(seq);
        self.range.update(|range| range.jump_to(&part, seq));
    }
}
