//! A page with a spinner.

use std::time::Duration;

use leptos::prelude::*;

use crate::skeleton;

/// As in the style sheet.
const SHOWN_AFTER: Duration = Duration::from_secs(12);

/// Looks like the skeleton in `index.html`, so that nothing moves when the program starts.
#[component]
pub fn LoadingPage(
    /// Shown after 12 seconds.
    text: &'static str,
    #[prop(optional)] is_shown_at_once: bool,
) -> impl IntoView {
    // Until then the skeleton stays, so that the user can go on typing.
    let wait = if is_shown_at_once { Duration::ZERO } else { SHOWN_AFTER };
    let timer = set_timeout_with_handle(skeleton::hide, wait);
    on_cleanup(move || {
        if let Ok(timer) = timer {
            timer.clear();
        }
    });
    view! {
        <main class="loading" aria-busy="true">
            <span class="spinner" aria-hidden="true"></span>
            <p class="muted" class:at-once=is_shown_at_once role="status">{text}</p>
        </main>
    }
}
