//! Clicks in messages and between them. One listener for all: a listener for each element would cost too much.

use leptos::{ev, task::spawn_local};
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::{fold::toggle_clicked, quote::follow_link, reaction_chips::read_chip, scroll::ScrollPosition};
use crate::{
    chat::{
        state::{reactions::ReactionStore, rows::parse_day_id, sync::SyncStore, viewport::ViewportStore},
        tools::jump_to_date,
    },
    lazy_view::{lazy_fn, reload_if_outdated},
};

/// The buttons whose code is loaded later: reactions, if the user may react, and the labels of days.
const LAZY_BUTTONS: &str = ".reaction:not([aria-disabled=true]), .day-separator > button";

#[derive(Clone, Copy)]
pub struct ClickHandler {
    pub scroll: ScrollPosition,
    pub viewport: ViewportStore,
    pub sync: SyncStore,
    pub reactions: ReactionStore,
}

impl ClickHandler {
    pub fn handle(self, event: &ev::MouseEvent) {
        toggle_clicked(event, &self.scroll);
        follow_link(event, self.sync, self.viewport);
        let clicked = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        if let Some(button) = clicked.and_then(|clicked| clicked.closest(LAZY_BUTTONS).ok().flatten()) {
            let generation = self.reactions.generation();
            spawn_local(async move {
                if press(self, generation, button).await.is_err() {
                    self.reactions.report_not_loaded();
                    reload_if_outdated().await;
                }
            });
        }
    }
}

lazy_fn! {
    tools,
    fn press(handler: ClickHandler, generation: u32, button: Element) -> () {
        if let Some((seq, emoji)) = read_chip(&button) {
            spawn_local(handler.reactions.react(generation, seq, emoji, None));
        } else if let Some(day) = parse_day_id(&button.id()) {
            jump_to_date::open(handler.viewport, handler.sync, day);
        }
    }
}
