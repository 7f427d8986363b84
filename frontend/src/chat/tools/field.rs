//! Reads and edits the text of the composer.

use std::ops::Range;

use leptos::prelude::document;
use wasm_bindgen::JsValue;
use web_sys::HtmlTextAreaElement;

use super::text_edit::{TextEdit, byte_offset, utf16_offset};
use crate::js::{call, construct, field};

/// The text and what is selected of it, in bytes.
pub fn read_content(textarea: &HtmlTextAreaElement) -> (String, Range<usize>) {
    let text = textarea.value();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an offset in a text")]
    let read = |name| field(textarea, name).and_then(|offset| offset.as_f64()).unwrap_or_default() as u32;
    let start = byte_offset(&text, read("selectionStart"));
    let end = byte_offset(&text, read("selectionEnd"));
    (text, start..end)
}

/// Edits the text as typing does, so that the user can undo it.
pub fn apply(textarea: &HtmlTextAreaElement, text: &str, edit: &TextEdit) {
    // The message is being saved.
    if field(textarea, "readOnly").is_some_and(|is_read_only| is_read_only.is_truthy()) {
        return;
    }
    select(textarea, text, &edit.range);
    let arguments: [&JsValue; 3] = [&"insertText".into(), &JsValue::FALSE, &edit.text.as_str().into()];
    let is_inserted =
        call(&document(), "execCommand", &arguments).is_some_and(|inserted| inserted.is_truthy());
    let edited = edit.apply_to(text);
    if !is_inserted {
        textarea.set_value(&edited);
        if let Some(event) = construct("Event", &[&"input".into()]) {
            call(textarea, "dispatchEvent", &[&event]);
        }
    }
    select(textarea, &edited, &edit.selection);
}

fn select(textarea: &HtmlTextAreaElement, text: &str, range: &Range<usize>) {
    let (start, end) = (utf16_offset(text, range.start), utf16_offset(text, range.end));
    call(textarea, "setSelectionRange", &[&start.into(), &end.into()]);
}
