//! What the composer does beyond taking text: the bar of an edit or reply, keys, formatting, links by pasting, completion, and
//! files.

use std::{any::Any, cell::RefCell};

use leptos::{mount::mount_to, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{Event, EventTarget, HtmlElement, HtmlTextAreaElement, KeyboardEvent};

use super::{
    completion::{self, Completion, CompletionList, CompletionSource},
    context_bar::{ContextBar, has_context, leave_context},
    field::{apply, read_content},
    files::{chooser::FileChooser, tray::Tray},
    listener::Listener,
    mention_names,
    mention_source::mention_source,
    slow_mode_hint::SlowModeHint,
    text_edit,
};
use crate::{
    chat::state::{
        draft::DraftStore,
        edits::EditStore,
        mention_text::{MentionConverter, set_converter},
        sync::SyncStore,
        use_edits, use_presence, use_sync, use_viewport,
        viewport::ViewportStore,
    },
    components::emoji_search::{EmojiMatch, find_emoji},
    input_method::{is_command, is_composing},
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
    _views: Vec<Box<dyn Any>>,
}

/// The stores that the tools use.
#[derive(Clone, Copy)]
struct Stores {
    draft: DraftStore,
    edits: EditStore,
    sync: SyncStore,
    viewport: ViewportStore,
}

impl Stores {
    fn find() -> Option<Self> {
        let draft = use_context()?;
        Some(Self { draft, edits: use_edits(), sync: use_sync(), viewport: use_viewport() })
    }

    /// To a view that is mounted by itself.
    fn provide(self) {
        provide_context(self.draft);
        provide_context(self.edits);
        provide_context(self.sync);
    }
}

/// Adds the tools to the field. Text may have been typed meanwhile.
pub fn attach(textarea: &HtmlTextAreaElement, owner: &Owner) {
    // Not if the composer is gone.
    let Some(stores) = owner.with(Stores::find) else { return };
    set_converter(MentionConverter { encode: mention_names::encode, decode: mention_names::decode });
    let sources = vec![emoji_source(), mention_source(stores.sync, owner.with(use_presence))];
    let Some((list, view)) = CompletionList::show(textarea, sources) else { return };
    let Some(top) = insert_top(textarea) else { return };
    let chooser = owner.with(FileChooser::new);
    let error = chooser.error();
    let top = mount_to(top, move || {
        stores.provide();
        view! {
            <SlowModeHint />
            <ContextBar />
            <Tray error />
        }
    });
    let mut views: Vec<Box<dyn Any>> = vec![view, Box::new(top)];
    let mut listeners = Vec::new();
    views.extend(chooser.listen(textarea, &mut listeners));
    listen(textarea, list, &stores, &chooser, &mut listeners);
    let tools = Tools { _listeners: listeners, _views: views };
    // Dropping the former tools calls code, which must find the cell free.
    let former = TOOLS.replace(Some(tools));
    drop(former);
    list.update(false);
}

fn listen(
    textarea: &HtmlTextAreaElement,
    list: CompletionList,
    stores: &Stores,
    chooser: &FileChooser,
    listeners: &mut Vec<Listener>,
) {
    let (stores, chooser) = (*stores, *chooser);
    let mut listen = |target: &EventTarget, name: &'static str, handle: Box<dyn Fn(Event)>| {
        listeners.extend(Listener::new(target, name, handle));
    };
    let pasted_into = textarea.clone();
    listen(
        textarea,
        "paste",
        Box::new(move |event| {
            if !chooser.paste(&event) {
                paste_link(&pasted_into, &event);
            }
        }),
    );
    let field = textarea.clone();
    listen(
        textarea,
        "keydown",
        Box::new(move |event| handle_key(&field, list, &stores, event.unchecked_ref())),
    );
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
}

/// Inserts an element for what is shown above the field.
fn insert_top(textarea: &HtmlTextAreaElement) -> Option<HtmlElement> {
    let error = textarea.closest("form").ok()??.query_selector("#composer-error").ok()??;
    let top = document().create_element("div").ok()?;
    error.parent_node()?.insert_before(&top, Some(&error)).ok()?;
    top.dyn_into().ok()
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

/// Handles a key before the composer does.
fn handle_key(textarea: &HtmlTextAreaElement, list: CompletionList, stores: &Stores, event: &KeyboardEvent) {
    let has_modifier = event.shift_key() || event.ctrl_key() || event.alt_key() || event.meta_key();
    let is_handled = match event.key().as_str() {
        _ if is_composing(event) => false,
        key if !has_modifier && list.handle_key(key) => true,
        "Escape" if has_context(&stores.draft, &stores.edits) => {
            leave_context(&stores.draft, &stores.edits);
            true
        }
        "ArrowUp" => !has_modifier && edit_last(stores),
        key => is_command(event) && format(textarea, key),
    };
    if is_handled {
        event.prevent_default();
        event.stop_immediate_propagation();
    }
}

/// In an empty composer, edits the user's last message. Returns whether there is one that may be edited.
fn edit_last(Stores { draft, edits, viewport, .. }: &Stores) -> bool {
    let is_empty = !edits.is_editing_now() && untrack(|| draft.text()).is_empty();
    // The last message is not stored yet.
    is_empty && !untrack(|| viewport.has_pending()) && edits.start_with_last()
}

/// Formats the selection if the key is for that: B, I or K, in either case. Without a selection, Ctrl+K is for the chat
/// list.
pub fn format(textarea: &HtmlTextAreaElement, key: &str) -> bool {
    let (text, selection) = read_content(textarea);
    let edit = match key {
        "b" | "B" => text_edit::toggle_emphasis(&text, selection, 2),
        "i" | "I" => text_edit::toggle_emphasis(&text, selection, 1),
        "k" | "K" if !selection.is_empty() => text_edit::toggle_link(&text, selection),
        _ => return false,
    };
    if let Some(edit) = edit {
        apply(textarea, &text, &edit);
    }
    true
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
