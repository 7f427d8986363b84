//! Quotes in messages lead to the message that they quote.

use leptos::{ev, task::spawn_local};
use shared::id::Seq;
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::{body::QUOTED_SEQ, scroll::ScrollPosition};
use crate::chat::state::viewport::ViewportStore;

/// Shows the quoted message, if the click is on a quote.
pub fn follow_quote(event: &ev::MouseEvent, viewport: ViewportStore, scroll: ScrollPosition) {
    let Some(seq) = quoted_seq(event) else { return };
    spawn_local(async move {
        if let Some(element_id) = viewport.render_message(seq).await {
            scroll.show_message_soon(element_id);
        }
    });
}

fn quoted_seq(event: &ev::MouseEvent) -> Option<Seq> {
    let clicked = event.target()?.dyn_into::<Element>().ok()?;
    clicked.closest(".quote").ok()??.get_attribute(QUOTED_SEQ)?.parse().ok()
}
