//! Clicks in messages and between them. One listener for all: a listener for each element would cost too much. What a button
//! does is loaded later.

use leptos::{ev, prelude::untrack, task::spawn_local};
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::{
    body::{QUOTED_SEQ, UNFOLDED},
    message::ACTION,
    reaction_chips::read_chip,
    scroll::ScrollPosition,
};
use crate::{
    chat::{
        state::{
            deletions::DeletionStore, draft::DraftStore, reactions::ReactionStore, rows::parse_day_id,
            sync::SyncStore, viewport::ViewportStore,
        },
        tools::{files::file_store, jump_to_date},
    },
    lazy_view::{lazy_fn, reload_if_outdated},
};

/// Reactions, if the user may react; the labels of days; quotes; buttons that unfold a message, retry it or undo its deletion.
const BUTTONS: &str =
    ".reaction:not([aria-disabled=true]), .day-separator > button, .quote, .unfold, [data-action]";

#[derive(Clone, Copy)]
pub struct ClickHandler {
    pub scroll: ScrollPosition,
    pub viewport: ViewportStore,
    pub sync: SyncStore,
    pub reactions: ReactionStore,
    pub deletions: DeletionStore,
    pub draft: DraftStore,
}

impl ClickHandler {
    pub fn handle(self, event: &ev::MouseEvent) {
        let Some(clicked) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else {
            return;
        };
        self.follow_link(event, &clicked);
        if let Ok(Some(button)) = clicked.closest(BUTTONS) {
            self.press_soon(button);
        }
    }

    /// Shows the message that a link of this chat leads to.
    fn follow_link(self, event: &ev::MouseEvent, clicked: &Element) {
        // Otherwise, the link is opened in another tab or window.
        let is_plain = !event.ctrl_key() && !event.meta_key() && !event.shift_key();
        let linked = || {
            let href = clicked.closest("a").ok()??.get_attribute("href")?;
            href.strip_prefix(&untrack(|| self.sync.page_url()))?.strip_prefix("?at=")?.parse().ok()
        };
        if let Some(seq) = linked().filter(|_| is_plain) {
            event.prevent_default();
            self.viewport.request_message(seq);
        }
    }

    /// The list was scrolled, or a message that is cut off: by the focus, or a search in the page. Then that shows everything.
    pub fn handle_scroll(self, event: &ev::Event) {
        let scrolled = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        // The event of a position that was reset may come later.
        let is_revealing =
            |scrolled: &Element| scrolled.class_list().contains("clipped") && scrolled.scroll_top() > 0;
        match scrolled.filter(is_revealing) {
            None => self.scroll.on_scrolled(),
            Some(bubble) => self.press_soon(bubble),
        }
    }

    fn press_soon(self, button: Element) {
        let generation = self.reactions.generation();
        spawn_local(async move {
            if press(self, generation, button).await.is_err() {
                self.reactions.report_not_loaded();
                reload_if_outdated().await;
            }
        });
    }
}

lazy_fn! {
    tools,
    fn press(handler: ClickHandler, generation: u32, button: Element) -> () {
        if let Some((seq, emoji)) = read_chip(&button) {
            spawn_local(handler.reactions.react(generation, seq, emoji, None));
        } else if let Some(day) = parse_day_id(&button.id()) {
            jump_to_date::open(handler.viewport, handler.sync, day);
        } else if let Some(seq) = button.get_attribute(QUOTED_SEQ).and_then(|seq| seq.parse().ok()) {
            handler.viewport.request_message(seq);
        } else if let Ok(Some(bubble)) = button.closest(".long") {
            // A bubble that was scrolled is unfolded once, however often it was scrolled while this was loaded.
            if bubble != button || !bubble.has_attribute(UNFOLDED) {
                handler.scroll.toggle_fold(&bubble);
            }
        } else {
            act(handler, &button);
        }
    }
}

/// What a button does to the message whose id is its value.
fn act(ClickHandler { deletions, draft, .. }: ClickHandler, button: &Element) -> Option<()> {
    let id = button.get_attribute("value")?;
    match button.get_attribute(ACTION)?.as_str() {
        "undo" => deletions.undo(id.parse().ok()?),
        "cancel" => draft.cancel(id.parse().ok()?, file_store::renew),
        "discard" => draft.discard(id.parse().ok()?),
        "retry" => draft.retry(id.parse().ok()?),
        _ => {}
    }
    Some(())
}
