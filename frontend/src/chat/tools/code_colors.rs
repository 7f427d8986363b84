//! Colours the code in messages while it is in view. The browser paints the colours over the text, which stays as it is, by
//! the CSS Custom Highlight API. A browser without it shows plain code.

use std::cell::RefCell;

use highlight::{TokenKind, tokenize};
use js_sys::{Array, Object, Reflect};
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::Element;

use crate::js::{call, construct, field};

/// Colours a code block whenever it is in view, if its language is known.
pub fn watch(code: &Element) {
    let is_known = find_language(code).is_some_and(|language| tokenize(&language, "").is_some());
    if is_known {
        OBSERVER.with_borrow_mut(|observer| {
            if observer.is_none() {
                *observer = new_observer();
            }
            // Without an observer, the code is plain.
            let _observed = observer.as_ref().and_then(|observer| call(observer, "observe", &[code]));
        });
    }
}

fn find_language(code: &Element) -> Option<String> {
    code.closest("figure").ok()??.query_selector("figcaption").ok()??.text_content()
}

/// Part of the code, and the highlight that contains it.
struct Highlighted {
    highlight: JsValue,
    range: JsValue,
}

thread_local! {
    /// Says when code comes into view, or leaves it or the page.
    static OBSERVER: RefCell<Option<JsValue>> = const { RefCell::new(None) };
    /// The code in view.
    static IN_VIEW: RefCell<Vec<(Element, Vec<Highlighted>)>> = const { RefCell::new(Vec::new()) };
}

fn new_observer() -> Option<JsValue> {
    let on_change = Closure::<dyn Fn(Array)>::new(|entries: Array| {
        for entry in entries.iter() {
            if let Some(code) = field(&entry, "target").and_then(|code| code.dyn_into().ok()) {
                let is_in_view =
                    field(&entry, "isIntersecting").is_some_and(|is_in_view| is_in_view.is_truthy());
                update(code, is_in_view);
            }
        }
    });
    let observer = construct("IntersectionObserver", &[on_change.as_ref()]);
    // The observer lives as long as the page.
    on_change.forget();
    observer
}

fn update(code: Element, is_in_view: bool) {
    IN_VIEW.with_borrow_mut(|in_view| {
        in_view.retain(|(element, parts)| {
            if *element != code {
                return true;
            }
            for part in parts {
                call(&part.highlight, "delete", &[&part.range]);
            }
            false
        });
        if is_in_view {
            let parts = highlight(&code).unwrap_or_default();
            in_view.push((code, parts));
        }
    });
}

fn highlight(code: &Element) -> Option<Vec<Highlighted>> {
    let language = find_language(code)?;
    let (text, node) = (code.text_content()?, code.first_child()?);
    let (mut bytes, mut units) = (0, 0);
    // The browser counts in UTF-16.
    let mut convert = |offset: usize| {
        units += text.get(bytes..offset).unwrap_or_default().encode_utf16().count();
        bytes = offset;
        u32::try_from(units).unwrap_or(u32::MAX)
    };
    let parts = tokenize(&language, &text)?.into_iter().filter_map(|token| {
        let (start, end) = (convert(token.range.start), convert(token.range.end));
        let highlight = find_highlight(name(token.kind))?;
        let range = new_range(&node, start, end)?;
        call(&highlight, "add", &[&range])?;
        Some(Highlighted { highlight, range })
    });
    Some(parts.collect())
}

/// The style sheet gives each a colour.
fn name(kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::Comment => "comment",
        TokenKind::String => "string",
        TokenKind::Number => "number",
        TokenKind::Keyword => "keyword",
        TokenKind::Name => "name",
    }
}

/// The highlight of this name, which is created if it does not exist.
fn find_highlight(name: &str) -> Option<JsValue> {
    let registry = field(&field(&window(), "CSS")?, "highlights")?;
    let name = JsValue::from_str(name);
    let found = call(&registry, "get", &[&name])?;
    if !found.is_undefined() {
        return Some(found);
    }
    let highlight = construct("Highlight", &[])?;
    call(&registry, "set", &[&name, &highlight])?;
    Some(highlight)
}

fn new_range(node: &JsValue, start: u32, end: u32) -> Option<JsValue> {
    let bounds = Object::new();
    let fields = [("startContainer", node.clone()), ("startOffset", start.into())];
    for (name, value) in fields.into_iter().chain([("endContainer", node.clone()), ("endOffset", end.into())])
    {
        Reflect::set(&bounds, &JsValue::from_str(name), &value).ok()?;
    }
    construct("StaticRange", &[&bounds])
}
