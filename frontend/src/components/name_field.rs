//! The name field of people who are not signed in, and their link to sign in.

use leptos::{html, prelude::*};
use shared::guest_name::generate;

use super::{
    field::{DISPLAY_NAME, Field},
    form_request::FormRequest,
    use_is_signed_in,
};
use crate::strings::onboarding;

/// Filled with a generated name.
#[component]
pub fn NameField(node: NodeRef<html::Input>, request: FormRequest) -> impl IntoView {
    let is_signed_in = use_is_signed_in();
    let is_signed_in = Memo::new(move |_| is_signed_in.get());
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "lies in 0..=u32::MAX")]
    let generated = generate((js_sys::Math::random() * f64::from(u32::MAX)) as u32);
    move || {
        let value = generated.clone();
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

#[component]
pub fn SignInLink(#[prop(into)] href: Signal<String>) -> impl IntoView {
    let is_signed_in = use_is_signed_in();
    view! {
        <a class="quiet" href=href rel="external" hidden=move || is_signed_in.get()>
            {onboarding::HAVE_AN_ACCOUNT}
        </a>
    }
}
