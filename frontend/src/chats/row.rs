//! A chat in the list.

use leptos::prelude::*;
use shared::{markdown, message::Message, user::User, your_chats::YourChat};

use super::{Chats, list::Entry};
use crate::{
    clock,
    ui::{
        avatar::avatar,
        icon::{Drawing, Icon},
    },
    words,
};

/// The most of a message that is shown, in characters.
const EXCERPT: usize = 120;

/// What is seen of a chat.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    pub title: String,
    /// Whose colour it has.
    face: i64,
    /// The picture of the other one, where there is one other.
    picture: String,
    /// Whether it stands for several people.
    group: bool,
    last: String,
    at: i64,
    unread: u32,
    muted: bool,
}

impl Row {
    pub fn new(entry: &Entry, me: i64) -> Self {
        let chat = &entry.chat;
        let group = !chat.chat.name.is_empty() || chat.members != 2;
        let other = chat.others.first();
        Self {
            title: title(chat),
            face: if group { chat.chat.id } else { other.map_or(me, |other| other.id) },
            picture: other.filter(|_| !group).map(|other| other.avatar.clone()).unwrap_or_default(),
            group,
            last: chat.last.as_ref().map_or(words::chats::NOTHING_SAID.to_owned(), |last| line(last, me)),
            at: chat.last.as_ref().map_or(chat.chat.created_at.timestamp_millis(), clock::stored_at),
            unread: chat.unread,
            muted: chat.muted,
        }
    }
}

/// The chat's name, or those of the others in it.
pub fn title(chat: &YourChat) -> String {
    if !chat.chat.name.is_empty() {
        return chat.chat.name.clone();
    }
    let names: Vec<_> = chat.others.iter().map(|other| other.name().to_owned()).collect();
    let others = usize::try_from(chat.members.saturating_sub(1)).unwrap_or_default();
    words::chat_title_of(&names, others.max(names.len()))
}

fn line(last: &Message, me: i64) -> String {
    if last.deleted {
        return words::chats::MESSAGE_DELETED.to_owned();
    }
    let author = if last.user.id == me { words::YOU } else { User::name(&last.user) };
    words::said(author, &markdown::line(&last.message).chars().take(EXCERPT).collect::<String>())
}

#[component]
pub fn ChatRow(
    /// One's chats.
    chats: Chats,
    /// Which one of them.
    uri: String,
    /// Whether it is the one that is open.
    #[prop(into)]
    open: Signal<bool>,
) -> impl IntoView {
    let href = format!("/chats/{uri}");
    let row = Memo::new(move |_| chats.row(&uri).unwrap_or_default());
    let face = Memo::new(move |_| row.with(|row| (row.face, row.title.clone(), row.picture.clone())));
    let is_unread = move || row.read().unread > 0;
    let badge = move || {
        let unread = row.read().unread;
        (unread > 0).then(|| {
            view! {
                <span class="badge">
                    {words::chats::count(unread)} <span class="hidden">{words::chats::UNREAD}</span>
                </span>
            }
        })
    };
    let muted = move || {
        row.read().muted.then(|| {
            view! {
                <Drawing icon=Icon::Muted />
                <span class="hidden">{words::chats::MUTED}</span>
            }
        })
    };
    view! {
        <li>
            <a
                class="chat-row"
                class:unread=is_unread
                class:muted-chat=move || row.read().muted
                class:group=move || row.read().group
                href=href
                aria-current=move || open.get().then_some("page")
            >
                {move || face.with(|(face, title, picture)| avatar(*face, title, picture))}
                <bdi class="chat-name">{move || row.read().title.clone()}</bdi>
                <time datetime=move || clock::iso(row.read().at)>{move || clock::brief(row.read().at)}</time>
                <span class="chat-last" dir="auto">
                    {move || row.read().last.clone()}
                </span>
                <span class="chat-marks">{muted} {badge}</span>
            </a>
        </li>
    }
}
