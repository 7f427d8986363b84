//! A user's picture, or the first letter of their name on their colour.

use leptos::{either::Either, prelude::*};
use shared::{
    id::UserId,
    paths,
    user_color::{initial, user_color},
};

/// `picture` is the name of the picture; empty without one.
pub fn avatar(user_id: UserId, name: &str, picture: &str) -> impl IntoView + use<> {
    if picture.is_empty() {
        Either::Left(view! {
            <span class="avatar" aria-hidden="true" style:background-color=user_color(user_id)>
                {initial(name)}
            </span>
        })
    } else {
        let url = paths::fill(paths::AVATAR, &[picture]);
        Either::Right(view! { <img class="avatar" src=url alt="" loading="lazy" decoding="async" /> })
    }
}
