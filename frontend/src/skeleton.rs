//! The skeleton (`skeleton.js`): what is in view until the program shows its first view. What was typed into it is kept.

use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement, HtmlTextAreaElement};

/// What happened to a field of the skeleton.
pub struct TypedText {
    /// `None` if the user has not typed.
    pub text: Option<String>,
    /// The field began with the draft of the chat.
    pub has_draft: bool,
    pub has_focus: bool,
    /// The form was submitted, and has to be submitted by the program.
    pub is_submitted: bool,
}

/// What happened to the field of this name; `None` without a skeleton, or on another page than the one that it was for.
pub fn typed_text(field: &str) -> Option<TypedText> {
    let skeleton = skeleton()?;
    if skeleton.get_attribute("data-path") != window().location().pathname().ok() {
        return None;
    }
    let field = skeleton.query_selector(&format!("[name={field}]")).ok().flatten()?;
    let value = match field.dyn_ref::<HtmlInputElement>() {
        Some(input) => input.value(),
        None => field.dyn_ref::<HtmlTextAreaElement>()?.value(),
    };
    Some(TypedText {
        text: field.has_attribute("data-edited").then_some(value),
        has_draft: field.has_attribute("data-has-draft"),
        has_focus: document().active_element().as_ref() == Some(&field),
        is_submitted: field.has_attribute("data-submitted"),
    })
}

/// Shows the program instead, unless messages can be read; the text can still be read.
pub fn hide() {
    let is_empty = |skeleton: &Element| skeleton.query_selector(".message-rows").ok().flatten().is_none();
    if let Some(skeleton) = skeleton().filter(is_empty) {
        // Setting an attribute of this name cannot fail.
        let _set = skeleton.set_attribute("hidden", "");
    }
}

/// Shows the view that is being created instead, which has read the text.
pub fn remove_when_mounted() {
    Effect::new(|_| {
        // After the parts of the view that are created while it is put on the page.
        spawn_local(async {
            if let Some(skeleton) = skeleton() {
                skeleton.remove();
            }
        });
    });
}

fn skeleton() -> Option<Element> {
    document().get_element_by_id("skeleton")
}

/// Whether a message was typed before the program ran.
pub fn has_typed_message() -> bool {
    typed_text("message").is_some_and(|typed| typed.text.is_some())
}

#[cfg(test)]
mod tests {
    use crate::strings::{self, dates, onboarding};

    #[test]
    fn skeleton_has_the_texts_of_the_program() {
        let page = [include_str!("../index.html"), include_str!("../skeleton.js")].concat();
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
            strings::YOU,
            strings::MESSAGES,
            strings::ONE_MOMENT,
            strings::LOADING,
            strings::EDITED,
            dates::TODAY,
            dates::YESTERDAY,
            &onboarding::chat_with(&[]),
        ] {
            assert!(page.contains(text), "{text}");
        }
    }
}
