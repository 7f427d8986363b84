//! Moves the focus between messages with the arrow keys.

use leptos::ev;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

/// From the list, the up arrow leads to the newest message. Tab leads from a message to its actions.
pub fn move_focus(event: &ev::KeyboardEvent) {
    let is_up = match event.key().as_str() {
        "ArrowUp" => true,
        "ArrowDown" => false,
        _ => return,
    };
    let Some(focused) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else { return };
    let next = if focused.class_list().contains("log") {
        last_message(&focused).filter(|_| is_up)
    } else if is_message(&focused) {
        next_message(&focused, is_up)
    } else {
        None
    };
    if let Some(next) = next {
        event.prevent_default();
        // If the message cannot take the focus, the focus stays where it is.
        let _focused = next.focus();
    }
}

fn is_message(element: &Element) -> bool {
    element.tag_name().eq_ignore_ascii_case("article")
}

fn last_message(log: &Element) -> Option<HtmlElement> {
    let messages = log.query_selector_all("article").ok()?;
    messages.item(messages.length().checked_sub(1)?)?.dyn_into().ok()
}

/// Skips day separators and event lines.
fn next_message(focused: &Element, is_up: bool) -> Option<HtmlElement> {
    let sibling = |element: &Element| {
        if is_up { element.previous_element_sibling() } else { element.next_element_sibling() }
    };
    let mut next = sibling(focused);
    while let Some(element) = next {
        if is_message(&element) {
            return element.dyn_into().ok();
        }
        next = sibling(&element);
    }
    None
}
