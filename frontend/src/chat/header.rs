//! The header of the chat: its members, the share button, and a menu.

use leptos::prelude::*;
use shared::{id::UserId, member::Member};

use super::{
    member_avatar::member_avatar,
    share::ShareButton,
    sidebar::{SidebarNavigation, SidebarTab},
    state::{presence::PresenceStore, sync::SyncStore, use_presence, use_sync, use_viewport},
    tools::jump_to_date,
};
use crate::{
    chat_list::mute::MuteSwitch,
    clock,
    components::{
        icon::{Icon, SvgIcon},
        theme::ThemeSwitch,
    },
    lazy_view::{LazyView, lazy_view},
    session::{return_to, use_session},
    strings,
};

const AVATARS_MAX: usize = 3;

#[component]
pub fn ChatHeader(navigation: SidebarNavigation) -> impl IntoView {
    view! {
        <header class="app-bar chat-bar">
            <a href="/chats" class="icon-button" aria-label=strings::ALL_CHATS>
                <SvgIcon icon=Icon::Back />
            </a>
            <MembersButton navigation />
            <button
                id="search-button"
                class="icon-button"
                aria-label=strings::SEARCH
                on:click=move |_| navigation.open(SidebarTab::Search)
            >
                <SvgIcon icon=Icon::Search />
            </button>
            <ShareButton />
            <Menu />
        </header>
    }
}

/// Opens and closes the sidebar.
#[component]
fn MembersButton(navigation: SidebarNavigation) -> impl IntoView {
    let (sync, presence) = (use_sync(), use_presence());
    let members = track_members(sync);
    let name_and_topic =
        Memo::new(move |_| sync.chat().map(|chat| (chat.name, chat.topic)).unwrap_or_default());
    let avatars = move || {
        let (others, own): (Vec<_>, Vec<_>) =
            members().into_iter().partition(|member| member.user.id != sync.user_id());
        let shown = if others.is_empty() { own } else { others };
        shown.iter().take(AVATARS_MAX).map(|member| member_avatar(presence, &member.user)).collect_view()
    };
    let description = move || {
        let (_, topic) = name_and_topic.get();
        let line = describe_members(&members(), sync.user_id(), presence);
        if topic.is_empty() { line } else { format!("{line} · {topic}") }
    };
    view! {
        <button
            id="chat-title"
            class="chat-title"
            aria-describedby="chat-title-hint"
            aria-expanded=move || navigation.shows_details().to_string()
            on:click=move |_| navigation.toggle()
        >
            <span class="avatar-stack">{avatars}</span>
            <span class="chat-title-text">
                <h1><bdi prop:textContent=move || chat_title(sync)></bdi></h1>
                <span class="hint" id="chat-title-hint" prop:textContent=description></span>
            </span>
        </button>
    }
}

/// The chat's name, or those of the other members.
pub fn chat_title(sync: SyncStore) -> String {
    let name = sync.chat().map(|chat| chat.name).unwrap_or_default();
    if name.is_empty() {
        // Not the members themselves: they change without notice.
        sync.members_version();
        strings::chat_title(&other_names(&sync.members(), sync.user_id()))
    } else {
        name
    }
}

/// Returns the members and tracks their changes.
fn track_members(sync: SyncStore) -> impl Fn() -> Vec<Member> + Copy + Send + Sync {
    let version = Memo::new(move |_| sync.members_version());
    move || {
        // A memo that is only tracked, but never read, does not notify.
        let _version = version.get();
        sync.members()
    }
}

fn other_names(members: &[Member], user_id: UserId) -> Vec<String> {
    let others = members.iter().filter(|member| member.user.id != user_id);
    others.map(|member| member.user.name().to_owned()).collect()
}

/// How many members there are, and which others have the chat open.
fn describe_members(members: &[Member], user_id: UserId, presence: PresenceStore) -> String {
    if members.len() < 2 {
        return strings::ONLY_YOU.to_owned();
    }
    let others = members.iter().filter(|member| member.user.id != user_id);
    let present = others.filter(|member| presence.is_present(member.user.id));
    let names: Vec<_> = present.map(|member| member.user.name().to_owned()).collect();
    // The count includes this user.
    let line = strings::presence(&names, presence.count().saturating_sub(1).max(names.len()));
    let count = strings::count_people(members.len());
    if line.is_empty() { count } else { format!("{count} · {line}") }
}

#[component]
fn Menu() -> impl IntoView {
    let was_opened = RwSignal::new(false);
    let content = || view! { <LazyView load=|| Box::pin(menu_content()) class="part-loading" /> };
    view! {
        <button
            class="icon-button"
            aria-label=strings::MORE
            popovertarget="menu"
            on:click=move |_| was_opened.set(true)
        >
            <SvgIcon icon=Icon::More />
        </button>
        <div id="menu" class="popover" popover="auto">
            {move || was_opened.get().then(content)}
        </div>
    }
}

lazy_view! {
    tools,
    fn menu_content() {
        view! { <MenuContent /> }
    }
}

#[component]
fn MenuContent() -> impl IntoView {
    let (session, sync, viewport) = (use_session(), use_sync(), use_viewport());
    let create_account = move || return_to::auth_url(&sync.path(), false);
    view! {
        <p class="hint">{move || session.display_name()}</p>
        <button
            class="menu-item"
            popovertarget="menu"
            popovertargetaction="hide"
            aria-haspopup="dialog"
            on:click=move |_| jump_to_date::open(viewport, sync, clock::now())
        >
            {strings::dates::JUMP_TO_DATE}
        </button>
        <MuteSwitch uri=Signal::derive(move || sync.uri()) />
        <a class="menu-item" href=create_account rel="external" hidden=move || !session.is_guest()>
            {strings::onboarding::KEEP_YOUR_CHATS}
        </a>
        <ThemeSwitch />
        <a class="menu-item" href="/settings" rel="external">
            {strings::SETTINGS}
        </a>
    }
}
