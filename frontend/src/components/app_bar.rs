//! The bar at the top of all pages except the chat.

use leptos::prelude::*;

use super::use_is_signed_in;
use crate::strings;

/// Logo and name of the product.
#[component]
pub fn Brand() -> impl IntoView {
    view! {
        <span class="brand">
            <svg class="logo" viewBox="0 0 32 32" aria-hidden="true">
                <linearGradient id="brand" x1="0" y1="1" x2="1" y2="0">
                    <stop class="from" />
                    <stop class="to" offset="1" />
                </linearGradient>
                <path d="M9 5h14a6 6 0 0 1 6 6v7a6 6 0 0 1-6 6h-8l-7 5v-5.3A6 6 0 0 1 3 18v-7a6 6 0 0 1 6-6z" />
            </svg>
            {strings::PRODUCT}
        </span>
    }
}

#[component]
pub fn AppBar() -> impl IntoView {
    let is_signed_in = use_is_signed_in();
    view! {
        <header class="app-bar">
            <a class="home-link" href="/chats">
                <Brand />
            </a>
            <a class="quiet" href="/settings" rel="external" hidden=move || !is_signed_in.get()>
                {strings::SETTINGS}
            </a>
        </header>
    }
}
