//! What to be called, asked of whoever is not signed in.

use leptos::{html, prelude::*};
use shared::name::friendly;

use super::{
    asking::Asking,
    field::{DISPLAY_NAME, Field},
};
use crate::{
    session::{return_to::path_back_to, use_session},
    words,
};

/// A friendly name stands in it, so that nobody has to think of one.
#[component]
pub fn NameField(
    /// Where it is read.
    node: NodeRef<html::Input>,
    /// What is wrong with it.
    asking: Asking,
) -> impl IntoView {
    let session = use_session();
    let is_in = Memo::new(move |_| session.is_in());
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "lies in 0..=u32::MAX")]
    let proposed = friendly((js_sys::Math::random() * f64::from(u32::MAX)) as u32);
    move || {
        let value = proposed.clone();
        (!is_in.get()).then(|| {
            view! {
                <Field
                    name=DISPLAY_NAME
                    label=words::entering::YOUR_NAME
                    hint=words::entering::YOUR_NAME_HINT.to_owned()
                    autocomplete="nickname"
                    value
                    node
                    asking
                />
            }
        })
    }
}

/// The way for whoever is known already: it leads back to `path`.
#[component]
pub fn KnownLink(
    /// Where to come back to.
    #[prop(into)]
    path: Signal<String>,
) -> impl IntoView {
    let session = use_session();
    view! {
        <a
            class="quiet"
            href=move || path_back_to(&path.read(), true)
            rel="external"
            hidden=move || session.is_in()
        >
            {words::entering::HAVE_AN_ACCOUNT}
        </a>
    }
}
