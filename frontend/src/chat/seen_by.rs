//! Who else has read the last message.

use leptos::prelude::*;

use super::room::Room;
use crate::{ui::avatar::avatar, words};

/// As many letters as have room beside each other.
const FACES: usize = 5;

/// As high while nobody has, so that nothing jumps.
#[component]
pub fn SeenBy(
    /// The chat.
    room: Room,
) -> impl IntoView {
    let seen_by = Memo::new(move |_| room.seen_by());
    let faces = move || {
        let shown = seen_by.get().into_iter().take(FACES);
        shown.map(|user| avatar(user.id, user.name(), &user.avatar)).collect_view()
    };
    let names = move || {
        let names: Vec<_> = seen_by.read().iter().map(|user| user.name().to_owned()).collect();
        words::chats::seen_by(&names)
    };
    view! {
        <p class="seen-by" title=names>
            {faces} <span>{names}</span>
        </p>
    }
}
