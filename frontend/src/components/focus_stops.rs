//! Moves the focus: between a search field and the links below it, and without scrolling.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{FocusOptions, HtmlElement};

/// The search field and the links of a list, in order.
pub fn focus_stops(container: &HtmlElement) -> Vec<HtmlElement> {
    let Ok(found) = container.query_selector_all("input:not([hidden]), a") else { return Vec::new() };
    (0..found.length()).filter_map(|index| found.item(index)?.dyn_into().ok()).collect()
}

/// Moves the focus by an arrow key; false for other keys.
pub fn focus_next_stop(container: &HtmlElement, key: &str) -> bool {
    let stops = focus_stops(container);
    let active = document().active_element();
    let index = stops.iter().position(|stop| active.as_ref() == Some(stop.as_ref()));
    let next = match key {
        "ArrowDown" => index.map_or(Some(0), |index| Some(index + 1)),
        "ArrowUp" => index.and_then(|index| index.checked_sub(1)),
        _ => return false,
    };
    if let Some(stop) = next.and_then(|next| stops.get(next)) {
        focus_stop(stop);
    }
    true
}

pub fn focus_stop(stop: &HtmlElement) {
    // If the element cannot take the focus, the focus stays where it is.
    let _focused = stop.focus();
}

/// Focuses the element without scrolling to it.
pub fn focus_in_place(element: &HtmlElement) {
    let options = FocusOptions::new();
    options.set_prevent_scroll(true);
    // If the element cannot take the focus, the focus stays where it is.
    let _focused = element.focus_with_options(&options);
}
