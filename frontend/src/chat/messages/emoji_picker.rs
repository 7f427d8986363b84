//! A dialog with all emoji, and a search for them.

use leptos::{callback::Callable, ev, html, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use crate::{
    components::{elements::append, emoji_search::EMOJI},
    input_method::{is_composing, is_touch_screen},
    lazy_view::lazy_view,
    storage, strings,
};

/// The key of the emoji that were picked last, separated by spaces.
const RECENT: &str = "emoji";
/// Two rows on a phone.
const RECENT_MAX: usize = 14;

lazy_view! {
    tools,
    pub fn emoji_picker(on_picked: Callback<String>, on_closed: Callback<()>) {
        view! { <EmojiPicker on_picked on_closed /> }
    }
}

/// The elements of the picker.
#[derive(Clone, Copy)]
struct Picker {
    dialog: NodeRef<html::Dialog>,
    search: NodeRef<html::Input>,
    groups: NodeRef<html::Div>,
    is_nothing_found: RwSignal<bool>,
    on_picked: Callback<String>,
}

impl Picker {
    fn open(self) {
        let (Some(dialog), Some(groups)) = (self.dialog.get_untracked(), self.groups.get_untracked()) else {
            return;
        };
        // Fails only for a dialog outside the page.
        let _shown = dialog.show_modal();
        // On touch screens, the keyboard would cover the emoji.
        let focused: Option<HtmlElement> = if is_touch_screen() {
            groups.dyn_into().ok()
        } else {
            self.search.get_untracked().and_then(|search| search.dyn_into().ok())
        };
        focus(focused.as_ref());
    }

    fn pick(self, button: &Element) {
        if let (Some(emoji), Some(dialog)) = (button.get_attribute("value"), self.dialog.get_untracked()) {
            remember(&emoji);
            // While it is open, nothing outside of it can take the focus.
            dialog.close();
            self.on_picked.run(emoji);
        }
    }

    fn filter(self, text: &str) {
        if let Some(groups) = self.groups.get_untracked() {
            self.is_nothing_found.set(!filter(&groups, text));
        }
    }

    fn on_search_key(self, event: &ev::KeyboardEvent) {
        if is_composing(event) {
            return;
        }
        let buttons = self.groups.get_untracked().map(|groups| visible_buttons(&groups)).unwrap_or_default();
        match event.key().as_str() {
            "ArrowDown" => {
                event.prevent_default();
                focus(buttons.first());
            }
            "Enter" => {
                if let Some(first) = buttons.first() {
                    self.pick(first);
                }
            }
            _ => {}
        }
    }

    fn on_click(self, event: &ev::MouseEvent) {
        let clicked = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        if let Some(button) = clicked.and_then(|clicked| clicked.closest("button").ok().flatten()) {
            self.pick(&button);
        }
    }
}

#[component]
fn EmojiPicker(on_picked: Callback<String>, on_closed: Callback<()>) -> impl IntoView {
    let (dialog, search, groups) = (NodeRef::new(), NodeRef::new(), NodeRef::new());
    let is_nothing_found = RwSignal::new(false);
    let picker = Picker { dialog, search, groups, is_nothing_found, on_picked };
    request_animation_frame(move || picker.open());
    let status = move || is_nothing_found.get().then_some(strings::NO_EMOJI_FOUND);
    let on_key = |event: ev::KeyboardEvent| {
        if move_focus(&event).is_some() {
            event.prevent_default();
        }
    };
    // The menu may be gone by then.
    let close = move |_| on_closed.try_run(()).unwrap_or_default();
    view! {
        <dialog
            class="dialog emoji-picker"
            node_ref=dialog
            aria-label=strings::MORE_EMOJI
            closedby="any"
            on:keydown=|event| event.stop_propagation()
            on:close=close
        >
            <SearchField picker />
            <p class="hint" role="status">{status}</p>
            <div
                class="emoji-groups"
                tabindex="-1"
                node_ref=groups
                use:fill
                on:keydown=on_key
                on:click=move |event| picker.on_click(&event)
            />
            <form method="dialog">
                <button class="plain">{strings::CLOSE}</button>
            </form>
        </dialog>
    }
}

#[component]
fn SearchField(picker: Picker) -> impl IntoView {
    view! {
        <div class="input">
            <input
                type="search"
                node_ref=picker.search
                aria-label=strings::SEARCH_EMOJI
                placeholder=strings::SEARCH_EMOJI
                autocomplete="off"
                on:input=move |event| picker.filter(&event_target_value(&event))
                on:keydown=move |event| picker.on_search_key(&event)
            />
        </div>
    }
}

fn focus(element: Option<&HtmlElement>) {
    if let Some(element) = element {
        // If the element cannot be focused, the focus stays.
        let _focused = element.focus();
    }
}

/// Adds all groups. As views, so many emoji would take several times as long.
#[expect(clippy::needless_pass_by_value, reason = "a directive owns its parameters")]
fn fill(groups: Element) {
    let recent = storage::read(storage::browser(), RECENT).unwrap_or_default();
    let mut grid = append_group(&groups, strings::RECENT_EMOJI);
    for emoji in recent.split_whitespace() {
        let line = EMOJI.lines().find(|line| line.split('\t').next() == Some(emoji));
        if let Some((grid, line)) = grid.as_ref().zip(line) {
            append_emoji(grid, line);
        }
    }
    for line in EMOJI.lines() {
        if line.contains('\t') {
            grid.as_ref().and_then(|grid| append_emoji(grid, line));
        } else {
            grid = append_group(&groups, line);
        }
    }
    filter(&groups, "");
}

fn append_group(groups: &Element, name: &str) -> Option<Element> {
    let section = append(groups, "section", &[])?;
    append(&section, "h3", &[("class", "hint")])?.set_text_content(Some(name));
    let grid = append(&section, "div", &[("class", "emoji-grid"), ("role", "group")])?;
    grid.set_attribute("aria-label", name).ok()?;
    Some(grid)
}

fn append_emoji(grid: &Element, line: &str) -> Option<()> {
    let (emoji, words) = line.split_once('\t')?;
    let button = append(grid, "button", &[("type", "button"), ("tabindex", "-1")])?;
    button.set_attribute("value", emoji).ok()?;
    for name in ["title", "aria-label"] {
        button.set_attribute(name, words.split('\t').next()?).ok()?;
    }
    button.set_attribute("data-words", &words.to_lowercase()).ok()?;
    button.set_text_content(Some(emoji));
    Some(())
}

/// Shows the emoji that have words beginning with all the words of the text. Returns whether there are any.
fn filter(groups: &Element, text: &str) -> bool {
    let text = text.to_lowercase();
    let wanted: Vec<_> = text.split_whitespace().collect();
    let sections = groups.children();
    let mut first = true;
    for section in (0..sections.length()).filter_map(|index| sections.item(index)) {
        let buttons = section.get_elements_by_tag_name("button");
        let mut is_empty = true;
        for button in (0..buttons.length()).filter_map(|index| buttons.item(index)) {
            let words = button.get_attribute("data-words").unwrap_or_default();
            let is_hidden = !wanted
                .iter()
                .all(|wanted| words.split([' ', '\t', '-', '_']).any(|word| word.starts_with(wanted)));
            let is_first = first && !is_hidden;
            (first, is_empty) = (first && is_hidden, is_empty && is_hidden);
            let changed = button.toggle_attribute_with_force("hidden", is_hidden);
            let tabindex = button.set_attribute("tabindex", if is_first { "0" } else { "-1" });
            debug_assert!(changed.is_ok() && tabindex.is_ok(), "these are attributes");
        }
        let changed = section.toggle_attribute_with_force("hidden", is_empty);
        debug_assert!(changed.is_ok(), "this is an attribute");
    }
    !first
}

fn visible_buttons(groups: &Element) -> Vec<HtmlElement> {
    let Ok(buttons) = groups.query_selector_all("section:not([hidden]) button:not([hidden])") else {
        return Vec::new();
    };
    (0..buttons.length()).filter_map(|index| buttons.item(index)?.dyn_into().ok()).collect()
}

/// Moves the focus in the grid by the arrow keys.
fn move_focus(event: &ev::KeyboardEvent) -> Option<()> {
    let focused = event.target()?.dyn_into::<HtmlElement>().ok()?;
    let groups = focused.closest(".emoji-groups").ok()??;
    let buttons = visible_buttons(&groups);
    let place = buttons.iter().position(|button| *button == focused);
    let next = match (event.key().as_str(), place) {
        ("ArrowRight", Some(place)) => buttons.get(place + 1),
        ("ArrowLeft", Some(place)) => buttons.get(place.checked_sub(1)?),
        ("ArrowDown", Some(place)) => nearest_in_next_row(&focused, buttons.get(place + 1..)?.iter()),
        ("ArrowUp", Some(place)) => nearest_in_next_row(&focused, buttons.get(..place)?.iter().rev()),
        ("Home", Some(_)) | ("ArrowDown" | "ArrowRight" | "Home", None) => buttons.first(),
        ("End", Some(_)) => buttons.last(),
        _ => None,
    }?;
    // Tab returns to it.
    focused.set_attribute("tabindex", "-1").ok()?;
    next.set_attribute("tabindex", "0").ok()?;
    next.focus().ok()
}

/// `others` begin in the row of the focused one.
fn nearest_in_next_row<'a>(
    focused: &HtmlElement,
    others: impl Iterator<Item = &'a HtmlElement>,
) -> Option<&'a HtmlElement> {
    let mut row = None;
    let other_rows = others.skip_while(|other| other.offset_top() == focused.offset_top());
    let next_row =
        other_rows.take_while(|other| *row.get_or_insert(other.offset_top()) == other.offset_top());
    next_row.min_by_key(|other| (other.offset_left() - focused.offset_left()).abs())
}

/// Puts the emoji first among those that were used last.
fn remember(emoji: &str) {
    let recent = storage::read(storage::browser(), RECENT).unwrap_or_default();
    let others = recent.split_whitespace().filter(|other| *other != emoji);
    let recent: Vec<_> = [emoji].into_iter().chain(others).take(RECENT_MAX).collect();
    storage::write(storage::browser(), RECENT, Some(&recent.join(" ")));
}
