//! Completes what follows a trigger such as `:`, from a list above the composer.

use std::any::Any;

use leptos::{ev, mount::mount_to, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlTextAreaElement};

use super::{
    field::{apply, read_content},
    text_edit::{CompletionQuery, TextEdit, Trigger, find_query},
};
use crate::strings;

/// How many items are shown.
pub const ITEMS_MAX: usize = 6;
const LIST_ID: &str = "completions";

/// What is offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    pub label: String,
    pub detail: String,
    /// Takes the place of the trigger and of what was typed after it.
    pub inserted: String,
}

type SearchFn = Box<dyn Fn(&str) -> Vec<Completion>>;

/// Offers completions after a character.
pub struct CompletionSource {
    pub trigger: Trigger,
    /// The best matches first, at most [`ITEMS_MAX`].
    pub search: SearchFn,
}

#[derive(Clone, Copy)]
pub struct CompletionList {
    textarea: StoredValue<HtmlTextAreaElement, LocalStorage>,
    sources: StoredValue<Vec<CompletionSource>, LocalStorage>,
    /// What is searched for, or was dismissed.
    query: StoredValue<Option<CompletionQuery>>,
    is_dismissed: StoredValue<bool>,
    items: RwSignal<Vec<Completion>, LocalStorage>,
    selected: RwSignal<usize>,
}

impl CompletionList {
    /// Shows a list above the composer, until the returned handle is dropped.
    pub fn show(
        textarea: &HtmlTextAreaElement,
        sources: Vec<CompletionSource>,
    ) -> Option<(Self, Box<dyn Any>)> {
        let form = textarea.closest("form").ok()??.dyn_into().ok()?;
        let (owner, textarea) = (Owner::new(), textarea.clone());
        let list = owner.with(|| Self::new(textarea, sources));
        let view = mount_to(form, move || view! { <ListView list /> });
        Some((list, Box::new((view, owner))))
    }

    fn new(textarea: HtmlTextAreaElement, sources: Vec<CompletionSource>) -> Self {
        let list = Self {
            textarea: StoredValue::new_local(textarea),
            sources: StoredValue::new_local(sources),
            query: StoredValue::new(None),
            is_dismissed: StoredValue::new(false),
            items: RwSignal::new_local(Vec::new()),
            selected: RwSignal::new(0),
        };
        list.describe_field();
        list
    }

    /// The focus stays in the field, which says which item is selected.
    fn describe_field(self) {
        let textarea = self.textarea.get_value();
        Effect::new(move |_| {
            let active = (!self.items.read().is_empty()).then(|| option_id(self.selected.get()));
            let attributes = [
                ("aria-autocomplete", active.as_ref().map(|_| "list")),
                ("aria-controls", active.as_ref().map(|_| LIST_ID)),
                ("aria-activedescendant", active.as_deref()),
            ];
            for (name, value) in attributes {
                // The names are valid.
                let _set = match value {
                    Some(value) => textarea.set_attribute(name, value),
                    None => textarea.remove_attribute(name),
                };
            }
        });
    }

    /// Searches for what was typed. While an input method is composing, nothing is offered.
    pub fn update(self, is_composing: bool) {
        let query = self.read_query().filter(|_| !is_composing);
        if query == self.query.get_value() {
            return;
        }
        let is_same_place = |(a, b): (&CompletionQuery, &CompletionQuery)| a.start == b.start;
        let is_continued =
            self.query.with_value(|before| query.as_ref().zip(before.as_ref()).is_some_and(is_same_place));
        if !is_continued {
            self.is_dismissed.set_value(false);
        }
        self.query.set_value(query.clone());
        match query {
            Some(query) if !self.is_dismissed.get_value() => self.search(&query),
            _ => self.offer(Vec::new()),
        }
    }

    /// Closes the list if the caret has left what was typed.
    pub fn check(self) {
        if !self.items.read_untracked().is_empty() && self.read_query() != self.query.get_value() {
            self.close();
        }
    }

    pub fn close(self) {
        self.query.set_value(None);
        self.offer(Vec::new());
    }

    fn read_query(self) -> Option<CompletionQuery> {
        let (text, selection) = read_content(&self.textarea.get_value());
        let find = |source: &CompletionSource| find_query(&text, selection.end, source.trigger);
        if selection.is_empty() {
            self.sources.with_value(|sources| sources.iter().find_map(find))
        } else {
            None
        }
    }

    fn search(self, query: &CompletionQuery) {
        let items = self.sources.with_value(|sources| {
            let source = sources.iter().find(|source| source.trigger.character == query.trigger);
            source.map(|source| (source.search)(&query.text)).unwrap_or_default()
        });
        match items.first().filter(|item| query.is_closed && query.names(&item.detail)) {
            Some(item) => self.insert(item),
            None if query.is_closed => self.offer(Vec::new()),
            None => self.offer(items),
        }
    }

    fn offer(self, items: Vec<Completion>) {
        if *self.items.read_untracked() != items {
            self.selected.set(0);
            self.items.set(items);
        }
    }

    /// Returns whether the key was for the list.
    pub fn handle_key(self, key: &str) -> bool {
        let count = self.items.read_untracked().len();
        if count == 0 {
            return false;
        }
        let selected = self.selected.get_untracked();
        match key {
            "ArrowDown" => self.selected.set((selected + 1) % count),
            "ArrowUp" => self.selected.set((selected + count - 1) % count),
            "Enter" | "Tab" => self.choose(selected),
            "Escape" => {
                self.is_dismissed.set_value(true);
                self.offer(Vec::new());
            }
            _ => return false,
        }
        true
    }

    fn choose(self, index: usize) {
        let item = self.items.read_untracked().get(index).cloned();
        if let Some(item) = item {
            self.insert(&item);
        }
    }

    /// With a space, as after a word.
    fn insert(self, item: &Completion) {
        let query = self.query.get_value();
        let is_current = self.read_query() == query;
        self.close();
        // Not if the caret has left what was typed.
        let Some(query) = query.filter(|_| is_current) else { return };
        let textarea = self.textarea.get_value();
        let (text, selection) = read_content(&textarea);
        let inserted = format!("{} ", item.inserted);
        let end = query.start + inserted.len();
        let edit = TextEdit { range: query.start..selection.end, text: inserted, selection: end..end };
        apply(&textarea, &text, &edit);
    }
}

#[component]
fn ListView(list: CompletionList) -> impl IntoView {
    // The field keeps the focus.
    let on_press = |event: ev::PointerEvent| event.prevent_default();
    let on_click = move |event: ev::MouseEvent| {
        if let Some(index) = clicked_index(&event) {
            list.choose(index);
        }
    };
    let options = move || {
        let options = list.items.get().into_iter().enumerate();
        options.map(|(index, item)| view! { <OptionView index item selected=list.selected /> }).collect_view()
    };
    view! {
        <ul
            id=LIST_ID
            class="completions"
            role="listbox"
            aria-label=strings::SUGGESTIONS
            hidden=move || list.items.read().is_empty()
            on:pointerdown=on_press
            on:click=on_click
        >
            {options}
        </ul>
    }
}

#[component]
fn OptionView(index: usize, item: Completion, selected: RwSignal<usize>) -> impl IntoView {
    let Completion { label, detail, .. } = item;
    view! {
        <li
            id=option_id(index)
            role="option"
            data-index=index.to_string()
            aria-selected=move || (selected.get() == index).to_string()
        >
            <bdi>{label}</bdi>
            <span class="hint">{detail}</span>
        </li>
    }
}

fn option_id(index: usize) -> String {
    format!("{LIST_ID}-{index}")
}

fn clicked_index(event: &ev::MouseEvent) -> Option<usize> {
    let clicked = event.target()?.dyn_into::<Element>().ok()?;
    clicked.closest("[data-index]").ok()??.get_attribute("data-index")?.parse().ok()
}
