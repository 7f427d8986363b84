//! The password that is good now.

use leptos::{html, prelude::*};

use crate::{
    ui::{
        asking::Asking,
        field::{CURRENT_PASSWORD, Field},
    },
    words::account,
};

#[component]
pub fn Current(
    /// Where it is read.
    node: NodeRef<html::Input>,
    /// What it is asked for.
    asking: Asking,
) -> impl IntoView {
    view! {
        <Field
            name=CURRENT_PASSWORD
            label=account::CURRENT_PASSWORD
            autocomplete="current-password"
            node
            asking
        />
    }
}
