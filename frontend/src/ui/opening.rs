//! What is seen while something is awaited.

use leptos::prelude::*;

/// Looks like the page's skeleton, so that nothing jumps.
#[component]
pub fn Opening(
    /// What is going on.
    text: &'static str,
) -> impl IntoView {
    view! {
        <main class="opening" aria-busy="true">
            <span class="spinner" aria-hidden="true"></span>
            <p class="muted">{text}</p>
        </main>
    }
}
