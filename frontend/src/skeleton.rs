//! The skeleton in `index.html`: what is in view until the program shows its first view. What was typed into it is kept.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement, HtmlTextAreaElement};

/// What was typed into a field of the skeleton.
pub struct TypedText {
    pub text: String,
    /// The text began as the draft of the chat.
    pub has_draft: bool,
    pub has_focus: bool,
    /// The form was submitted. The program has to do it.
    pub is_submitted: bool,
}

/// What was typed into the field of this name; `None` when the skeleton is gone or the field is untouched.
pub fn typed_text(field: &str) -> Option<TypedText> {
    let field = skeleton()?.query_selector(&format!("[name={field}]")).ok().flatten()?;
    let text = match field.dyn_ref::<HtmlInputElement>() {
        Some(input) => input.value(),
        None => field.dyn_ref::<HtmlTextAreaElement>()?.value(),
    };
    let has_focus = document().active_element().as_ref() == Some(&field);
    let has_draft = field.has_attribute("data-has-draft");
    let is_submitted = field.has_attribute("data-submitted");
    let typed = TypedText { text, has_draft, has_focus, is_submitted };
    (has_focus || is_submitted || !typed.text.is_empty()).then_some(typed)
}

/// Shows the program instead; the text can still be read.
pub fn hide() {
    if let Some(skeleton) = skeleton() {
        // Setting an attribute of this name cannot fail.
        let _set = skeleton.set_attribute("hidden", "");
    }
}

/// Shows the program instead. The text has been read.
pub fn remove() {
    if let Some(skeleton) = skeleton() {
        skeleton.remove();
    }
}

/// As [`remove`], when the view that is being created is on the page.
pub fn remove_when_mounted() {
    Effect::new(|_| remove());
}

fn skeleton() -> Option<Element> {
    document().get_element_by_id("skeleton")
}

#[cfg(test)]
mod tests {
    use crate::strings::{self, onboarding};

    #[test]
    fn skeleton_has_the_texts_of_the_program() {
        let page = include_str!("../index.html");
        for text in [
            onboarding::START_TITLE,
            strings::INTRODUCTION,
            onboarding::NO_ACCOUNT_NEEDED,
            onboarding::YOUR_NAME,
            onboarding::YOUR_NAME_HINT,
            strings::START_CHATTING,
            onboarding::JOIN,
            onboarding::HAVE_AN_ACCOUNT,
            strings::OPENING_CHAT,
            strings::ALL_CHATS,
            strings::MESSAGE,
            strings::SEND,
        ] {
            assert!(page.contains(text), "{text}");
        }
    }
}
