//! Shows the files of messages in the boxes that the list of messages has made for them.

mod boxes;
mod events;
mod tokens;
mod viewer;
mod zoom;

use leptos::{prelude::window, task::spawn_local};
use shared::file::MessageFile;
use uuid::Uuid;
use web_sys::Element;

use super::{STORES, Stores};
use crate::{api::downloads::file_url, chat::state::sync::SyncStore, files::FileKind};

/// The attribute of an element that shows or opens a file, with its id.
const FILE_ID: &str = "data-file";

/// Fills the boxes in the element, each with a file. What is shown of it is loaded once there is a token.
pub fn show(list: &Element, files: Vec<MessageFile>) {
    let Some(Stores { sync, .. }) = STORES.get() else { return };
    events::listen(sync);
    let boxes = list.children();
    let boxes: Vec<_> = (0..boxes.length()).filter_map(|index| boxes.item(index)).collect();
    for (place, file) in boxes.iter().zip(&files) {
        // Something can be appended to every box.
        let _filled = boxes::fill(place, file);
    }
    spawn_local(async move {
        let token = tokens::get(sync, None).await;
        for (place, file) in boxes.iter().zip(&files) {
            match &token {
                Some(token) => boxes::load(place, file, sync, token),
                None => boxes::show_failure(place, boxes::Failure::NotLoaded),
            }
        }
    });
}

/// The URL of what the list shows of a file, or of all of a video or a sound.
fn shown_url(file: &MessageFile, sync: SyncStore, token: &str) -> String {
    let is_moving = file.media_type == "image/gif" && !is_motion_reduced();
    let has_preview = FileKind::from(file) == FileKind::Image && !is_moving;
    file_url(&sync.current_uri(), file.id, if has_preview { "size=preview" } else { "size=full" }, token)
}

fn full_url(id: Uuid, sync: SyncStore, token: &str) -> String {
    file_url(&sync.current_uri(), id, "size=full", token)
}

fn download_url(id: Uuid, sync: SyncStore, token: &str) -> String {
    file_url(&sync.current_uri(), id, "download=true", token)
}

/// Whether the user wants nothing to move.
fn is_motion_reduced() -> bool {
    let query = window().match_media("(prefers-reduced-motion: reduce)");
    query.ok().flatten().is_some_and(|query| query.matches())
}

/// A file of a loaded message of the chat.
fn find_file(sync: SyncStore, id: Uuid) -> Option<MessageFile> {
    sync.with_timeline_untracked(|timeline| {
        let mut files = timeline?.messages().flat_map(|message| &message.files);
        files.find(|file| file.id == id).cloned()
    })
}
