//! The field for the current password.

use leptos::{html, prelude::*};

use crate::{
    components::{
        field::{CURRENT_PASSWORD, Field},
        form_request::FormRequest,
    },
    strings::account,
};

#[component]
pub fn CurrentPasswordField(node: NodeRef<html::Input>, request: FormRequest) -> impl IntoView {
    view! {
        <Field
            name=CURRENT_PASSWORD
            label=account::CURRENT_PASSWORD
            autocomplete="current-password"
            node
            request
        />
    }
}
