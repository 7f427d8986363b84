//! Components that several pages use.

pub mod app_bar;
pub mod avatar;
pub mod confirm;
pub mod copy_button;
pub mod countdown;
pub mod elements;
pub mod emoji_search;
pub mod error_page;
pub mod field;
pub mod focus_stops;
pub mod form_request;
pub mod icon;
pub mod link_field;
pub mod loading;
pub mod name_field;
pub mod qr_code;
pub mod theme;

use leptos::prelude::*;

/// Context: whether a user is signed in.
#[derive(Clone, Copy)]
pub struct IsSignedIn(pub Signal<bool>);

pub fn use_is_signed_in() -> Signal<bool> {
    expect_context::<IsSignedIn>().0
}
