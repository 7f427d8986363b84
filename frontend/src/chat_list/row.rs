//! One chat in the list.

use leptos::prelude::*;
use shared::{chat_list::ChatSummary, id::UserId, message::Message};

use super::{list::ChatEntry, use_chat_list};
use crate::{
    clock,
    components::{
        avatar::avatar,
        icon::{Icon, SvgIcon},
    },
    drafts::use_drafts,
    mentions::plain_text,
    strings,
};

/// How many characters of the last message are shown.
const EXCERPT_MAX: usize = 120;
/// How many characters of it are parsed: every change of the list does so for all chats.
const PARSED_MAX: usize = 1_000;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowData {
    title: String,
    /// The id that determines the colour of the avatar: of a group, that of the chat.
    avatar_id: UserId,
    /// The avatar of the other member, in a chat of two.
    avatar: String,
    is_group: bool,
    /// The author of the last message, with a colon; empty if there is none or it was deleted.
    last_author: String,
    last_text: String,
    updated_at: i64,
    unread: u32,
    unread_mentions: u32,
    is_muted: bool,
    /// Whether users wait to join; who, is shown instead of the last message.
    has_join_requests: bool,
}

impl RowData {
    pub fn new(entry: &ChatEntry, user_id: UserId) -> Self {
        let chat = &entry.chat;
        let is_group = !chat.chat.name.is_empty() || chat.members != 2;
        let other = chat.other_members.first();
        let last = chat.last_message.as_ref();
        let (last_author, last_text) = match (chat.join_requests.first(), last) {
            (Some(user), _) => {
                let text = strings::moderation::wants_to_join(user.name(), chat.join_requests.len());
                (String::new(), text)
            }
            (None, Some(last)) => excerpt(last, user_id),
            (None, None) => (String::new(), strings::chat_list::NO_MESSAGES_YET.to_owned()),
        };
        Self {
            title: title(chat),
            avatar_id: if is_group {
                UserId::new(chat.chat.id.get())
            } else {
                other.map_or(user_id, |other| other.id)
            },
            avatar: other.filter(|_| !is_group).map(|other| other.avatar.clone()).unwrap_or_default(),
            is_group,
            last_author,
            last_text,
            updated_at: last.map_or(chat.chat.created_at.timestamp_millis(), clock::stored_at),
            unread: chat.unread,
            unread_mentions: chat.unread_mentions,
            is_muted: chat.muted,
            has_join_requests: !chat.join_requests.is_empty(),
        }
    }
}

/// The name of the chat, or the names of its other members.
pub fn title(chat: &ChatSummary) -> String {
    if !chat.chat.name.is_empty() {
        return chat.chat.name.clone();
    }
    let names: Vec<_> = chat.other_members.iter().map(|other| other.name().to_owned()).collect();
    let others = usize::try_from(chat.members.saturating_sub(1)).unwrap_or_default();
    strings::chat_title_of(&names, others.max(names.len()))
}

/// The author and the beginning of the text.
fn excerpt(last: &Message, user_id: UserId) -> (String, String) {
    if last.deleted {
        return (String::new(), strings::MESSAGE_DELETED.to_owned());
    }
    let author = if last.user.id == user_id { strings::YOU } else { last.user.name() };
    let text = plain_text(last, &last.mentions, PARSED_MAX).chars().take(EXCERPT_MAX).collect();
    (strings::author_and_text(author, ""), text)
}

#[component]
pub fn ChatRow(
    uri: String,
    /// Whether the chat is open.
    #[prop(into)]
    is_open: Signal<bool>,
) -> impl IntoView {
    let chat_list = use_chat_list();
    let (href, uri_of_draft) = (format!("/chats/{uri}"), uri.clone());
    let row = Memo::new(move |_| chat_list.row(&uri).unwrap_or_default());
    let face = Memo::new(move |_| row.with(|row| (row.avatar_id, row.title.clone(), row.avatar.clone())));
    let is_unread = move || row.read().unread > 0;
    let time = move || strings::dates::short_label(row.read().updated_at);
    view! {
        <li>
            <a
                class="chat-row"
                class:unread=is_unread
                class:muted-chat=move || row.read().is_muted
                class:group=move || row.read().is_group
                class:join-requests=move || row.read().has_join_requests
                href=href
                aria-current=move || is_open.get().then_some("page")
            >
                {move || face.with(|(id, title, file)| avatar(*id, title, file))}
                <bdi class="chat-name" prop:textContent=move || row.read().title.clone()></bdi>
                <time datetime=move || clock::iso(row.read().updated_at) prop:textContent=time></time>
                <LastMessage uri=uri_of_draft row />
                <RowMarks row />
            </a>
        </li>
    }
}

/// The last message, or instead of it the user's draft.
#[component]
fn LastMessage(uri: String, row: Memo<RowData>) -> impl IntoView {
    let drafts = use_drafts();
    let draft =
        Memo::new(move |_| -> String { drafts.read(&uri).trim().chars().take(EXCERPT_MAX).collect() });
    let is_draft = move || !draft.read().is_empty() && !row.read().has_join_requests;
    let author = move || {
        if is_draft() { strings::chat_list::DRAFT.to_owned() } else { row.read().last_author.clone() }
    };
    let text = move || if is_draft() { draft.get() } else { row.read().last_text.clone() };
    view! {
        // The text has a writing direction of its own.
        <span class="last-message">
            <span class="last-author" class:draft=is_draft prop:textContent=author></span>
            <span dir="auto" prop:textContent=text></span>
        </span>
    }
}

/// The mute icon, and the numbers of unread mentions and messages.
#[component]
fn RowMarks(row: Memo<RowData>) -> impl IntoView {
    let muted = move || {
        row.read().is_muted.then(|| {
            view! {
                <SvgIcon icon=Icon::Muted />
                <span class="visually-hidden">{strings::chat_list::MUTED}</span>
            }
        })
    };
    let badge = move || {
        let RowData { unread, unread_mentions, .. } = *row.read();
        let mentions = strings::chat_list::mentions_badge(unread_mentions);
        (unread > 0).then(|| {
            view! {
                <span class="mention-badge" hidden=unread_mentions == 0>
                    <span prop:textContent=mentions></span>
                    <span class="visually-hidden">{strings::chat_list::MENTIONS_SUFFIX}</span>
                </span>
                <span class="badge">
                    <span prop:textContent=strings::chat_list::unread_badge(unread)></span>
                    <span class="visually-hidden">{strings::chat_list::UNREAD_SUFFIX}</span>
                </span>
            }
        })
    };
    view! { <span class="chat-status">{muted} {badge}</span> }
}
