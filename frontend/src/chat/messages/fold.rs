//! Long messages show 20 lines, and the rest when the user asks for it. The style sheet cuts them off.

use leptos::ev;
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::scroll::ScrollPosition;

/// Shows the rest of a message, or hides it, if the click is on its button.
pub fn toggle_clicked(event: &ev::MouseEvent, scroll: &ScrollPosition) {
    let clicked = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let button = clicked.filter(|clicked| clicked.class_list().contains("unfold"));
    if let Some(bubble) = button.and_then(|button| button.parent_element()) {
        scroll.toggle_fold(&bubble);
    }
}

/// The list was scrolled, or a message that is cut off: by the focus, or a search in the page. Then that shows everything.
pub fn unfold_scrolled(event: &ev::Event, scroll: &ScrollPosition) {
    let scrolled = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    // The event of a position that was reset may come later.
    let is_revealing =
        |scrolled: &Element| scrolled.class_list().contains("clipped") && scrolled.scroll_top() > 0;
    match scrolled.filter(is_revealing) {
        None => scroll.on_scrolled(),
        Some(bubble) => scroll.toggle_fold(&bubble),
    }
}
