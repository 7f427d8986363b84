//! One row of the list: a message or an event, below the separator of its day.

use leptos::{either::Either, html, prelude::*};
use shared::id::Seq;
use uuid::Uuid;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::{
    action_menu::{ActionMenu, ActionMenuButton},
    body::{BubbleContent, fill_with_message},
    seen_by::SeenBy,
    versions::message_versions,
};
use crate::{
    chat::state::{
        rows::{DeliveryStatus, MessageItem, MessageKind, RowLayout, day_id},
        use_deletions, use_draft,
    },
    clock,
    components::{
        avatar::avatar,
        focus_stops::focus_in_place,
        icon::{Icon, SvgIcon},
    },
    lazy_view::LazyView,
    strings,
};

#[component]
pub fn MessageRow(item: RwSignal<MessageItem>, layout: RwSignal<RowLayout>) -> impl IntoView {
    let sent_at = item.read_untracked().sent_at;
    let separators = move || {
        let RowLayout { starts_day, is_first_unread, is_first_unsent, .. } = layout.get();
        let day = move || strings::dates::day_label(sent_at);
        if !starts_day {
            move_day_focus(sent_at);
        }
        (
            is_first_unsent.then(|| view! { <SeenBy is_above_unsent=true /> }),
            starts_day.then(|| {
                view! {
                    <h2 class="day-separator">
                        <button
                            id=day_id(sent_at)
                            title=strings::dates::JUMP_TO_DATE
                            aria-haspopup="dialog"
                            prop:textContent=day
                        ></button>
                    </h2>
                }
            }),
            is_first_unread.then(|| view! { <p class="unread-line">{strings::chat_list::NEW_MESSAGES}</p> }),
        )
    };
    let content = if item.read_untracked().kind == MessageKind::Event {
        let text = move || item.read().text.clone();
        Either::Left(view! { <p class="event" title=move || clock::full(sent_at) prop:textContent=text></p> })
    } else {
        Either::Right(view! { <MessageArticle item layout /> })
    };
    view! {
        {separators}
        {content}
    }
}

/// If the label of this day has the focus, and another message of the day has a label by now, that gets it.
fn move_day_focus(sent_at: i64) {
    let Some(focused) = document().active_element().filter(|it| it.id() == day_id(sent_at)) else { return };
    let Ok(labels) = document().query_selector_all(".day-separator > button") else { return };
    let others = (0..labels.length()).filter_map(|index| labels.item(index)?.dyn_into::<HtmlElement>().ok());
    let mut same_day = others.filter(|it| **it != focused && it.text_content() == focused.text_content());
    if let Some(label) = same_day.next() {
        focus_in_place(&label);
    }
}

/// The element stays as long as the message does, and so does a focus on it.
#[component]
fn MessageArticle(item: RwSignal<MessageItem>, layout: RwSignal<RowLayout>) -> impl IntoView {
    let article = NodeRef::<html::Article>::new();
    let (is_menu_open, has_versions_open) = (RwSignal::new(false), RwSignal::new(false));
    let (id, is_own) = (item.read_untracked().element_id(), item.read_untracked().is_own);
    let content = move || {
        if let Some(article) = article.get_untracked() {
            keep_focus(&article);
        }
        message_content(&item.read(), is_menu_open, has_versions_open)
    };
    // Shown anew when the message is edited once more.
    let shown_edit = Memo::new(move |_| item.read().edited_at.filter(|_| has_versions_open.get()));
    let versions = move || {
        let seq = item.read_untracked().seq;
        shown_edit.get().map(|_| {
            view! { <LazyView load=move || Box::pin(message_versions(seq)) class="message-versions" /> }
        })
    };
    view! {
        // Focused by the arrow keys and by tapping.
        <article
            id=id
            tabindex="-1"
            class="message"
            class:group-start=move || layout.read().starts_group
            class:group-end=move || layout.read().ends_group
            data-own=is_own.to_string()
            data-state=move || data_state(&item.read())
            node_ref=article
        >
            {content}
            <ActionMenu is_open=is_menu_open item />
            {versions}
        </article>
    }
}

/// Moves the focus from the content of the message, which is about to be replaced, to the message.
fn keep_focus(article: &web_sys::HtmlElement) {
    let focused = document().active_element();
    let content = focused.and_then(|focused| focused.closest(".bubble-line, .message-meta").ok().flatten());
    if content.is_some_and(|content| article.contains(Some(&content))) {
        // A message can always be focused.
        let _focused = article.focus();
    }
}

/// No component, which would not track the time zone.
fn message_content(
    item: &MessageItem,
    is_menu_open: RwSignal<bool>,
    has_versions_open: RwSignal<bool>,
) -> impl IntoView + use<> {
    // The style sheet shows it beside the last message of a group.
    let avatar = (!item.is_own).then(|| avatar(item.author_id, &item.name, &item.avatar));
    let (text, full_time) = (text(item), clock::full(item.sent_at));
    let has_menu = item.kind == MessageKind::Text && item.seq > Seq::default();
    let button = match item.kind {
        MessageKind::Undoable => Some(Either::Left(view! { <UndoButton seq=item.seq /> })),
        _ => has_menu.then(|| Either::Right(view! { <ActionMenuButton is_open=is_menu_open /> })),
    };
    let name = if item.is_own { strings::YOU.to_owned() } else { item.name.clone() };
    let (quote, mentions) = (item.quote.clone(), item.mentions.clone());
    let content = BubbleContent { quote, text, mentions, mentions_me: item.mentions_me };
    view! {
        <span class="author">
            <bdi prop:textContent=name></bdi>
        </span>
        {avatar}
        <div class="bubble-line">
            <div class="bubble" title=full_time use:fill_with_message=content />
            {button}
        </div>
        {message_meta(item, has_versions_open)}
    }
}

fn data_state(item: &MessageItem) -> &'static str {
    match (item.kind, item.status) {
        (MessageKind::Deleted(_) | MessageKind::Undoable, _) => "deleted",
        (_, DeliveryStatus::Sending | DeliveryStatus::Held | DeliveryStatus::Offline) => "sending",
        (_, DeliveryStatus::Sent) => "sent",
        (_, DeliveryStatus::Failed(_) | DeliveryStatus::NotDeleted(_)) => "failed",
    }
}

fn text(item: &MessageItem) -> String {
    match item.kind {
        MessageKind::Deleted(count) => strings::moderation::deleted_messages(count),
        MessageKind::Undoable => strings::MESSAGE_DELETED.to_owned(),
        MessageKind::Text | MessageKind::Event => item.text.clone(),
    }
}

/// The time of the message, whether it was edited, and its delivery status.
fn message_meta(item: &MessageItem, has_versions_open: RwSignal<bool>) -> impl IntoView + use<> {
    let &MessageItem { sent_at, is_own, edited_at, status, client_id, kind, .. } = item;
    let (icon, text) = match status {
        DeliveryStatus::Sending => (Icon::Clock, strings::SENDING.to_owned()),
        DeliveryStatus::Held => (Icon::Clock, strings::WAITING_FOR_SLOW_MODE.to_owned()),
        DeliveryStatus::Offline => (Icon::Clock, strings::WAITING_FOR_CONNECTION.to_owned()),
        DeliveryStatus::Sent => (Icon::Check, strings::SENT.to_owned()),
        DeliveryStatus::Failed(code) => {
            let reason = strings::errors::for_code(code);
            (Icon::Warning, strings::author_and_text(strings::NOT_SENT, reason))
        }
        DeliveryStatus::NotDeleted(code) => (Icon::Warning, strings::not_deleted(code)),
    };
    let is_sent = status == DeliveryStatus::Sent;
    let has_status = kind == MessageKind::Text && (is_own || matches!(status, DeliveryStatus::NotDeleted(_)));
    let status_line = has_status.then(
        || view! { <SvgIcon icon /> <span class:visually-hidden=is_sent prop:textContent=text></span> },
    );
    let buttons = match status {
        DeliveryStatus::Failed(_) => Some(Either::Left(view! { <FailedMessageButtons client_id /> })),
        DeliveryStatus::Held | DeliveryStatus::Offline => {
            Some(Either::Right(view! { <CancelButton client_id /> }))
        }
        DeliveryStatus::Sending | DeliveryStatus::Sent | DeliveryStatus::NotDeleted(_) => None,
    };
    let pinned = item.is_pinned.then(|| {
        view! { <SvgIcon icon=Icon::Pin /> <span class="visually-hidden">{strings::PINNED}</span> }
    });
    let edited = edited_at.is_some().then(|| view! { <EditedMark is_open=has_versions_open /> });
    view! {
        <footer class="message-meta">
            {pinned}
            {edited}
            <time datetime=clock::iso(sent_at) title=clock::full(sent_at) prop:textContent=clock::time(sent_at)></time>
            {status_line}
            {buttons}
        </footer>
    }
}

/// Shows and hides the former texts.
#[component]
fn EditedMark(is_open: RwSignal<bool>) -> impl IntoView {
    view! {
        <button
            class="edited"
            title=strings::EARLIER_VERSIONS
            aria-expanded=move || is_open.get().to_string()
            on:click=move |_| is_open.update(|is_open| *is_open = !*is_open)
        >
            {strings::EDITED}
        </button>
    }
}

#[component]
fn UndoButton(seq: Seq) -> impl IntoView {
    let deletions = use_deletions();
    view! {
        <button class="quiet" on:click=move |_| deletions.undo(seq)>{strings::UNDO}</button>
    }
}

#[component]
fn CancelButton(client_id: Uuid) -> impl IntoView {
    let draft = use_draft();
    view! {
        <span class="retry-actions">
            <button class="quiet" on:click=move |_| draft.cancel(client_id)>{strings::CANCEL}</button>
        </span>
    }
}

#[component]
fn FailedMessageButtons(client_id: Uuid) -> impl IntoView {
    let draft = use_draft();
    view! {
        <span class="retry-actions">
            <button class="quiet" on:click=move |_| draft.retry(client_id)>{strings::RETRY}</button>
            <button class="quiet" on:click=move |_| draft.discard(client_id)>{strings::DELETE}</button>
        </span>
    }
}
