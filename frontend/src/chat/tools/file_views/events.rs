//! What happens in the boxes of files: clicks, and files that cannot be loaded. One listener for all.

use std::cell::RefCell;

use leptos::{prelude::document, task::spawn_local};
use uuid::Uuid;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, EventTarget, HtmlElement, MouseEvent};

use super::{
    FILE_ID,
    boxes::{self, Failure, IS_AWAITED, LINK, OPEN_BUTTON, RETRY_BUTTON},
    find_file, tokens, viewer,
};
use crate::{
    api::downloads::probe_file,
    chat::{state::sync::SyncStore, tools::listener::Listener},
    js::field,
    socket::SocketEvent,
};

/// The attribute of a box whose file was loaded once more.
const IS_RETRIED: &str = "data-retried";
/// The code of a `MediaError`.
const DECODING_FAILED: f64 = 3.0;
/// The attribute of a link that is being checked.
const IS_BUSY: &str = "aria-busy";
/// The attribute of a link that was checked: the browser follows it.
const IS_CHECKED: &str = "data-checked";

thread_local! {
    /// They live as long as the page.
    static LISTENERS: RefCell<Vec<Listener>> = const { RefCell::new(Vec::new()) };
}

/// Listens, if that has not been done yet.
pub fn listen(sync: SyncStore) {
    let is_listening = LISTENERS.with_borrow(|listeners| !listeners.is_empty());
    if is_listening {
        return;
    }
    let listen = |name, handle: fn(SyncStore, &Element, &Event) -> Option<()>| {
        let handle = move |event: Event| {
            let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
            // `None`: the event is of something else.
            target.and_then(|target| handle(sync, &target, &event)).unwrap_or_default();
        };
        Listener::new(document().unchecked_ref::<EventTarget>(), name, Box::new(handle))
    };
    let listeners = [
        listen("click", on_click),
        listen("error", on_error),
        listen("load", on_load),
        listen("loadedmetadata", on_load),
    ];
    LISTENERS.set(listeners.into_iter().flatten().collect());
    sync.socket().subscribe(move |event| {
        if matches!(event, SocketEvent::Opened) {
            reload_failed(sync);
        }
    });
}

/// Loads the files again that could not be loaded while the server was not there.
fn reload_failed(sync: SyncStore) {
    let Ok(failed) = document().query_selector_all(&format!(".file:has({RETRY_BUTTON})")) else { return };
    let failed = (0..failed.length()).filter_map(|index| failed.item(index)?.dyn_into().ok());
    for place in failed {
        spawn_local(reload(sync, place));
    }
}

/// The box that the element is in.
fn find_box(element: &Element) -> Option<Element> {
    element.closest(".file").ok()?
}

fn file_id(place: &Element) -> Option<Uuid> {
    place.get_attribute(FILE_ID)?.parse().ok()
}

fn on_click(sync: SyncStore, clicked: &Element, event: &Event) -> Option<()> {
    let place = find_box(clicked)?;
    let find = |selector| clicked.closest(selector).ok().flatten();
    // 0 for a key, 2 for the second click of two.
    let clicks = field(event, "detail")?.as_f64()?;
    // While messages are selected, a click selects, unless it is by a key.
    if find(".selecting").is_some() && clicks > 0.0 {
        return None;
    }
    if let Some(link) = find(LINK) {
        let event = event.unchecked_ref::<MouseEvent>();
        let is_plain = !(event.ctrl_key() || event.meta_key() || event.shift_key());
        if is_plain && !link.has_attribute(IS_CHECKED) {
            event.prevent_default();
            if clicks < 2.0 && !link.has_attribute(IS_BUSY) {
                place.set_attribute(IS_AWAITED, "").ok()?;
                link.set_attribute(IS_BUSY, "true").ok()?;
                spawn_local(async move {
                    download(sync, &place, &link).await;
                    // The names of the attributes are valid.
                    let _removed = link.remove_attribute(IS_BUSY);
                    let _removed = place.remove_attribute(IS_AWAITED);
                });
            }
        }
    } else if let Some(opener) = find(OPEN_BUTTON) {
        viewer::open(sync, file_id(&place)?, opener);
    } else if find(RETRY_BUTTON).is_some() {
        place.set_attribute(IS_AWAITED, "").ok()?;
        spawn_local(reload(sync, place.clone()));
        // The focus stays in the box.
        place
            .query_selector("button, a, video, audio")
            .ok()??
            .unchecked_into::<HtmlElement>()
            .focus()
            .ok()?;
    }
    Some(())
}

/// Downloads the file if it is there: a link to one that is not would only leave a failed download.
async fn download(sync: SyncStore, place: &Element, link: &Element) {
    boxes::remove_failure(place);
    let mut failure = Failure::NotLoaded;
    let mut refused = None;
    for _ in 0..2 {
        let Some(token) = tokens::get(sync, refused.as_deref()).await else { break };
        let Some(file) = file_id(place).and_then(|id| find_file(sync, id)) else { break };
        boxes::load_link(place, &file, sync, &token);
        let Some(url) = link.get_attribute("href") else { break };
        match probe_file(&url).await {
            Ok(200..300) => return click(link),
            // The token may have ended early.
            Ok(401 | 403 | 404) => refused = Some(token),
            Ok(_) | Err(_) => break,
        }
        failure = Failure::Gone;
    }
    boxes::show_failure(place, failure);
}

fn click(link: &Element) {
    // The name of the attribute is valid.
    let _set = link.set_attribute(IS_CHECKED, "");
    link.unchecked_ref::<HtmlElement>().click();
    let _removed = link.remove_attribute(IS_CHECKED);
}

/// Loads a file once more after it failed.
async fn reload(sync: SyncStore, place: Element) {
    let Some(file) = file_id(&place).and_then(|id| find_file(sync, id)) else { return };
    boxes::remove_failure(&place);
    let _removed = place.remove_attribute(IS_RETRIED);
    match tokens::get(sync, None).await {
        Some(token) => boxes::load(&place, &file, sync, &token),
        None => boxes::show_failure(&place, Failure::NotLoaded),
    }
}

fn on_load(_: SyncStore, loaded: &Element, _: &Event) -> Option<()> {
    let place = find_box(loaded)?;
    place.remove_attribute(IS_AWAITED).ok()?;
    place.remove_attribute(IS_RETRIED).ok()
}

fn on_error(sync: SyncStore, failed: &Element, _: &Event) -> Option<()> {
    let (place, url) = (find_box(failed)?, failed.get_attribute("src")?);
    let is_image = failed.tag_name() == "IMG";
    let is_broken = has_broken_content(failed);
    spawn_local(async move {
        let status = probe_file(&url).await;
        let is_retried = place.has_attribute(IS_RETRIED);
        match status {
            // The network may have failed for a moment.
            Ok(200..300) if !is_retried && !is_broken => load_again(sync, &place, None).await,
            Ok(401 | 403 | 404) if !is_retried => load_again(sync, &place, token_of(&url)).await,
            Ok(200..300) if !is_image => boxes::show_failure(&place, Failure::NotPlayable),
            Ok(404) => boxes::show_failure(&place, Failure::Gone),
            Ok(_) | Err(_) => boxes::show_failure(&place, Failure::NotLoaded),
        }
    });
    Some(())
}

/// Whether what was loaded of a video or a sound cannot be played.
fn has_broken_content(media: &Element) -> bool {
    let code = field(media, "error").and_then(|error| field(&error, "code")?.as_f64());
    code == Some(DECODING_FAILED)
}

fn token_of(url: &str) -> Option<&str> {
    url.split_once("token=").map(|(_, token)| token)
}

/// Once. The token may be refused: it has expired, or ended with the session.
async fn load_again(sync: SyncStore, place: &Element, refused: Option<&str>) {
    // The name of the attribute is valid.
    let _set = place.set_attribute(IS_RETRIED, "");
    let file = file_id(place).and_then(|id| find_file(sync, id));
    match (file, tokens::get(sync, refused).await) {
        (Some(file), Some(token)) => boxes::load(place, &file, sync, &token),
        _ => boxes::show_failure(place, Failure::NotLoaded),
    }
}
