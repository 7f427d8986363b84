//! Shows the photos and videos of the loaded messages over the whole page.

mod gestures;

use std::{any::Any, cell::RefCell};

use leptos::{ev, html, mount::mount_to, prelude::*, task::spawn_local};
use shared::{file::MessageFile, timeline::Timeline};
use uuid::Uuid;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use self::gestures::Gestures;
use super::{
    download_url, full_url, is_motion_reduced, tokens,
    zoom::{Extent, Point, Zoom},
};
use crate::{
    chat::{
        state::sync::SyncStore,
        tools::icons::{self, icon},
    },
    clock,
    components::{
        focus_stops::focus_in_place,
        icon::{Icon, SvgIcon},
    },
    files::FileKind,
    strings::{self, files},
};

/// How much a key or a button zooms.
const ZOOM_STEP: f64 = 1.5;
const MIDDLE: Point = Point { x: 0.0, y: 0.0 };
/// How far an arrow key moves a photo that is zoomed, in pixels.
const PAN_STEP: f64 = 80.0;

thread_local! {
    /// The viewer while it is open, and what had the focus before.
    static VIEWER: RefCell<Option<(Box<dyn Any>, Element)>> = const { RefCell::new(None) };
}

/// A photo or a video, and where it is from.
#[derive(Clone)]
struct Medium {
    file: MessageFile,
    author: String,
    sent_at: i64,
}

#[derive(Clone, Copy)]
struct Viewer {
    sync: SyncStore,
    media: StoredValue<Vec<Medium>>,
    index: RwSignal<usize>,
    /// Empty until it is known.
    token: RwSignal<String>,
    has_failed: RwSignal<bool>,
    /// Whether the shown one was loaded once more with another token.
    is_retried: StoredValue<bool>,
    zoom: RwSignal<Zoom>,
    dialog: NodeRef<html::Dialog>,
    stage: NodeRef<html::Div>,
}

/// Opens at a file. `opener` gets the focus back.
pub fn open(sync: SyncStore, id: Uuid, opener: Element) {
    let media = sync.with_timeline_untracked(|timeline| timeline.map(list_media).unwrap_or_default());
    let Some(index) = media.iter().position(|medium| medium.file.id == id) else { return };
    let page = document().query_selector(".chat").ok().flatten();
    let Some(page) = page.and_then(|page| page.dyn_into().ok()) else { return };
    let view = mount_to(page, move || view! { <ViewerDialog sync media index /> });
    // Dropping a former one calls code, which must find the cell free.
    let former = VIEWER.replace(Some((Box::new(view), opener)));
    drop(former);
}

fn list_media(timeline: &Timeline) -> Vec<Medium> {
    let media = timeline.messages().flat_map(|message| {
        let shown = message
            .files
            .iter()
            .filter(|file| matches!(FileKind::from(*file), FileKind::Image | FileKind::Video));
        shown.map(|file| Medium {
            file: file.clone(),
            author: timeline.distinct_name(timeline.author(message)),
            sent_at: clock::stored_at(message),
        })
    });
    media.collect()
}

/// Not while an event of it is being handled.
fn remove_soon() {
    request_animation_frame(|| {
        if let Some((view, opener)) = VIEWER.take() {
            drop(view);
            focus_in_place(opener.unchecked_ref::<HtmlElement>());
        }
    });
}

impl Viewer {
    fn current(self) -> Option<Medium> {
        let index = self.index.get();
        self.media.with_value(|media| media.get(index).cloned())
    }

    fn count(self) -> usize {
        self.media.with_value(Vec::len)
    }

    /// Shows the next one, or the one before.
    fn step(self, step: isize) {
        let next = self.index.get_untracked().checked_add_signed(step).filter(|next| *next < self.count());
        if let Some(next) = next {
            self.zoom.set(Zoom::default());
            self.has_failed.set(false);
            self.is_retried.set_value(false);
            self.index.set(next);
            self.renew_token(None);
        }
    }

    fn close(self) {
        if let Some(dialog) = self.dialog.get_untracked() {
            dialog.close();
        }
    }

    /// Whether a photo is shown, which can be zoomed.
    fn is_photo(self) -> bool {
        self.current().is_some_and(|medium| FileKind::from(&medium.file) == FileKind::Image)
    }

    fn zoom_by(self, factor: f64, place: Point) {
        if untrack(|| self.is_photo()) {
            self.zoom.update(|zoom| *zoom = zoom.enlarged(factor, place));
            self.limit();
        }
    }

    fn pan(self, x: f64, y: f64) {
        self.zoom.update(|zoom| *zoom = zoom.moved(x, y));
        self.limit();
    }

    /// Keeps the photo in view.
    fn limit(self) {
        let Some(stage) = self.stage.get_untracked() else { return };
        let Some(photo) = self.find_photo() else { return };
        let (photo, view) = (layout_size(photo.unchecked_ref()), layout_size(&stage));
        self.zoom.update(|zoom| *zoom = zoom.limited(photo, view));
    }

    /// Its element.
    fn find_photo(self) -> Option<Element> {
        self.stage.get_untracked()?.query_selector("img").ok()?
    }

    /// The token may have ended early.
    fn load_again(self, refused: String) {
        if self.is_retried.get_value() {
            self.has_failed.set(true);
        } else {
            self.is_retried.set_value(true);
            self.renew_token(Some(refused));
        }
    }

    /// Gets a token, unless it has one that is current and not refused.
    fn renew_token(self, refused: Option<String>) {
        spawn_local(async move {
            let token = tokens::get(self.sync, refused.as_deref()).await;
            // The viewer may be closed by then.
            let Some(known) = self.token.try_get_untracked() else { return };
            match token {
                Some(token) if token != known => self.token.set(token),
                Some(_) => {}
                None => self.has_failed.set(true),
            }
        });
    }

    fn handle_key(self, event: &ev::KeyboardEvent) {
        event.stop_propagation();
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        // In a video, the arrow keys go back and forth in time.
        let is_in_video =
            event.target().is_some_and(|target| target.unchecked_ref::<Element>().tag_name() == "VIDEO");
        let is_zoomed = self.zoom.read_untracked().is_zoomed();
        match event.key().as_str() {
            "ArrowLeft" if is_zoomed => self.pan(PAN_STEP, 0.0),
            "ArrowRight" if is_zoomed => self.pan(-PAN_STEP, 0.0),
            "ArrowUp" if is_zoomed => self.pan(0.0, PAN_STEP),
            "ArrowDown" if is_zoomed => self.pan(0.0, -PAN_STEP),
            "ArrowLeft" if !is_in_video => self.step(-1),
            "ArrowRight" if !is_in_video => self.step(1),
            "+" | "=" => self.zoom_by(ZOOM_STEP, MIDDLE),
            "-" => self.zoom_by(1.0 / ZOOM_STEP, MIDDLE),
            "0" => self.zoom.set(Zoom::default()),
            _ => return,
        }
        event.prevent_default();
    }
}

#[component]
fn ViewerDialog(sync: SyncStore, media: Vec<Medium>, index: usize) -> impl IntoView {
    let viewer = Viewer {
        sync,
        media: StoredValue::new(media),
        index: RwSignal::new(index),
        token: RwSignal::new(String::new()),
        has_failed: RwSignal::new(false),
        is_retried: StoredValue::new(false),
        zoom: RwSignal::new(Zoom::default()),
        dialog: NodeRef::new(),
        stage: NodeRef::new(),
    };
    viewer.renew_token(None);
    request_animation_frame(move || {
        if let Some(dialog) = viewer.dialog.try_get_untracked().flatten() {
            // Fails only for a dialog outside the page.
            let _shown = dialog.show_modal();
        }
    });
    close_with_chat(viewer);
    view! {
        <dialog
            class="viewer"
            node_ref=viewer.dialog
            aria-label=files::VIEWER
            on:keydown=move |event| viewer.handle_key(&event)
            on:close=|_| remove_soon()
        >
            <ViewerBar viewer />
            <Stage viewer />
            <StepButtons viewer />
        </dialog>
    }
}

/// Without the zoom.
fn layout_size(element: &HtmlElement) -> Extent {
    Extent { width: f64::from(element.offset_width()), height: f64::from(element.offset_height()) }
}

/// Closes the viewer when another chat is opened, or this one is left.
fn close_with_chat(viewer: Viewer) {
    let path = untrack(|| viewer.sync.path());
    Effect::new(move |_| {
        if viewer.sync.path() != path || viewer.sync.chat().is_none() {
            viewer.close();
        }
    });
}

#[component]
fn ViewerBar(viewer: Viewer) -> impl IntoView {
    let name = move || viewer.current().map(|medium| medium.file.name).unwrap_or_default();
    let url = move || {
        let token = Some(viewer.token.get()).filter(|token| !token.is_empty())?;
        viewer.current().map(|medium| download_url(medium.file.id, viewer.sync, &token))
    };
    view! {
        <header class="viewer-bar">
            <p>
                <bdi class="viewer-name" prop:textContent=name></bdi>
                <Origin viewer />
            </p>
            <ZoomButtons viewer />
            <a class="icon-button" href=url download=name aria-label=files::DOWNLOAD title=files::DOWNLOAD>
                {icon(icons::DOWNLOAD)}
            </a>
            <button
                class="icon-button"
                aria-label=strings::CLOSE
                title=strings::CLOSE
                autofocus
                on:click=move |_| viewer.close()
            >
                <SvgIcon icon=Icon::Close />
            </button>
        </header>
    }
}

/// Who sent it, and when.
#[component]
fn Origin(viewer: Viewer) -> impl IntoView {
    let origin = move || {
        let Medium { author, sent_at, .. } = viewer.current()?;
        Some(view! {
            <bdi>{author}</bdi>
            " · "
            <time datetime=clock::iso(sent_at)>{clock::date_and_time(sent_at)}</time>
        })
    };
    view! { <span class="viewer-origin">{origin}</span> }
}

#[component]
fn ZoomButtons(viewer: Viewer) -> impl IntoView {
    let button = move |factor: f64, label: &'static str, path: &'static str| {
        view! {
            <button
                class="icon-button viewer-zoom"
                aria-label=label
                title=label
                hidden=move || !viewer.is_photo()
                on:click=move |_| viewer.zoom_by(factor, MIDDLE)
            >
                {icon(path)}
            </button>
        }
    };
    view! {
        {button(1.0 / ZOOM_STEP, files::ZOOM_OUT, icons::MINUS)}
        {button(ZOOM_STEP, files::ZOOM_IN, icons::PLUS)}
    }
}

#[component]
fn Stage(viewer: Viewer) -> impl IntoView {
    let gestures = Gestures::new(viewer);
    let failure = move || if viewer.has_failed.get() { files::NOT_LOADED } else { "" };
    view! {
        <div
            class="viewer-stage"
            class:zoomed=move || viewer.zoom.read().is_zoomed()
            class:touched=move || gestures.is_active()
            node_ref=viewer.stage
            on:pointerdown=move |event| gestures.press(&event)
            on:pointermove=move |event| gestures.drag(&event)
            on:pointerup=move |event| gestures.release(&event)
            on:pointercancel=move |event| gestures.cancel(&event)
            on:dblclick=move |event| gestures.double_click(&event)
            on:wheel=move |event| gestures.wheel(&event)
        >
            {move || show_medium(viewer, &gestures)}
            <p class="viewer-failure" role="alert">
                {failure}
            </p>
        </div>
    }
}

/// The photo or the video, made anew for each.
fn show_medium(viewer: Viewer, gestures: &Gestures) -> Option<AnyView> {
    let gestures = *gestures;
    let (Medium { file, .. }, token) = (viewer.current()?, viewer.token.get());
    if token.is_empty() {
        return None;
    }
    let url = full_url(file.id, viewer.sync, &token);
    let on_error = move |_| viewer.load_again(token.clone());
    let medium = if FileKind::from(&file) == FileKind::Video {
        let autoplay = !is_motion_reduced();
        view! {
            <video src=url controls playsinline autoplay=autoplay aria-label=file.name on:error=on_error />
        }
        .into_any()
    } else {
        let transform = move || gestures.transform();
        view! { <img src=url alt=file.name draggable="false" style:transform=transform on:error=on_error /> }
            .into_any()
    };
    Some(medium)
}

#[component]
fn StepButtons(viewer: Viewer) -> impl IntoView {
    let button = move |step: isize, label: &'static str, class: &'static str| {
        let is_end =
            move || viewer.index.get().checked_add_signed(step).is_none_or(|next| next >= viewer.count());
        view! {
            <button
                class=class
                aria-label=label
                title=label
                hidden=move || viewer.count() < 2
                aria-disabled=move || is_end().then_some("true")
                on:click=move |_| viewer.step(step)
            >
                <SvgIcon icon=Icon::Back />
            </button>
        }
    };
    let position = move || files::position(viewer.index.get(), viewer.count());
    let announced = move || {
        let name = viewer.current().map(|medium| medium.file.name).unwrap_or_default();
        strings::author_and_text(&position(), &name)
    };
    view! {
        {button(-1, files::PREVIOUS, "icon-button viewer-step previous")}
        {button(1, files::NEXT, "icon-button viewer-step next")}
        <p class="visually-hidden" role="status">{announced}</p>
    }
}
