//! One row of the list: a message or an event, below the separator of its day.

use leptos::{either::Either, prelude::*};
use uuid::Uuid;

use super::{
    action_menu::{ActionMenu, ActionMenuButton},
    body::fill_with_message,
};
use crate::{
    chat::state::{
        rows::{DeliveryStatus, ListRow, MessageItem, MessageKind},
        use_draft,
    },
    clock,
    components::{
        avatar::avatar,
        icon::{Icon, SvgIcon},
    },
    strings,
};

/// A longer message is laid out only when it comes near the view.
const LONG_BYTES: usize = 500;
const LONG_LINES: usize = 20;

#[component]
pub fn MessageRow(row: ListRow) -> impl IntoView {
    let sent_at = row.item.sent_at;
    let day = row
        .starts_day
        .then(|| view! { <h2 class="day-separator">{move || strings::dates::day_label(sent_at)}</h2> });
    let unread_line =
        row.is_first_unread.then(|| view! { <p class="unread-line">{strings::chat_list::NEW_MESSAGES}</p> });
    let content = if row.item.kind == MessageKind::Event {
        let full_time = clock::full(row.item.sent_at);
        Either::Left(view! { <p class="event" title=full_time>{row.item.text}</p> })
    } else {
        Either::Right(view! { <MessageArticle row /> })
    };
    view! {
        {day}
        {unread_line}
        {content}
    }
}

#[component]
fn MessageArticle(row: ListRow) -> impl IntoView {
    let ListRow { item, starts_group, ends_group, .. } = row;
    let (id, is_own, full_time) = (format!("m-{}", item.client_id), item.is_own, clock::full(item.sent_at));
    let avatar = (ends_group && !is_own).then(|| avatar(item.author_id, &item.name, &item.avatar));
    let (state, text) = (data_state(&item), text(&item));
    let is_long = text.len() > LONG_BYTES || text.lines().count() > LONG_LINES;
    let is_menu_open = RwSignal::new(false);
    let menu_button = item.is_deletable.then(|| view! { <ActionMenuButton is_open=is_menu_open /> });
    let menu = item.is_deletable.then(|| {
        view! { <ActionMenu is_open=is_menu_open seq=item.seq client_id=item.client_id /> }
    });
    view! {
        // Focused by the arrow keys and by tapping.
        <article
            id=id
            tabindex="-1"
            class="message"
            class:group-start=starts_group
            class:group-end=ends_group
            data-own=is_own.to_string()
            data-state=state
        >
            <Author name=item.name.clone() is_own is_visible=starts_group && !is_own />
            {avatar}
            <div class="bubble-line">
                <div class="bubble" class:long=is_long title=full_time use:fill_with_message=text />
                {menu_button}
            </div>
            <MessageMeta item ends_group />
            {menu}
        </article>
    }
}

fn data_state(item: &MessageItem) -> &'static str {
    match (item.kind, item.status) {
        (MessageKind::Deleted(_), _) => "deleted",
        (_, DeliveryStatus::Sending | DeliveryStatus::Held | DeliveryStatus::Offline) => "sending",
        (_, DeliveryStatus::Sent) => "sent",
        (_, DeliveryStatus::Failed(_)) => "failed",
    }
}

fn text(item: &MessageItem) -> String {
    match item.kind {
        MessageKind::Deleted(count) => strings::moderation::deleted_messages(count),
        MessageKind::Text | MessageKind::Event => item.text.clone(),
    }
}

#[component]
fn Author(
    name: String,
    is_own: bool,
    /// If not, it is for screen readers only.
    is_visible: bool,
) -> impl IntoView {
    let name = if is_own { strings::YOU.to_owned() } else { name };
    view! {
        <span class="author" class:visually-hidden=!is_visible>
            <bdi>{name}</bdi>
        </span>
    }
}

/// The time of the message and its delivery status.
#[component]
fn MessageMeta(item: MessageItem, ends_group: bool) -> impl IntoView {
    let MessageItem { sent_at, is_own, status, client_id, kind, .. } = item;
    let (icon, text) = match status {
        DeliveryStatus::Sending => (Icon::Clock, strings::SENDING.to_owned()),
        DeliveryStatus::Held => (Icon::Clock, strings::WAITING_FOR_SLOW_MODE.to_owned()),
        DeliveryStatus::Offline => (Icon::Clock, strings::WAITING_FOR_CONNECTION.to_owned()),
        DeliveryStatus::Sent => (Icon::Check, strings::SENT.to_owned()),
        DeliveryStatus::Failed(code) => {
            let reason = strings::errors::for_code(code);
            (Icon::Warning, strings::author_and_text(strings::NOT_SENT, reason))
        }
    };
    let is_sent = status == DeliveryStatus::Sent;
    let status_line = (is_own && kind == MessageKind::Text)
        .then(|| view! { <SvgIcon icon /> <span class:visually-hidden=is_sent>{text}</span> });
    let buttons = match status {
        DeliveryStatus::Failed(_) => Some(Either::Left(view! { <FailedMessageButtons client_id /> })),
        DeliveryStatus::Held | DeliveryStatus::Offline => {
            Some(Either::Right(view! { <CancelButton client_id /> }))
        }
        DeliveryStatus::Sending | DeliveryStatus::Sent => None,
    };
    view! {
        <footer class="message-meta" class:visually-hidden=is_sent && !ends_group>
            <time datetime=clock::iso(sent_at) title=clock::full(sent_at)>{clock::time(sent_at)}</time>
            {status_line}
            {buttons}
        </footer>
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
