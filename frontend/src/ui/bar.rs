//! The bar above the pages that are not a chat.

use leptos::prelude::*;

use crate::{session::use_session, words};

/// Our name, drawn.
#[component]
pub fn Brand() -> impl IntoView {
    view! {
        <span class="brand">
            <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
                <linearGradient id="brand" x1="0" y1="1" x2="1" y2="0">
                    <stop class="from" />
                    <stop class="to" offset="1" />
                </linearGradient>
                <path d="M9 5h14a6 6 0 0 1 6 6v7a6 6 0 0 1-6 6h-8l-7 5v-5.3A6 6 0 0 1 3 18v-7a6 6 0 0 1 6-6z" />
            </svg>
            {words::PRODUCT}
        </span>
    }
}

#[component]
pub fn Bar() -> impl IntoView {
    let session = use_session();
    view! {
        <header class="bar">
            <a class="home" href="/chats">
                <Brand />
            </a>
            <a class="quiet" href="/settings" rel="external" hidden=move || !session.is_in()>
                {words::entering::SETTINGS}
            </a>
        </header>
    }
}
