//! A page with a spinner.

use leptos::prelude::*;

/// Looks like the skeleton in `index.html`, so that nothing moves when the program starts.
#[component]
pub fn LoadingPage(
    /// Shown after 12 seconds.
    text: &'static str,
    #[prop(optional)] is_shown_at_once: bool,
) -> impl IntoView {
    view! {
        <main class="loading" aria-busy="true">
            <span class="spinner" aria-hidden="true"></span>
            <p class="muted" class:at-once=is_shown_at_once role="status">{text}</p>
        </main>
    }
}
