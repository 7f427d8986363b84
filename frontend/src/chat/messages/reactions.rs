//! Reacting to a message, and who did: the parts that are loaded with its menu.

use leptos::prelude::*;
use shared::{
    id::Seq,
    message::{ReactionUsers, ReactionsResponse},
};

use crate::{
    api::moderation as api,
    chat::{state::use_sync, use_request::use_chat_request},
    components::form_request::Outcome,
    lazy_view::lazy_view,
    strings,
};

/// The reactions that the menu of a message offers.
pub const QUICK: [&str; 6] = ["👍", "❤️", "😂", "😮", "😢", "🙏"];

lazy_view! {
    tools,
    pub fn who_reacted(seq: Seq) {
        view! { <WhoReacted seq /> }
    }
}

/// Who reacted with which emoji.
#[component]
fn WhoReacted(seq: Seq) -> impl IntoView {
    let (sync, request) = (use_sync(), use_chat_request());
    let reactions = RwSignal::new(Vec::<ReactionUsers>::new());
    let load = api::list_reactions(&sync.current_uri(), seq);
    request.send(load, move |response: ReactionsResponse| reactions.set(response.reactions));
    let user_id = sync.user_id();
    let line = move |ReactionUsers { emoji, count, users, .. }: ReactionUsers| {
        let unnamed = usize::try_from(count).unwrap_or(usize::MAX).saturating_sub(users.len());
        let (own, others): (Vec<_>, Vec<_>) = users.into_iter().partition(|user| user.id == user_id);
        let own = own.into_iter().map(|_| strings::YOU.to_owned());
        let names = own.chain(others.into_iter().map(|user| user.name)).collect();
        let names = strings::people_list(names, unnamed);
        view! {
            <li>
                <span class="emoji">{emoji}</span>
                <span>{names}</span>
            </li>
        }
    };
    view! {
        <section class="who-reacted" tabindex="-1" aria-label=strings::REACTIONS>
            <p class="hint" hidden=move || !request.is_blocked()>{strings::LOADING}</p>
            <Outcome request />
            <ul>{move || reactions.get().into_iter().map(line).collect_view()}</ul>
        </section>
    }
}
