//! Walking through the messages with the arrows.

use leptos::ev;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

/// From message to message; from the list itself to the newest one. What can be done with it is the next stop of Tab.
pub fn walk(event: &ev::KeyboardEvent) {
    let back = match event.key().as_str() {
        "ArrowUp" => true,
        "ArrowDown" => false,
        _ => return,
    };
    let Some(here) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else { return };
    let next = if here.class_list().contains("log") {
        last_message(&here).filter(|_| back)
    } else if here.tag_name().eq_ignore_ascii_case("article") {
        neighbour(&here, back)
    } else {
        None
    };
    if let Some(next) = next {
        event.prevent_default();
        // A message that cannot take the focus leaves it where it is.
        let _focused = next.focus();
    }
}

fn last_message(log: &Element) -> Option<HtmlElement> {
    let messages = log.query_selector_all("article").ok()?;
    messages.item(messages.length().checked_sub(1)?)?.dyn_into().ok()
}

/// Days and what was done stand between messages, and are passed over.
fn neighbour(here: &Element, back: bool) -> Option<HtmlElement> {
    let beside = |element: &Element| {
        if back { element.previous_element_sibling() } else { element.next_element_sibling() }
    };
    let mut next = beside(here);
    while let Some(element) = next {
        if element.tag_name().eq_ignore_ascii_case("article") {
            return element.dyn_into().ok();
        }
        next = beside(&element);
    }
    None
}
