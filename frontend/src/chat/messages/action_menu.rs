//! The actions on a stored message.

use leptos::{ev, html, prelude::*, task::spawn_local};
use markdown::mentions::replace_mentions;
use shared::timeline::Timeline;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::{
    emoji_picker::emoji_picker,
    reactions::{QUICK, who_reacted},
    selection,
};
use crate::{
    api::moderation as api,
    chat::{
        state::{
            reactions::Reactions, rows::MessageItem, use_deletions, use_draft, use_edits, use_reactions,
            use_sync, use_viewport,
        },
        tools,
    },
    components::{
        copy_button::CopyButton,
        form_request::focus,
        icon::{Icon, SvgIcon},
    },
    lazy_view::{LazyView, lazy_view},
    strings::{self, moderation},
};

/// The actions, which are loaded later.
#[component]
pub fn ActionMenu(is_open: RwSignal<bool>, item: RwSignal<MessageItem>) -> impl IntoView {
    view! { <LazyView load=move || Box::pin(menu(is_open, item)) class="message-actions" /> }
}

lazy_view! {
    tools,
    fn menu(is_open: RwSignal<bool>, item: RwSignal<MessageItem>) {
        tools::run_tasks();
        view! { <Menu is_open item /> }
    }
}

#[component]
fn Menu(is_open: RwSignal<bool>, item: RwSignal<MessageItem>) -> impl IntoView {
    let (draft, sync) = (use_draft(), use_sync());
    let actions = NodeRef::<html::Div>::new();
    request_animation_frame(move || focus_first(actions));
    let close = move || {
        is_open.set(false);
        focus(&item.read_untracked().element_id());
    };
    let text = Signal::derive(move || copied_text(&item.read()));
    let link = Signal::derive(move || format!("{}?at={}", sync.page_url(), item.read().seq));
    let can_write = move || draft.restriction().is_none();
    let reactions = current_reactions(item);
    let part = RwSignal::new(MenuPart::Actions);
    let who = move || {
        let seq = item.read_untracked().seq;
        view! { <LazyView load=move || Box::pin(who_reacted(seq)) class="who-reacted" /> }
    };
    view! {
        <div class="message-actions" node_ref=actions on:keydown=move |event| {
            if take_escape(&event) { close() }
        }>
            <QuickReactions item reactions part on_chosen=move |()| close() />
            <Show when=move || !item.read().text.trim().is_empty()>
                <CopyButton class="quiet" text label=strings::COPY_TEXT />
            </Show>
            <CopyButton class="quiet" text=link label=strings::COPY_LINK />
            <ReplyButton is_open item is_offered=Signal::derive(can_write) />
            <EditButton is_open item />
            <PinButton item on_chosen=move |()| close() />
            <ReactionsButton reactions part />
            <SelectButton is_open item />
            <DeleteButton item on_chosen=move |()| close() />
            {move || (part.get() == MenuPart::WhoReacted).then(who)}
        </div>
    }
}

fn focus_first(menu: NodeRef<html::Div>) {
    let first = menu.get_untracked().and_then(|menu| menu.query_selector(FIRST_BUTTON).ok().flatten());
    if let Some(button) = first.and_then(|button| button.dyn_into::<HtmlElement>().ok()) {
        // If the button cannot take the focus, the focus stays where it is.
        let _focused = button.focus();
    }
}

/// The Markdown, with names in the place of mentions.
fn copied_text(item: &MessageItem) -> String {
    replace_mentions(&item.text, &|id| item.mentions.name(id))
}

/// The first button of the menu that is shown.
const FIRST_BUTTON: &str = ":not([hidden]) > button:not([hidden])";

/// What the menu shows beside the actions.
#[derive(Clone, Copy, PartialEq, Eq)]
enum MenuPart {
    Actions,
    WhoReacted,
    EmojiPicker,
}

fn current_reactions(item: RwSignal<MessageItem>) -> Memo<Reactions> {
    let (sync, store) = (use_sync(), use_reactions());
    Memo::new(move |_| {
        let (seq, member) = (item.read().seq, sync.current_member());
        let reactions = |timeline: Option<&Timeline>| Some(store.reactions(timeline?, member, seq));
        sync.with_timeline(reactions).unwrap_or_default()
    })
}

/// Shows and hides who reacted.
#[component]
fn ReactionsButton(reactions: Memo<Reactions>, part: RwSignal<MenuPart>) -> impl IntoView {
    let is_shown = move || part.get() == MenuPart::WhoReacted;
    let toggle = move |_| part.set(if untrack(is_shown) { MenuPart::Actions } else { MenuPart::WhoReacted });
    view! {
        <button
            class="quiet"
            hidden=move || reactions.read().chips.is_empty()
            aria-expanded=move || is_shown().to_string()
            on:click=toggle
        >
            {strings::REACTIONS}
        </button>
    }
}

#[component]
fn QuickReactions(
    item: RwSignal<MessageItem>,
    reactions: Memo<Reactions>,
    part: RwSignal<MenuPart>,
    #[prop(into)] on_chosen: Callback<()>,
) -> impl IntoView {
    let store = use_reactions();
    let react = move |emoji: String, is_set| {
        let seq = item.read_untracked().seq;
        on_chosen.run(());
        spawn_local(store.react(store.generation(), seq, emoji, is_set));
    };
    let button = move |emoji: &'static str| {
        let is_own = move || reactions.read().chips.iter().any(|chip| chip.is_own && chip.emoji == emoji);
        view! {
            <button aria-pressed=move || is_own().to_string() on:click=move |_| react(emoji.to_owned(), None)>
                {emoji}
            </button>
        }
    };
    let on_picked = Callback::new(move |emoji| react(emoji, Some(true)));
    let on_closed = Callback::new(move |()| part.set(MenuPart::Actions));
    let picker = move || {
        view! { <LazyView load=move || Box::pin(emoji_picker(on_picked, on_closed)) class="part-loading" /> }
    };
    view! {
        <div class="quick-reactions" role="group" aria-label=strings::REACT hidden=move || reactions.read().is_read_only>
            {QUICK.map(button).collect_view()}
            <button
                aria-haspopup="dialog"
                aria-label=strings::MORE_EMOJI
                title=strings::MORE_EMOJI
                on:click=move |_| part.set(MenuPart::EmojiPicker)
            >
                <SvgIcon icon=Icon::Plus />
            </button>
            {move || (part.get() == MenuPart::EmojiPicker).then(picker)}
        </div>
    }
}

#[component]
fn ReplyButton(
    is_open: RwSignal<bool>,
    item: RwSignal<MessageItem>,
    is_offered: Signal<bool>,
) -> impl IntoView {
    let (draft, edits) = (use_draft(), use_edits());
    let reply = move |_| {
        is_open.set(false);
        if edits.check_unchanged() {
            edits.cancel();
            draft.set_reply_to(Some(item.read_untracked().seq));
        }
        draft.request_focus();
    };
    view! {
        <button class="quiet" hidden=move || !is_offered.get() on:click=reply>
            {strings::REPLY}
        </button>
    }
}

#[component]
fn EditButton(is_open: RwSignal<bool>, item: RwSignal<MessageItem>) -> impl IntoView {
    let (draft, edits) = (use_draft(), use_edits());
    let edit = move |_| {
        is_open.set(false);
        edits.start(item.read_untracked().seq);
        draft.request_focus();
    };
    view! {
        <button class="quiet" hidden=move || !edits.can_edit(item.read().seq) on:click=edit>
            {strings::EDIT}
        </button>
    }
}

/// Offered to moderators.
#[component]
fn PinButton(item: RwSignal<MessageItem>, #[prop(into)] on_chosen: Callback<()>) -> impl IntoView {
    let (sync, viewport) = (use_sync(), use_viewport());
    let toggle = move |_| {
        on_chosen.run(());
        let (uri, seq, is_pinned) =
            (sync.current_uri(), item.read_untracked().seq, item.read_untracked().is_pinned);
        let request = if is_pinned { api::unpin_message(&uri, seq) } else { api::pin_message(&uri, seq) };
        spawn_local(async move {
            match sync.session().send(request).await {
                // Without a socket, nothing else brings the change into the timeline.
                Ok(_) if !sync.has_socket() => sync.fetch_changes(),
                Ok(_) => {}
                // Not if another chat was opened meanwhile.
                Err(_) if sync.current_uri() != uri => {}
                Err(error) => viewport.show_error(strings::errors::for_request(error.problem())).await,
            }
        });
    };
    view! {
        <button class="quiet" hidden=move || !sync.current_member().is_moderator() on:click=toggle>
            {move || if item.read().is_pinned { strings::UNPIN } else { strings::PIN }}
        </button>
    }
}

#[component]
fn DeleteButton(item: RwSignal<MessageItem>, #[prop(into)] on_chosen: Callback<()>) -> impl IntoView {
    let deletions = use_deletions();
    let delete = move |_| {
        on_chosen.run(());
        deletions.delete(&[item.read_untracked().seq]);
    };
    view! {
        <button class="quiet destructive" hidden=move || !item.read().is_deletable on:click=delete>
            {strings::DELETE}
        </button>
    }
}

#[component]
fn SelectButton(is_open: RwSignal<bool>, item: RwSignal<MessageItem>) -> impl IntoView {
    let (sync, deletions, announcements) = (use_sync(), use_deletions(), expect_context());
    let select = move |_| {
        is_open.set(false);
        selection::start(sync, deletions, announcements, item.read_untracked().seq);
    };
    view! {
        <button class="quiet" hidden=move || !item.read().is_deletable on:click=select>
            {moderation::SELECT}
        </button>
    }
}

/// Whether the key is Escape; then no other listener receives it.
fn take_escape(event: &ev::KeyboardEvent) -> bool {
    let is_escape = event.key() == "Escape";
    if is_escape {
        event.stop_propagation();
    }
    is_escape
}
