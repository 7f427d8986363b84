//! The sidebar of a chat: members, invite links, settings and audit log. The open tab is part of the URL, so that the
//! browser's back button closes the sidebar.

mod audit_log;
mod chat_link;
mod create_invite;
mod export;
mod general;
mod invite_created;
mod invite_link;
mod invite_links;
mod leave;
mod member_row;
mod members;
mod pins;
mod select;
mod settings;

use leptos::{either::EitherOf6, ev, prelude::*};
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_query_map},
};
use shared::id::Seq;

use self::{
    audit_log::AuditLog, invite_links::InviteLinks, members::Members, pins::Pins, settings::ChatSettings,
};
use super::state::{sync::SyncStore, use_viewport};
use crate::{
    chat_list::use_chat_list,
    components::{
        form_request::{focus, is_focus_lost},
        icon::{Icon, SvgIcon},
    },
    lazy_styles,
    lazy_view::{LazyView, lazy_view},
    search::ChatSearch,
    strings::{self, moderation},
};

/// The query parameter that names the open tab.
const QUERY_PARAMETER: &str = "sidebar";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SidebarTab {
    People,
    Pins,
    Links,
    Settings,
    History,
    /// Not among the tabs: it takes the whole sidebar.
    Search,
}

impl SidebarTab {
    const ALL: [Self; 6] =
        [Self::People, Self::Pins, Self::Links, Self::Settings, Self::History, Self::Search];

    /// The value of the query parameter and the id of the tab's element.
    const fn id(self) -> &'static str {
        match self {
            Self::People => "people",
            Self::Pins => "pins",
            Self::Links => "links",
            Self::Settings => "settings",
            Self::History => "history",
            Self::Search => "search",
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::People => moderation::PEOPLE,
            Self::Pins => strings::PINNED,
            Self::Links => moderation::LINKS,
            Self::Settings => strings::SETTINGS,
            Self::History => moderation::HISTORY,
            Self::Search => strings::SEARCH,
        }
    }

    const fn is_for_moderators(self) -> bool {
        matches!(self, Self::Links | Self::History)
    }
}

type Navigate = Box<dyn Fn(&str, NavigateOptions)>;

#[derive(Clone, Copy)]
pub struct SidebarNavigation {
    sync: SyncStore,
    is_moderator: Memo<bool>,
    tab: Memo<Option<SidebarTab>>,
    navigate: StoredValue<Navigate, LocalStorage>,
    /// Whether the previous entry of the browser's history is the chat without the sidebar.
    has_pushed: StoredValue<bool>,
}

impl SidebarNavigation {
    pub fn new(sync: SyncStore) -> Self {
        let (query, navigate) = (use_query_map(), use_navigate());
        let is_moderator = Memo::new(move |_| sync.current_member().is_moderator());
        let tab = Memo::new(move |_| {
            let query = query.read();
            let id = query.get_str(QUERY_PARAMETER)?;
            let tab = SidebarTab::ALL.into_iter().find(|tab| tab.id() == id)?;
            (is_moderator.get() || !tab.is_for_moderators()).then_some(tab)
        });
        let navigate: Navigate = Box::new(navigate);
        let (navigate, has_pushed) = (StoredValue::new_local(navigate), StoredValue::new(false));
        Self { sync, is_moderator, tab, navigate, has_pushed }
    }

    /// Whether one of the tabs is shown.
    pub fn shows_details(&self) -> bool {
        self.tab.get().is_some_and(|tab| tab != SidebarTab::Search)
    }

    fn title(&self) -> &'static str {
        if self.tab.get() == Some(SidebarTab::Search) { strings::SEARCH } else { moderation::SIDEBAR }
    }

    /// Opening the sidebar adds an entry to the browser's history; changing the tab does not.
    pub fn open(&self, tab: SidebarTab) {
        let is_open = self.tab.get_untracked().is_some();
        if !is_open {
            self.has_pushed.set_value(true);
        }
        self.go_to(&format!("?{QUERY_PARAMETER}={}", tab.id()), is_open);
    }

    pub fn close(&self) {
        let history = self.has_pushed.get_value().then(|| window().history().ok()).flatten();
        if history.is_none_or(|history| history.back().is_err()) {
            self.go_to("", true);
        }
    }

    /// Shows the chat without the sidebar, to which the browser's back button leads again.
    fn leave(&self) {
        self.go_to("", false);
    }

    pub fn toggle(&self) {
        match self.tab.get_untracked() {
            None | Some(SidebarTab::Search) => self.open(SidebarTab::People),
            Some(_) => self.close(),
        }
    }

    /// Goes to the chat's current URI; the sidebar stays as it is.
    pub fn follow_uri(&self) {
        let query = window().location().search().unwrap_or_default();
        self.go_to(&query, true);
    }

    fn go_to(&self, query: &str, replace: bool) {
        let path = format!("/chats/{}{query}", self.sync.current_uri());
        let options = NavigateOptions { replace, scroll: false, ..NavigateOptions::default() };
        self.navigate.with_value(|navigate| navigate(&path, options));
    }

    fn offered_tabs(&self) -> Vec<SidebarTab> {
        let is_moderator = self.is_moderator.get();
        let tabs = SidebarTab::ALL.into_iter().filter(|tab| *tab != SidebarTab::Search);
        tabs.filter(|tab| is_moderator || !tab.is_for_moderators()).collect()
    }
}

#[component]
pub fn SidebarPane(navigation: SidebarNavigation) -> impl IntoView {
    let is_open = Memo::new(move |_| navigation.tab.get().is_some());
    move_focus_with(navigation.tab);
    let on_key = move |event: ev::KeyboardEvent| {
        if event.key() == "Escape" {
            navigation.close();
        }
    };
    let pane = move || {
        view! {
            <aside class="sidebar" aria-labelledby="sidebar-title" on:keydown=on_key>
                <div class="sidebar-bar">
                    <CloseButton navigation />
                </div>
                <LazyView load=move || Box::pin(sidebar_content(navigation)) class="part-loading" />
            </aside>
        }
    };
    move || is_open.get().then(pane)
}

lazy_view! {
    tools,
    fn sidebar_content(navigation: SidebarNavigation) {
        lazy_styles::install();
        view! { <SidebarContent navigation /> }
    }
}

#[component]
fn SidebarContent(navigation: SidebarNavigation) -> impl IntoView {
    let uri = Signal::derive(move || navigation.sync.uri());
    let chat_list = use_chat_list();
    let is_covered = Signal::derive(move || !chat_list.is_wide());
    let show = show_message(navigation, is_covered);
    let content = move || match navigation.tab.get().unwrap_or(SidebarTab::People) {
        SidebarTab::People => EitherOf6::A(view! { <Members /> }),
        SidebarTab::Pins => EitherOf6::B(view! { <Pins show /> }),
        SidebarTab::Links => EitherOf6::C(view! { <InviteLinks /> }),
        SidebarTab::Settings => EitherOf6::D(view! { <ChatSettings /> }),
        SidebarTab::History => EitherOf6::E(view! { <AuditLog /> }),
        SidebarTab::Search => EitherOf6::F(view! { <ChatSearch uri show is_covered /> }),
    };
    let label = move || navigation.tab.get().map_or("", SidebarTab::label);
    let role = move || navigation.shows_details().then_some("tabpanel");
    view! {
        <h2 id="sidebar-title">{move || navigation.title()}</h2>
        <Tabs navigation />
        <div id="sidebar-content" class="sidebar-content" role=role aria-label=move || role().map(|_| label())>
            {content}
        </div>
    }
}

/// Shows a message of the chat. On a phone, where the sidebar covers the messages, it is left.
fn show_message(navigation: SidebarNavigation, is_covered: Signal<bool>) -> Callback<Seq> {
    let viewport = use_viewport();
    Callback::new(move |seq| {
        if is_covered.get_untracked() {
            navigation.leave();
        }
        viewport.request_message(seq);
    })
}

/// Moves the focus into the sidebar when it opens, and back to its button when it closes. The search focuses its field.
fn move_focus_with(tab: Memo<Option<SidebarTab>>) {
    Effect::new(move |previous: Option<Option<SidebarTab>>| {
        let tab = tab.get();
        let id = match (previous, tab) {
            (Some(None), Some(opened)) if opened != SidebarTab::Search => "sidebar-close",
            (Some(Some(SidebarTab::Search)), None) => "search-button",
            (Some(Some(_)), None) => "chat-title",
            _ => return tab,
        };
        request_animation_frame(move || {
            // Not if a message of the list has it by now.
            if tab.is_some() || is_focus_lost() {
                focus(id);
            }
        });
        tab
    });
}

#[component]
fn CloseButton(navigation: SidebarNavigation) -> impl IntoView {
    view! {
        <button
            id="sidebar-close"
            class="icon-button"
            aria-label=strings::CLOSE
            on:click=move |_| navigation.close()
        >
            <SvgIcon icon=Icon::Close />
        </button>
    }
}

#[component]
fn Tabs(navigation: SidebarNavigation) -> impl IntoView {
    // The arrow keys move between the tabs, Tab leaves them.
    let on_key = move |event: ev::KeyboardEvent| {
        let step = match event.key().as_str() {
            "ArrowLeft" => -1,
            "ArrowRight" => 1,
            _ => return,
        };
        let tabs = untrack(|| navigation.offered_tabs());
        let current = navigation.tab.get_untracked();
        let index = tabs.iter().position(|tab| Some(*tab) == current).unwrap_or_default();
        let next = index.checked_add_signed(step).and_then(|next| tabs.get(next));
        if let Some(tab) = next.or(if step < 0 { tabs.last() } else { tabs.first() }) {
            navigation.open(*tab);
            focus(tab.id());
        }
    };
    let tab_button = move |tab: SidebarTab| {
        let is_selected = move || navigation.tab.get() == Some(tab);
        view! {
            <button
                role="tab"
                id=tab.id()
                aria-controls="sidebar-content"
                aria-selected=move || is_selected().to_string()
                tabindex=move || if is_selected() { "0" } else { "-1" }
                on:click=move |_| navigation.open(tab)
            >
                {tab.label()}
            </button>
        }
    };
    view! {
        <div class="tabs" role="tablist" aria-label=moderation::SIDEBAR on:keydown=on_key>
            {move || navigation.offered_tabs().into_iter().map(tab_button).collect_view()}
        </div>
    }
}
