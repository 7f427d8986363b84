//! A member's avatar with a mark while they have the chat open.

use leptos::prelude::*;
use shared::user::User;

use super::state::presence::PresenceStore;
use crate::components::avatar::avatar;

pub fn member_avatar(presence: PresenceStore, user: &User) -> impl IntoView + use<> {
    let user_id = user.id;
    view! {
        <span class="avatar-frame" class:present=move || presence.is_present(user_id)>
            {avatar(user_id, user.name(), &user.avatar)}
        </span>
    }
}
