//! Selecting several messages, to delete them. Loaded with the menu of a message.
//!
//! Each message that the user may delete gets a checkbox, and a bar takes the place of the composer. The rows know nothing of
//! that, so that the first view does not contain it.

use std::{
    any::Any,
    cell::{Cell, RefCell},
};

use js_sys::{Object, Reflect};
use leptos::{mount::mount_to, prelude::*, task::spawn_local};
use shared::{id::Seq, message::DELETE_MESSAGES_MAX, timeline::Timeline};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{Element, Event, EventTarget, HtmlElement, KeyboardEvent, MouseEvent};

use super::undo_bar;
use crate::{
    chat::{
        announcer::Announcements,
        state::{
            deletions::DeletionStore,
            rows::element_id,
            sync::{SyncEvent, SyncStore},
        },
        tools::listener::Listener,
    },
    components::{
        elements::append,
        focus_stops::{focus_in_place, focus_stop},
        form_request::focus,
    },
    input_method::is_composing,
    js::{call, construct, field},
    mentions::plain_text,
    strings::{self, moderation},
};

/// The class of the list while messages are selected, and of the checkboxes.
const SELECTING: &str = "selecting";
const CHECKBOX: &str = "select-box";
/// What a checkbox says of its message, in characters.
const LABEL_MAX: usize = 80;

thread_local! {
    static RUNNING: RefCell<Option<Running>> = const { RefCell::new(None) };
    static IS_SUBSCRIBED: Cell<bool> = const { Cell::new(false) };
}

/// What is dropped when the selection ends. The owner of the signals is the last.
struct Running {
    selection: Selection,
    _listeners: Vec<Listener>,
    _observer: Option<RowObserver>,
    _view: Box<dyn Any>,
    _owner: Owner,
}

#[derive(Clone, Copy)]
struct Selection {
    sync: SyncStore,
    deletions: DeletionStore,
    announcements: Announcements,
    log: StoredValue<Element, LocalStorage>,
    seqs: RwSignal<Vec<Seq>>,
    /// Whether more messages were chosen than can be.
    is_full: RwSignal<bool>,
    /// The message that was chosen or focused last.
    current: StoredValue<Seq>,
}

/// Starts with this message.
pub fn start(sync: SyncStore, deletions: DeletionStore, announcements: Announcements, seq: Seq) {
    end();
    subscribe(sync);
    // Outside of the menu, with which the signals would be disposed of.
    spawn_local(async move {
        let Some(log) = find(".log") else { return };
        let running = Running::new(sync, deletions, announcements, &log, seq);
        let selection = running.as_ref().map(|running| running.selection);
        RUNNING.set(running);
        if let Some(selection) = selection {
            selection.refresh();
            selection.select(&[seq], true);
            // When the menu is gone.
            request_animation_frame(move || selection.focus_current());
        }
    });
}

/// Listens as long as the page lives.
fn subscribe(sync: SyncStore) {
    if !IS_SUBSCRIBED.replace(true) {
        sync.subscribe(|event| match event {
            SyncEvent::Reset | SyncEvent::Joined(_) => end(),
            SyncEvent::Applied(_) => {
                let selection = RUNNING.with_borrow(|running| running.as_ref().map(|it| it.selection));
                if let Some(selection) = selection {
                    selection.refresh();
                }
            }
            SyncEvent::UriChanged(_) => {}
        });
    }
}

fn end() {
    if let Some(running) = RUNNING.take() {
        running.selection.remove_checkboxes();
        // An event of it may be being handled.
        request_animation_frame(move || drop(running));
    }
}

impl Running {
    fn new(
        sync: SyncStore,
        deletions: DeletionStore,
        announcements: Announcements,
        log: &Element,
        seq: Seq,
    ) -> Option<Self> {
        let conversation = log.closest(".conversation").ok()??.dyn_into().ok()?;
        let rows = log.query_selector(".rows").ok()??;
        log.class_list().toggle_with_force(SELECTING, true).ok()?;
        let owner = Owner::new();
        let selection = owner.with(|| Selection {
            sync,
            deletions,
            announcements,
            log: StoredValue::new_local(log.clone()),
            seqs: RwSignal::new(Vec::new()),
            is_full: RwSignal::new(false),
            current: StoredValue::new(seq),
        });
        // A deletion that is undone or fails brings a message back.
        owner.with(|| {
            Effect::new(move |_| {
                deletions.track();
                selection.refresh();
            })
        });
        let view = mount_to(conversation, move || view! { <SelectionBar selection /> });
        Some(Self {
            selection,
            _listeners: selection.listen(log),
            _observer: RowObserver::new(&rows, move || selection.refresh()),
            _view: Box::new(view),
            _owner: owner,
        })
    }
}

impl Selection {
    fn listen(self, log: &Element) -> Vec<Listener> {
        let listen = |target: &EventTarget, name, handle: fn(Self, &Event) -> Option<()>| {
            // `None`: the event is not for the selection.
            let handle = move |event: Event| handle(self, &event).unwrap_or_default();
            Listener::new(target, name, Box::new(handle))
        };
        let listeners = [
            listen(log, "click", |selection, event| selection.on_click(event.unchecked_ref())),
            listen(log, "keydown", |selection, event| selection.on_key(event.unchecked_ref())),
            listen(&window(), "keydown", |selection, event| selection.on_page_key(event.unchecked_ref())),
        ];
        listeners.into_iter().flatten().collect()
    }

    fn selected(self) -> Vec<Seq> {
        self.seqs.get_untracked()
    }

    fn checkboxes(self) -> Vec<HtmlElement> {
        let Ok(found) = self.log.get_value().query_selector_all(&format!(".{CHECKBOX}")) else {
            return Vec::new();
        };
        (0..found.length()).filter_map(|index| found.item(index)?.dyn_into().ok()).collect()
    }

    fn focus_current(self) {
        // It may have ended.
        let current = self.current.try_get_value();
        if let Some(checkbox) =
            current.and_then(|_| self.checkboxes().into_iter().find(|it| read_seq(it) == current))
        {
            focus_in_place(&checkbox);
        }
    }

    /// Follows changes of the messages and of the rows in the page.
    fn refresh(self) {
        if !self.log.get_value().class_list().contains(SELECTING) {
            // It has ended, and is about to be dropped.
            return;
        }
        let (selectable, gone) = self.sync.with_timeline_untracked(|timeline| {
            let Some(timeline) = timeline else { return Default::default() };
            let selectable = self.find_selectable(timeline);
            // What is not loaded any more stays selected.
            let is_gone = |seq: &Seq| {
                timeline.message(*seq).is_some() && !selectable.iter().any(|(other, _)| other == seq)
            };
            let gone: Vec<_> = self.selected().into_iter().filter(is_gone).collect();
            (selectable, gone)
        });
        for checkbox in self.checkboxes() {
            if !selectable.iter().any(|(seq, _)| read_seq(&checkbox) == Some(*seq)) {
                remove_checkbox(&checkbox);
            }
        }
        for (seq, id) in selectable {
            self.add_checkbox(seq, &id);
        }
        if gone.is_empty() {
            self.update_checkboxes();
        } else {
            self.select(&gone, false);
        }
    }

    /// The messages that the user may delete, and the ids of their elements.
    fn find_selectable(self, timeline: &Timeline) -> Vec<(Seq, String)> {
        let member = untrack(|| self.sync.current_member());
        let texts = timeline.messages().filter(|message| message.event.is_none() && !message.deleted);
        let own = texts.filter(|message| member.can_delete(timeline.author(message).id));
        let left = own.filter(|message| !self.deletions.contains(message.seq));
        left.map(|message| (message.seq, element_id(message.client_id))).collect()
    }

    /// Unless the message is not in the page. One that has a checkbox keeps it, with a new label.
    fn add_checkbox(self, seq: Seq, id: &str) -> Option<()> {
        let article = document().get_element_by_id(id)?;
        let user_id = untrack(|| self.sync.user_id());
        let text = self.sync.with_timeline_untracked(|timeline| {
            let (timeline, message) = (timeline?, timeline?.message(seq)?);
            let author = timeline.author(message);
            let is_own = author.id == user_id;
            let name = if is_own { strings::YOU.to_owned() } else { timeline.distinct_name(author) };
            let text = plain_text(message, &timeline.mentions(message), LABEL_MAX);
            Some(strings::author_and_text(&name, &text))
        })?;
        let checkbox = match article.get_elements_by_class_name(CHECKBOX).item(0) {
            Some(checkbox) => checkbox,
            None => append_checkbox(&article, seq)?,
        };
        checkbox.set_attribute("aria-label", &text).ok()
    }

    /// Only one of the checkboxes is reached by Tab; the arrow keys lead to the others.
    fn update_checkboxes(self) {
        let (checkboxes, selected, current) = (self.checkboxes(), self.selected(), self.current.get_value());
        let is_current = |checkbox: &HtmlElement| read_seq(checkbox) == Some(current);
        let stop = checkboxes.iter().find(|it| is_current(it)).or(checkboxes.last());
        for checkbox in &checkboxes {
            let is_checked = read_seq(checkbox).is_some_and(|seq| selected.contains(&seq));
            let tab_index = if stop == Some(checkbox) { "0" } else { "-1" };
            // The names are valid.
            let _set = Reflect::set(checkbox, &"checked".into(), &is_checked.into());
            let _set = checkbox.set_attribute("tabindex", tab_index);
        }
    }

    fn remove_checkboxes(self) {
        for checkbox in self.checkboxes() {
            remove_checkbox(&checkbox);
        }
        // The name of the class is valid.
        let _removed = self.log.get_value().class_list().toggle_with_force(SELECTING, false);
    }

    /// Selects messages, or deselects them. Changes nothing if they would be too many.
    fn select(self, seqs: &[Seq], is_selected: bool) {
        let mut selected = self.selected();
        selected.retain(|seq| !seqs.contains(seq));
        if is_selected {
            selected.extend(seqs);
        }
        let is_full = selected.len() > DELETE_MESSAGES_MAX;
        self.is_full.set(is_full);
        let text = if is_full {
            moderation::selection_is_full()
        } else {
            moderation::selected_messages(selected.len())
        };
        if !is_full {
            self.seqs.set(selected);
        }
        self.update_checkboxes();
        self.announcements.announce(text);
    }

    /// A click anywhere on a message is one on its checkbox. With Shift, all messages since the last one are selected.
    fn on_click(self, event: &MouseEvent) -> Option<()> {
        let clicked = event.target()?.dyn_into::<Element>().ok()?;
        let article = clicked.closest("article").ok()??;
        let checkbox: HtmlElement = article.get_elements_by_class_name(CHECKBOX).item(0)?.dyn_into().ok()?;
        let is_on_checkbox = *checkbox == clicked;
        // A link or a button that was pressed by a key does what it always does.
        let is_by_key = field(event, "detail")?.as_f64() == Some(0.0);
        if is_by_key && !is_on_checkbox {
            return None;
        }
        event.stop_propagation();
        if !is_on_checkbox {
            event.prevent_default();
        }
        let seq = read_seq(&checkbox)?;
        let range = if event.shift_key() { self.find_range(seq) } else { vec![seq] };
        let is_selected = event.shift_key() || !self.selected().contains(&seq);
        self.current.set_value(seq);
        self.select(&range, is_selected);
        focus_in_place(&checkbox);
        Some(())
    }

    /// The messages in the page from the current one to this one.
    fn find_range(self, seq: Seq) -> Vec<Seq> {
        let current = self.current.get_value();
        let (first, last) = (current.min(seq), current.max(seq));
        let seqs = self.checkboxes().iter().filter_map(|it| read_seq(it)).collect::<Vec<_>>();
        seqs.into_iter().filter(|seq| (first..=last).contains(seq)).collect()
    }

    /// The arrow keys move between the checkboxes, and select with Shift.
    fn on_key(self, event: &KeyboardEvent) -> Option<()> {
        let step = match event.key().as_str() {
            "ArrowUp" => -1,
            "ArrowDown" => 1,
            _ => return None,
        };
        let focused = event.target()?.dyn_into::<Element>().ok()?;
        let is_moving = focused.closest(".select-box, article, .log").ok()?.as_ref() == Some(&focused);
        if !is_moving {
            return None;
        }
        event.stop_propagation();
        event.prevent_default();
        let checkboxes = self.checkboxes();
        let index_of = |seq| checkboxes.iter().position(|checkbox| read_seq(checkbox) == Some(seq));
        let index = index_of(read_seq(&focused).unwrap_or_else(|| self.current.get_value()));
        let next = index.map_or(checkboxes.len().checked_sub(1), |index| index.checked_add_signed(step))?;
        let (next, seq) = (checkboxes.get(next)?, checkboxes.get(next).and_then(|it| read_seq(it))?);
        let from = self.current.get_value();
        self.current.set_value(seq);
        if event.shift_key() {
            self.select(&[from, seq], true);
        } else {
            self.update_checkboxes();
        }
        focus_stop(next);
        Some(())
    }

    /// Escape ends the selection, unless the focus is elsewhere or something is open above it.
    fn on_page_key(self, event: &KeyboardEvent) -> Option<()> {
        let is_escape = event.key() == "Escape" && !is_composing(event);
        let target = event.target()?.dyn_into::<Element>().ok()?;
        let has_focus = target.tag_name() == "BODY" || target.closest(".conversation").ok()?.is_some();
        if is_escape && has_focus && find(":popover-open, dialog[open]").is_none() {
            event.stop_propagation();
            self.cancel();
        }
        Some(())
    }

    fn cancel(self) {
        let seq = self.current.get_value();
        let client_id = self.sync.with_timeline_untracked(|timeline| Some(timeline?.message(seq)?.client_id));
        end();
        if let Some(client_id) = client_id {
            focus(&element_id(client_id));
        }
    }

    fn delete(self) {
        let seqs = self.selected();
        if !seqs.is_empty() {
            let number = self.deletions.delete(&seqs);
            end();
            undo_bar::show(self.deletions, number);
        }
    }
}

/// Takes the place of the composer.
#[component]
fn SelectionBar(selection: Selection) -> impl IntoView {
    let count = move || moderation::selected_messages(selection.seqs.read().len());
    view! {
        <div class="composer selection-bar" role="group" aria-label=moderation::SELECTION>
            <p class="error" prop:textContent=move || {
                if selection.is_full.get() { moderation::selection_is_full() } else { String::new() }
            }></p>
            <div class="button-row">
                <p prop:textContent=count></p>
                <button
                    class="danger"
                    aria-disabled=move || selection.seqs.read().is_empty().then_some("true")
                    on:click=move |_| selection.delete()
                >
                    {strings::DELETE}
                </button>
                <button class="plain" on:click=move |_| selection.cancel()>{strings::CANCEL}</button>
            </div>
        </div>
    }
}

fn append_checkbox(article: &Element, seq: Seq) -> Option<Element> {
    let label = append(article, "label", &[("class", "select")])?;
    let attributes = &[("type", "checkbox"), ("class", CHECKBOX), ("tabindex", "-1")];
    let checkbox = append(&label, "input", attributes)?;
    checkbox.set_attribute("value", &seq.to_string()).ok()?;
    Some(checkbox)
}

/// The message of a checkbox.
fn read_seq(checkbox: &Element) -> Option<Seq> {
    checkbox.get_attribute("value")?.parse().ok()
}

/// Leaves the focus on the message.
fn remove_checkbox(checkbox: &HtmlElement) {
    let has_focus = document().active_element().is_some_and(|active| **checkbox == active);
    let article = checkbox.closest("article").ok().flatten();
    if let Some(label) = checkbox.parent_element() {
        label.remove();
    }
    if let Some(article) = article.and_then(|article| article.dyn_into().ok()).filter(|_| has_focus) {
        focus_in_place(&article);
    }
}

fn find(selector: &str) -> Option<Element> {
    document().query_selector(selector).ok().flatten()
}

/// Says when rows are added or removed, until it is dropped.
struct RowObserver {
    observer: JsValue,
    _on_change: Closure<dyn Fn()>,
}

impl RowObserver {
    fn new(rows: &Element, on_change: impl Fn() + 'static) -> Option<Self> {
        let on_change = Closure::<dyn Fn()>::new(on_change);
        let observer = construct("MutationObserver", &[on_change.as_ref()])?;
        let options = Object::new();
        Reflect::set(&options, &"childList".into(), &JsValue::TRUE).ok()?;
        call(&observer, "observe", &[rows, &options])?;
        Some(Self { observer, _on_change: on_change })
    }
}

impl Drop for RowObserver {
    fn drop(&mut self) {
        call(&self.observer, "disconnect", &[]);
    }
}
