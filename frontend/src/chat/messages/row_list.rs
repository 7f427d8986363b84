//! The rows in the page. A row that stays is not touched, so that it keeps the focus and the selection: the keyed list of
//! Leptos would take it out and put it back whenever several rows are inserted above it.

use std::mem;

use leptos::{
    prelude::*,
    tachys::view::{Mountable, Render},
};
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::{
    message::{MessageRow, MessageRowProps, show_content, show_layout},
    reaction_chips::show_reactions,
};
use crate::{
    chat::state::{
        reactions::Reactions,
        rows::{ItemKey, ListRow, MessageItem, MessageKind, RowLayout},
    },
    clock,
    components::focus_stops::focus_in_place,
};

pub struct RowList {
    /// Of the component that contains the list.
    owner: Owner,
    rows: Vec<RenderedRow>,
    /// The times in the rows are local.
    utc_offset: i64,
}

struct RenderedRow {
    key: ItemKey,
    item: RwSignal<MessageItem>,
    layout: RwSignal<RowLayout>,
    /// Not in `item`, whose changes render the message anew.
    reactions: Reactions,
    view: Box<dyn Mountable>,
    /// Is dropped last, because it owns the signals.
    _owner: Owner,
}

impl RowList {
    pub fn new() -> Self {
        Self {
            owner: Owner::current().unwrap_or_default(),
            rows: Vec::new(),
            utc_offset: clock::utc_offset(),
        }
    }

    /// Shows these rows, and no others, in the element. Tracks nothing.
    pub fn show(&mut self, list: &Element, rows: Vec<ListRow>) {
        let focused = focused_message();
        let has_new_times = mem::replace(&mut self.utc_offset, clock::utc_offset()) != self.utc_offset;
        self.remove_missing(&rows, focused.as_deref());
        let mut kept = mem::take(&mut self.rows).into_iter().peekable();
        for ListRow { mut item, layout } in rows {
            let reactions = mem::take(&mut item.reactions);
            let mut row = if let Some(row) = kept.next_if(|row| row.key == item.key()) {
                row.update(item, layout, has_new_times);
                row
            } else {
                let mut row = RenderedRow::new(&self.owner, item, layout);
                let is_inserted =
                    kept.peek().is_some_and(|next| next.view.insert_before_this(&mut *row.view));
                if !is_inserted {
                    row.view.mount(list, None);
                }
                row.show_layout();
                row.show_content(false);
                row
            };
            row.update_reactions(reactions);
            self.rows.push(row);
        }
    }

    /// Removes the rows that are not among `rows`, or not in the same order. If one had the focus, the nearest message gets
    /// it.
    fn remove_missing(&mut self, rows: &[ListRow], focused: Option<&str>) {
        let mut rest = rows;
        let mut nearest = None;
        let mut lost_focus = false;
        self.rows.retain_mut(|row| {
            let place = rest.iter().position(|new| new.item.key() == row.key);
            let item = row.item.read_untracked();
            let is_kept = place.is_some();
            if let Some(place) = place {
                rest = rest.get(place + 1..).unwrap_or_default();
                if item.kind != MessageKind::Event && (nearest.is_none() || !lost_focus) {
                    nearest = Some(item.element_id());
                }
            } else {
                lost_focus |= focused == Some(item.element_id().as_str());
                row.view.unmount();
            }
            is_kept
        });
        let nearest = nearest.filter(|_| lost_focus).and_then(|id| document().get_element_by_id(&id));
        if let Some(nearest) = nearest.and_then(|nearest| nearest.dyn_into().ok()) {
            focus_in_place(&nearest);
        }
    }
}

impl RenderedRow {
    fn new(owner: &Owner, item: MessageItem, layout: RowLayout) -> Self {
        let (key, owner) = (item.key(), owner.child());
        let (item, layout, view) = owner.with(|| {
            untrack(|| {
                let (item, layout) = (RwSignal::new(item), RwSignal::new(layout));
                let view = MessageRow(MessageRowProps { item, layout }).into_view().build();
                (item, layout, Box::new(view) as Box<dyn Mountable>)
            })
        });
        Self { key, item, layout, reactions: Reactions::default(), view, _owner: owner }
    }

    /// The row must be in the page.
    fn update_reactions(&mut self, reactions: Reactions) {
        if self.reactions != reactions {
            // The element of a message is there as long as its row.
            let _shown = show_reactions(&self.item.read_untracked(), &reactions);
            self.reactions = reactions;
        }
    }

    fn update(&self, item: MessageItem, layout: RowLayout, has_new_times: bool) {
        if *self.layout.read_untracked() != layout {
            self.layout.set(layout);
            self.show_layout();
        }
        let is_new = *self.item.read_untracked() != item;
        let has_same_files = self.item.read_untracked().files == item.files;
        if is_new {
            self.item.set(item);
        }
        if is_new || has_new_times {
            self.show_content(has_same_files);
        }
    }

    /// The row must be in the page, as for the next method.
    fn show_layout(&self) {
        if let Some(element) = self.element() {
            show_layout(&element, *self.layout.read_untracked());
        }
    }

    fn show_content(&self, has_same_files: bool) {
        if let Some(element) = self.element() {
            // The parts of the row are there as long as it is.
            let _shown = show_content(&element, &self.item.read_untracked(), has_same_files);
        }
    }

    fn element(&self) -> Option<Element> {
        document().get_element_by_id(&self.item.read_untracked().element_id())
    }
}

/// The element id of the message that has or contains the focus.
fn focused_message() -> Option<String> {
    Some(document().active_element()?.closest("article").ok()??.id())
}
