//! A page with a spinner.

use leptos::prelude::*;

/// Looks like the skeleton in `index.html`, so that nothing moves when the program starts.
#[component]
pub fn LoadingPage(text: &'static str) -> impl IntoView {
    view! {
        <main class="loading" aria-busy="true">
            <span class="spinner" aria-hidden="true"></span>
            <p class="muted">{text}</p>
        </main>
    }
}
