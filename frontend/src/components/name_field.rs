//! The name field of people who are not signed in, and their link to sign in.

use leptos::{html, prelude::*};
use shared::guest_name::generate;
use web_sys::HtmlInputElement;

use super::{
    field::{DISPLAY_NAME, Field},
    form_request::FormRequest,
    use_is_signed_in,
};
use crate::{
    skeleton::{self, TypedText},
    strings::onboarding,
};

/// Filled with the name that was typed into the skeleton, or a generated one.
#[component]
pub fn NameField(node: NodeRef<html::Input>, request: FormRequest) -> impl IntoView {
    let is_signed_in = use_is_signed_in();
    let is_signed_in = Memo::new(move |_| is_signed_in.get());
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "lies in 0..=u32::MAX")]
    let generated = generate((js_sys::Math::random() * f64::from(u32::MAX)) as u32);
    let typed = skeleton::typed_text(DISPLAY_NAME);
    let typed_name = typed.as_ref().and_then(|typed| typed.text.clone()).filter(|text| !text.is_empty());
    if let Some(TypedText { has_focus, is_submitted, .. }) = typed {
        let has_text = typed_name.is_some();
        on_first_mount(node, move |input| match (is_submitted, has_focus) {
            (true, _) => submit_form(input),
            (false, true) => focus(input, has_text),
            (false, false) => {}
        });
    }
    let name = typed_name.unwrap_or(generated);
    move || {
        let value = name.clone();
        (!is_signed_in.get()).then(|| {
            view! {
                <Field
                    name=DISPLAY_NAME
                    label=onboarding::YOUR_NAME
                    hint=onboarding::YOUR_NAME_HINT.to_owned()
                    autocomplete="nickname"
                    value
                    node
                    request
                />
            }
        })
    }
}

fn on_first_mount(node: NodeRef<html::Input>, action: impl Fn(&HtmlInputElement) + 'static) {
    let is_done = StoredValue::new(false);
    Effect::new(move |_| {
        if let Some(input) = node.get().filter(|_| !is_done.get_value()) {
            is_done.set_value(true);
            action(&input);
        }
    });
}

fn submit_form(input: &HtmlInputElement) {
    if let Some(form) = input.form() {
        // Fails only if the form is not on the page.
        let _submitted = form.request_submit();
    }
}

/// The next character is added to a typed name, and replaces a generated one.
fn focus(input: &HtmlInputElement, is_typed: bool) {
    // If the field cannot take the focus, it stays where it is.
    let _focused = input.focus();
    if is_typed {
        let end = u32::try_from(input.value().encode_utf16().count()).unwrap_or_default();
        let _set = input.set_selection_range(end, end);
    }
}

#[component]
pub fn SignInLink(#[prop(into)] href: Signal<String>) -> impl IntoView {
    let is_signed_in = use_is_signed_in();
    view! {
        <a class="quiet" href=href rel="external" hidden=move || is_signed_in.get()>
            {onboarding::HAVE_AN_ACCOUNT}
        </a>
    }
}
