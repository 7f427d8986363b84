//! What there is to a chat beside its messages: people, links, settings, and what was done. Which part is open stands in
//! the address, so that the browser's own back closes it.

mod about;
mod address;
mod choice;
mod farewell;
mod history;
mod link;
mod links;
mod made;
mod new_link;
mod people;
mod person;
mod settings;

use leptos::{either::EitherOf4, ev, prelude::*};
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_query_map},
};

use self::{history::History, links::Links, people::People, settings::Settings};
use super::{focus, room::Room};
use crate::{
    ui::icon::{Drawing, Icon},
    words::keeping,
};

/// The query parameter that names the part.
const PARAMETER: &str = "drawer";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    People,
    Links,
    Settings,
    History,
}

impl Part {
    const ALL: [Self; 4] = [Self::People, Self::Links, Self::Settings, Self::History];

    const fn name(self) -> &'static str {
        match self {
            Self::People => "people",
            Self::Links => "links",
            Self::Settings => "settings",
            Self::History => "history",
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::People => keeping::PEOPLE,
            Self::Links => keeping::LINKS,
            Self::Settings => keeping::SETTINGS,
            Self::History => keeping::HISTORY,
        }
    }

    /// Whether it concerns only those who keep order.
    const fn is_inner(self) -> bool {
        matches!(self, Self::Links | Self::History)
    }
}

type Go = Box<dyn Fn(&str, NavigateOptions)>;

#[derive(Clone, Copy)]
pub struct Drawer {
    room: Room,
    part: Memo<Option<Part>>,
    go: StoredValue<Go, LocalStorage>,
    /// Whether the step back in the browser's history is the chat without the drawer.
    pushed: StoredValue<bool>,
}

impl Drawer {
    pub fn new(room: Room) -> Self {
        let (query, go) = (use_query_map(), use_navigate());
        let keeps_order = Memo::new(move |_| room.myself().keeps_order());
        let part = Memo::new(move |_| {
            let query = query.read();
            let name = query.get_str(PARAMETER)?;
            let part = Part::ALL.into_iter().find(|part| part.name() == name)?;
            (keeps_order.get() || !part.is_inner()).then_some(part)
        });
        Self { room, part, go: StoredValue::new_local(Box::new(go)), pushed: StoredValue::new(false) }
    }

    pub fn is_open(self) -> bool {
        self.part.get().is_some()
    }

    /// A step in the browser's history leads into the drawer, none from part to part.
    pub fn open(self, part: Part) {
        let replace = self.part.get_untracked().is_some();
        if !replace {
            self.pushed.set_value(true);
        }
        self.visit(&format!("?{PARAMETER}={}", part.name()), replace);
    }

    pub fn close(self) {
        let back = self.pushed.get_value().then(|| window().history().ok()).flatten();
        if back.is_none_or(|history| history.back().is_err()) {
            self.visit("", true);
        }
    }

    pub fn toggle(self) {
        if self.part.get_untracked().is_some() { self.close() } else { self.open(Part::People) }
    }

    /// The chat has another address: the page goes there, and the drawer stays.
    pub fn follow(self) {
        let query = window().location().search().unwrap_or_default();
        self.visit(&query, true);
    }

    fn visit(self, query: &str, replace: bool) {
        let path = format!("/chats/{}{query}", self.room.uri_now());
        let options = NavigateOptions { replace, scroll: false, ..NavigateOptions::default() };
        self.go.with_value(|go| go(&path, options));
    }
}

#[component]
pub fn DrawerPane(
    /// The chat.
    room: Room,
    /// Which part is open.
    drawer: Drawer,
) -> impl IntoView {
    let is_open = Memo::new(move |_| drawer.is_open());
    // The focus goes along, and back to where it came from.
    Effect::new(move |before: Option<bool>| {
        let open = is_open.get();
        match before {
            Some(false) if open => request_animation_frame(|| focus("drawer-close")),
            Some(true) if !open => request_animation_frame(|| focus("room")),
            _ => {}
        }
        open
    });
    let on_key = move |event: ev::KeyboardEvent| {
        if event.key() == "Escape" {
            drawer.close();
        }
    };
    let part = move || match drawer.part.get().unwrap_or(Part::People) {
        Part::People => EitherOf4::A(view! { <People room /> }),
        Part::Links => EitherOf4::B(view! { <Links room /> }),
        Part::Settings => EitherOf4::C(view! { <Settings room /> }),
        Part::History => EitherOf4::D(view! { <History room /> }),
    };
    let word = move || drawer.part.get().map_or("", Part::word);
    move || {
        is_open.get().then(|| {
            view! {
                <aside class="drawer" aria-label=keeping::DRAWER on:keydown=on_key>
                    <div class="drawer-bar">
                        <h2>{keeping::DRAWER}</h2>
                        <button
                            id="drawer-close"
                            class="round"
                            aria-label=keeping::CLOSE
                            on:click=move |_| drawer.close()
                        >
                            <Drawing icon=Icon::Close />
                        </button>
                    </div>
                    <Tabs room drawer />
                    <div id="drawer-part" class="drawer-part" role="tabpanel" aria-label=word>
                        {part}
                    </div>
                </aside>
            }
        })
    }
}

#[component]
fn Tabs(
    /// The chat.
    room: Room,
    /// Which part is open.
    drawer: Drawer,
) -> impl IntoView {
    let keeps_order = Memo::new(move |_| room.myself().keeps_order());
    let offered = move || Part::ALL.into_iter().filter(move |part| keeps_order.get() || !part.is_inner());
    // The arrows walk from tab to tab, Tab walks on.
    let walk = move |event: ev::KeyboardEvent| {
        let step = match event.key().as_str() {
            "ArrowLeft" => -1,
            "ArrowRight" => 1,
            _ => return,
        };
        let parts: Vec<_> = untrack(|| offered().collect());
        let here =
            parts.iter().position(|part| Some(*part) == drawer.part.get_untracked()).unwrap_or_default();
        let next = here.checked_add_signed(step).and_then(|next| parts.get(next));
        if let Some(part) = next.or(if step < 0 { parts.last() } else { parts.first() }) {
            drawer.open(*part);
            focus(part.name());
        }
    };
    let tab = move |this: Part| {
        let chosen = move || drawer.part.get() == Some(this);
        view! {
            <button
                role="tab"
                id=this.name()
                aria-controls="drawer-part"
                aria-selected=move || chosen().to_string()
                tabindex=move || if chosen() { "0" } else { "-1" }
                on:click=move |_| drawer.open(this)
            >
                {this.word()}
            </button>
        }
    };
    view! {
        <div class="tabs" role="tablist" aria-label=keeping::DRAWER on:keydown=walk>
            {move || offered().map(tab).collect_view()}
        </div>
    }
}
