//! Which other members have read the last message.

use leptos::prelude::*;

use crate::{chat::state::use_viewport, components::avatar::avatar, strings};

/// As many avatars as fit next to each other.
const AVATARS_MAX: usize = 5;

/// Keeps its height while it is empty, so that the layout does not shift.
#[component]
pub fn SeenBy() -> impl IntoView {
    let viewport = use_viewport();
    let seen_by = Memo::new(move |_| viewport.seen_by());
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
            {avatars} <span>{text}</span>
        </p>
    }
}
