//! Which other members have read the last message.

use leptos::prelude::*;

use crate::{chat::state::use_viewport, components::avatar::avatar, strings};

/// As many avatars as fit next to each other.
const AVATARS_MAX: usize = 5;

/// Stands below the last stored message. Keeps its height while it is empty, so that the layout does not shift.
#[component]
pub fn SeenBy(
    /// If not, it is at the end of the list, and empty while messages that are not stored stand above it.
    is_above_unsent: bool,
) -> impl IntoView {
    let viewport = use_viewport();
    let seen_by =
        Memo::new(
            move |_| {
                if is_above_unsent || !viewport.has_pending() { viewport.seen_by() } else { Vec::new() }
            },
        );
    let avatars = move || {
        let shown = seen_by.get().into_iter().take(AVATARS_MAX);
        shown.map(|user| avatar(user.id, user.name(), &user.avatar)).collect_view()
    };
    let text = move || {
        let names: Vec<_> = seen_by.read().iter().map(|user| user.name().to_owned()).collect();
        strings::chat_list::seen_by(&names)
    };
    view! {
        <p class="seen-by" title=text>
            {avatars} <span prop:textContent=text></span>
        </p>
    }
}
