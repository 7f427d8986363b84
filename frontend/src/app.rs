//! The chat program: its routes, and the state and listeners that live as long as the page.

use leptos::{ev, prelude::*};
use leptos_router::{
    components::{FlatRoutes, Route, Router},
    path,
};

use crate::{
    chat::{
        announcer::Announcements,
        header::chat_title,
        state::{
            provide_chat_state,
            sync::{ChatStage, SyncStore},
            use_deletions, use_sync, use_viewport,
        },
        tools::{self, Task},
    },
    chat_list::ChatListStore,
    clock,
    components::{IsSignedIn, error_page::NotFoundPage, theme},
    hash_redirect,
    outbox::sender::{OutboxEvent, OutboxSender},
    pages::chats::ChatsPage,
    session::{Session, return_to},
    socket::SocketClient,
    strings,
};

#[component]
pub fn App() -> impl IntoView {
    redirect_initial_hash();
    let session = Session::resume();
    let socket = SocketClient::new(session);
    let outbox = OutboxSender::new(socket);
    let chat_list = ChatListStore::new(socket);
    provide_context(session);
    provide_context(IsSignedIn(Signal::derive(move || session.is_signed_in())));
    provide_context(socket);
    provide_context(chat_list);
    provide_chat_state(socket, outbox, chat_list);
    install_listeners(session, socket);
    sync_chat_list(session, chat_list);
    warn_unsent(session, outbox);
    view! {
        <Router>
            <FlatRoutes fallback=NotFoundPage>
                <Route path=path!("/") view=ChatsPage />
                <Route path=path!("/chats/:uri?") view=ChatsPage />
            </FlatRoutes>
        </Router>
    }
}

/// Replaces `/#/chats/<uri>` by its path, before the router reads the path.
fn redirect_initial_hash() {
    let hash = window().location().hash().unwrap_or_default();
    match (hash_redirect::path_for_hash(&hash), window().history()) {
        // A page of the account program.
        (Some(path), _) if path == "/auth" => return_to::redirect(&path),
        (Some(path), Ok(history)) => {
            // If the browser refuses, the start page opens.
            let _replaced = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(&path));
        }
        _ => {}
    }
}

/// Reconnects when the browser is online or visible again, and follows the session.
fn install_listeners(session: Session, socket: SocketClient) {
    let (sync, deletions) = (use_sync(), use_deletions());
    theme::follow_system_theme();
    clock::follow_system();
    session.keep_fresh();
    let wake = move || {
        session.refresh_if_stale();
        socket.wake();
    };
    let _online = window_event_listener(ev::online, move |_| wake());
    let _offline = window_event_listener(ev::offline, move |_| socket.drop_connection());
    on_visibility_change(move || {
        if document().hidden() {
            // The page may be closed next.
            deletions.send_all();
        } else {
            wake();
            sync.check_join_request();
        }
    });
    let _hash_change = window_event_listener(ev::hashchange, |_| redirect_changed_hash());
    Effect::new(move |_| {
        session.token_version();
        if session.is_signed_in() {
            socket.send_token();
        } else {
            socket.close();
        }
    });
}

/// Loads the chat list of the signed-in user, keeps the read position and the title up to date, and announces requests to
/// join.
fn sync_chat_list(session: Session, chat_list: ChatListStore) {
    let (sync, viewport) = (use_sync(), use_viewport());
    let user_id = Memo::new(move |_| session.user_id());
    Effect::new(move |_| {
        chat_list.clear();
        if user_id.get().is_some() {
            chat_list.start();
        }
    });
    // Sends the read position again when the loaded list shows that the server does not have it.
    Effect::new(move |_| {
        chat_list.fetch_count();
        viewport.sync_read_position();
    });
    let (page, requests) =
        (Memo::new(move |_| page_title(sync)), Memo::new(move |_| chat_list.join_requests()));
    announce_added(requests);
    Effect::new(move |_| {
        let unseen = if chat_list.contains(&sync.uri()) { 0 } else { viewport.unseen_count() };
        document().set_title(&strings::title(
            chat_list.unread_count() + requests.read().len() + unseen,
            &page.get(),
        ));
    });
}

/// Announces the sentences that were not there before.
fn announce_added(sentences: Memo<Vec<String>>) {
    let announcements = expect_context::<Announcements>();
    Effect::new(move |known: Option<Vec<String>>| {
        let (sentences, known) = (sentences.get(), known.unwrap_or_default());
        let added: Vec<_> =
            sentences.iter().filter(|sentence| !known.contains(sentence)).map(String::as_str).collect();
        if !added.is_empty() {
            announcements.announce(added.join(". "));
        }
        sentences
    });
}

/// Empty on the start page and while a chat is loaded.
fn page_title(sync: SyncStore) -> String {
    match sync.stage() {
        ChatStage::Open => chat_title(sync),
        ChatStage::Failed(error) => strings::errors::for_page(error.code()).0.to_owned(),
        _ => String::new(),
    }
}

/// Loads unsent messages, uploads their files, and warns before the page is closed while some are not stored.
fn warn_unsent(session: Session, outbox: OutboxSender) {
    Effect::new(move |_| {
        if session.user_id().is_some() {
            outbox.load_persisted();
        }
    });
    outbox.subscribe(move |event| {
        if matches!(event, OutboxEvent::UploadsWait) {
            tools::start(Task::Upload(outbox));
        }
    });
    let _before_unload = window_event_listener(ev::beforeunload, move |event| {
        if outbox.has_unpersisted() {
            event.prevent_default();
        }
    });
}

fn on_visibility_change(listener: impl Fn() + 'static) {
    use wasm_bindgen::{JsCast, closure::Closure};
    let listener = Closure::<dyn Fn()>::new(listener);
    document().set_onvisibilitychange(Some(listener.as_ref().unchecked_ref()));
    listener.forget();
}

/// Pasting an old link into an open page changes only the hash.
fn redirect_changed_hash() {
    let location = window().location();
    if let Some(path) = location.hash().ok().and_then(|hash| hash_redirect::path_for_hash(&hash)) {
        // If the browser refuses, the page stays open.
        let _redirected = location.replace(&path);
    }
}
