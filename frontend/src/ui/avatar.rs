//! A person: their picture, or else a letter on their colour.

use leptos::{either::Either, prelude::*};

use super::colour::{colour, letter};

/// `picture` is the name of their picture, empty without one.
pub fn avatar(user: i64, name: &str, picture: &str) -> impl IntoView + use<> {
    if picture.is_empty() {
        Either::Left(view! {
            <span class="avatar" aria-hidden="true" style:background-color=colour(user)>
                {letter(name)}
            </span>
        })
    } else {
        let address = format!("/api/avatars/{picture}/");
        Either::Right(view! { <img class="avatar" src=address alt="" loading="lazy" decoding="async" /> })
    }
}
