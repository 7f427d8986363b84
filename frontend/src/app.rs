//! What there is at which path, and what all of it shares.

use leptos::{either::EitherOf4, ev, prelude::*};
use leptos_router::{
    NavigateOptions,
    components::{FlatRoutes, Route, Router},
    hooks::{use_location, use_navigate, use_params_map},
    path,
};

use crate::{
    chat::{
        Chat,
        room::{Room, use_room},
    },
    chats::{
        Chats as Mine,
        panel::{Sidebar, switch_by_key},
        use_chats,
    },
    legacy,
    live::Live,
    outbox::courier::Courier,
    session::{
        Session, Standing,
        return_to::{self, to_auth},
        use_session,
    },
    start::Start,
    ui::{opening::Opening, theme, trouble::NoPage},
    words,
};

#[component]
pub fn App() -> impl IntoView {
    forward_old_link();
    let session = Session::resume();
    let live = Live::new(session);
    let courier = Courier::new(session, live);
    let mine = Mine::new(session, live);
    let room = Room::new(session, live, courier, mine);
    provide_context(session);
    provide_context(live);
    provide_context(mine);
    provide_context(room);
    live.tell_to(move |news| {
        courier.heed(&news);
        mine.heed(&news);
        room.heed(news);
    });
    attend(session, live, room);
    know(session, mine, room);
    guard(session, courier);
    view! {
        <Router>
            <FlatRoutes fallback=NoPage>
                <Route path=path!("/") view=Chats />
                <Route path=path!("/chats/:uri?") view=Chats />
            </FlatRoutes>
        </Router>
    }
}

/// Turns `/#/chats/<uri>` into the path that it means, before anything reads the path.
fn forward_old_link() {
    let hash = window().location().hash().unwrap_or_default();
    match (legacy::path_of(&hash), window().history()) {
        // That is the other program's.
        (Some(path), _) if path == "/auth" => return_to::replace(&path),
        (Some(path), Ok(history)) => {
            // A browser that refuses leaves the person on the start page.
            let _forwarded = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(&path));
        }
        _ => {}
    }
}

/// What is at a path depends on whether one is known.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// It is being found out.
    ComingBack,
    SigningIn,
    Start,
    Chat(String),
}

/// The start page, or the chat at this path.
#[component]
fn Chats() -> impl IntoView {
    let session = use_session();
    let params = use_params_map();
    let location = use_location();
    let room = use_room();
    let uri = Memo::new(move |_| {
        let uri = params.read().get("uri").filter(|uri| !uri.is_empty());
        uri.map(|uri| room.opened_as(uri))
    });
    let place = Memo::new(move |_| match (session.standing(), uri.get()) {
        (Standing::Returning, _) => Place::ComingBack,
        (Standing::Ended, _) => Place::SigningIn,
        (_, None) => Place::Start,
        (_, Some(uri)) => Place::Chat(uri),
    });
    let page = move || match place.get() {
        Place::ComingBack => EitherOf4::A(view! { <Opening text=words::entering::WELCOME_BACK /> }),
        Place::SigningIn => {
            to_auth(&location.pathname.get_untracked(), true);
            EitherOf4::B(view! { <Opening text=words::entering::WELCOME_BACK /> })
        }
        Place::Start => EitherOf4::C(view! { <Start /> }),
        Place::Chat(uri) => EitherOf4::D(view! { <Chat uri /> }),
    };
    let mine = use_chats();
    let navigate = use_navigate();
    switch_by_key(mine, move || navigate("/chats", NavigateOptions::default()));
    let beside = Memo::new(move |_| mine.is_wide() && session.is_in());
    view! {
        <div class="desk">
            <Show when=move || beside.get()>
                <Sidebar />
            </Show>
            {page}
        </div>
    }
}

/// What goes on for as long as the page is open.
fn attend(session: Session, live: Live, room: Room) {
    theme::follow_system();
    session.watch();
    let back = move || {
        session.refresh();
        live.wake();
    };
    let _online = window_event_listener(ev::online, move |_| back());
    let _offline = window_event_listener(ev::offline, move |_| live.lose());
    on_visibility_change(move || {
        if !document().hidden() {
            back();
            room.look();
            room.ask_at_the_door();
        }
    });
    let _hash = window_event_listener(ev::hashchange, |_| follow_old_link());
    Effect::new(move |_| {
        session.renewals();
        if session.is_in() {
            live.renew();
        } else {
            live.hang_up();
        }
    });
}

/// One's chats go along with whoever is signed in.
fn know(session: Session, mine: Mine, room: Room) {
    let account = Memo::new(move |_| session.account());
    Effect::new(move |_| {
        mine.forget();
        if account.get().is_some() {
            mine.begin();
        }
    });
    // What the server does not know to be read, but is seen here, is told again.
    Effect::new(move |_| {
        mine.readings();
        room.look();
    });
    Effect::new(move |_| {
        let here = if mine.holds(&room.uri()) { 0 } else { room.unseen() };
        document().set_title(&words::title(mine.unread() + here));
    });
}

/// What was written outlasts whatever happens to the page.
fn guard(session: Session, courier: Courier) {
    Effect::new(move |_| {
        if session.account().is_some() {
            courier.collect();
        }
    });
    let _unload = window_event_listener(ev::beforeunload, move |event| {
        if courier.has_unkept() {
            event.prevent_default();
        }
    });
}

fn on_visibility_change(heard: impl Fn() + 'static) {
    use wasm_bindgen::{JsCast, closure::Closure};
    let heard = Closure::<dyn Fn()>::new(heard);
    document().set_onvisibilitychange(Some(heard.as_ref().unchecked_ref()));
    heard.forget();
}

/// An old link pasted into an open page changes only the hash.
fn follow_old_link() {
    let location = window().location();
    if let Some(path) = location.hash().ok().and_then(|hash| legacy::path_of(&hash)) {
        // A browser that refuses leaves the person where they are.
        let _followed = location.replace(&path);
    }
}
