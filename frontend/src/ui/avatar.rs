//! A person as a letter on their colour.

use leptos::prelude::*;

use super::colour::{colour, letter};

pub fn avatar(user: i64, name: &str) -> impl IntoView + use<> {
    view! {
        <span class="avatar" aria-hidden="true" style:background-color=colour(user)>
            {letter(name)}
        </span>
    }
}
