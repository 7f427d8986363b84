//! What the composer does beyond taking text: formatting by keys, links by pasting, and completion.

use std::{any::Any, cell::RefCell};

use leptos::prelude::window;
use wasm_bindgen::JsCast;
use web_sys::{Event, EventTarget, HtmlTextAreaElement, KeyboardEvent};

use super::{
    completion::{self, Completion, CompletionList, CompletionSource},
    field::{apply, read_content},
    listener::Listener,
    mention_names,
    mention_source::mention_source,
    text_edit,
};
use crate::{
    chat::state::{
        mention_text::{MentionConverter, set_converter},
        presence::PresenceStore,
        sync::SyncStore,
    },
    components::emoji_search::{EmojiMatch, find_emoji},
    input_method::is_composing,
    js::{call, field},
};

/// The custom property with the height that an on-screen keyboard leaves, where it does not resize the page.
const VISIBLE_HEIGHT: &str = "--visible-height";

thread_local! {
    /// The tools of the composer; those of a former one are dropped.
    static TOOLS: RefCell<Option<Tools>> = const { RefCell::new(None) };
}

/// Works until it is dropped.
struct Tools {
    _listeners: Vec<Listener>,
    _list: Box<dyn Any>,
}

/// `key` is B, I or K, in either case.
pub fn format(textarea: &HtmlTextAreaElement, key: &str) {
    let (text, selection) = read_content(textarea);
    let edit = match key.to_ascii_lowercase().as_str() {
        "b" => text_edit::toggle_emphasis(&text, selection, 2),
        "i" => text_edit::toggle_emphasis(&text, selection, 1),
        _ => text_edit::toggle_link(&text, selection),
    };
    if let Some(edit) = edit {
        apply(textarea, &text, &edit);
    }
}

/// Adds the tools to the field. Text may have been typed meanwhile.
pub fn attach(textarea: &HtmlTextAreaElement, sync: SyncStore, presence: PresenceStore) {
    set_converter(MentionConverter { encode: mention_names::encode, decode: mention_names::decode });
    let sources = vec![emoji_source(), mention_source(sync, presence)];
    let Some((list, view)) = CompletionList::show(textarea, sources) else { return };
    let mut listeners = Vec::new();
    let mut listen = |target: &EventTarget, name: &'static str, handle: Box<dyn Fn(Event)>| {
        listeners.extend(Listener::new(target, name, handle));
    };
    let pasted_into = textarea.clone();
    listen(textarea, "paste", Box::new(move |event| paste_link(&pasted_into, &event)));
    listen(textarea, "keydown", Box::new(move |event| handle_key(list, event.unchecked_ref())));
    for name in ["input", "compositionend"] {
        listen(textarea, name, Box::new(move |event| list.update(is_composed(&event))));
    }
    listen(textarea, "selectionchange", Box::new(move |_| list.check()));
    listen(textarea, "blur", Box::new(move |_| list.close()));
    if let Some(viewport) = visual_viewport() {
        let (resized, visible) = (textarea.clone(), viewport.clone());
        listen(&viewport, "resize", Box::new(move |_| set_visible_height(&resized, &visible)));
        set_visible_height(textarea, &viewport);
    }
    let tools = Tools { _listeners: listeners, _list: view };
    // Dropping the former tools calls code, which must find the cell free.
    let former = TOOLS.replace(Some(tools));
    drop(former);
    list.update(false);
}

fn emoji_source() -> CompletionSource {
    CompletionSource {
        trigger: text_edit::EMOJI,
        search: Box::new(|query| {
            let item = |emoji: EmojiMatch| Completion {
                label: emoji.emoji.to_owned(),
                detail: format!(":{}:", emoji.shortcode),
                inserted: emoji.emoji.to_owned(),
            };
            find_emoji(query, completion::ITEMS_MAX).into_iter().map(item).collect()
        }),
    }
}

/// Handles the keys of an open list before the composer does.
fn handle_key(list: CompletionList, event: &KeyboardEvent) {
    let has_modifier = event.shift_key() || event.ctrl_key() || event.alt_key() || event.meta_key();
    if !is_composing(event) && !has_modifier && list.handle_key(&event.key()) {
        event.prevent_default();
        event.stop_immediate_propagation();
    }
}

/// Makes the selected text a link to the pasted URL. Everything else is pasted as it is.
fn paste_link(textarea: &HtmlTextAreaElement, event: &Event) {
    let data = field(event, "clipboardData");
    let pasted = data
        .and_then(|data| call(&data, "getData", &[&"text/plain".into()])?.as_string())
        .unwrap_or_default();
    let (text, selection) = read_content(textarea);
    if let Some(edit) = text_edit::paste_link(&text, selection, &pasted) {
        event.prevent_default();
        apply(textarea, &text, &edit);
    }
}

/// Whether an input method is composing the text.
fn is_composed(event: &Event) -> bool {
    field(event, "isComposing").is_some_and(|is_composing| is_composing.is_truthy())
}

fn visual_viewport() -> Option<EventTarget> {
    field(&window(), "visualViewport")?.dyn_into().ok()
}

fn set_visible_height(textarea: &HtmlTextAreaElement, viewport: &EventTarget) {
    let number = |name| field(viewport, name)?.as_f64();
    let height = number("height").zip(number("scale")).map(|(height, scale)| (height * scale).round());
    let style = textarea.parent_element().and_then(|input| field(&input, "style"));
    if let (Some(height), Some(style)) = (height, style) {
        call(&style, "setProperty", &[&VISIBLE_HEIGHT.into(), &format!("{height}px").into()]);
    }
}
