//! A person as a letter on their colour.

use leptos::prelude::*;

use super::colour::{colour, letter};

#[component]
pub fn Avatar(
    /// Whose colour.
    user: i64,
    /// Whose letter.
    name: String,
) -> impl IntoView {
    view! {
        <span class="avatar" aria-hidden="true" style:background-color=colour(user)>
            {letter(&name)}
        </span>
    }
}
