//! What stands in the box of a file.

use js_sys::Reflect;
use shared::file::{MessageFile, size_text};
use web_sys::Element;

use super::{FILE_ID, download_url, shown_url};
use crate::{
    chat::{
        state::sync::SyncStore,
        tools::icons::{self, append_icon},
    },
    components::elements::{append, append_with_text},
    files::FileKind,
    js::{call, field},
    strings::{errors, files},
};

/// A link that downloads the file of its box.
pub const LINK: &str = ".file-link";
/// A button that opens the viewer.
pub const OPEN_BUTTON: &str = ".file-open";
/// A button that loads a file again.
pub const RETRY_BUTTON: &str = ".file-retry";

/// The attribute of a box whose file the user has asked for, and is told of if that fails.
pub const IS_AWAITED: &str = "data-awaited";

const FAILURE: &str = ".file-failure";

/// Why a file cannot be shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    Gone,
    NotLoaded,
    /// It can be downloaded.
    NotPlayable,
}

/// Shows what is known without the file.
pub fn fill(place: &Element, file: &MessageFile) -> Option<()> {
    place.set_text_content(None);
    place.set_attribute(FILE_ID, &file.id.to_string()).ok()?;
    match FileKind::from(file) {
        FileKind::Image => {
            let button = append(place, "button", &[("type", "button"), ("class", "file-open")])?;
            let image = append(&button, "img", &[("loading", "lazy"), ("decoding", "async")])?;
            image.set_attribute("alt", &file.name).ok()
        }
        FileKind::Video => {
            let video =
                append(place, "video", &[("controls", ""), ("preload", "metadata"), ("playsinline", "")])?;
            video.set_attribute("aria-label", &file.name).ok()?;
            let bar = append(place, "div", &[("class", "file-bar")])?;
            append_link(&bar, file)?;
            let button = append(&bar, "button", &[("type", "button"), ("class", "icon-button file-open")])?;
            button.set_attribute("aria-label", &files::open(file)).ok()?;
            append_icon(&button, icons::EXPAND);
            Some(())
        }
        FileKind::Audio => {
            append_link(place, file)?;
            let audio = append(place, "audio", &[("controls", ""), ("preload", "metadata")])?;
            audio.set_attribute("aria-label", &file.name).ok()
        }
        FileKind::Other => append_link(place, file),
    }
}

/// The name keeps its ending where it is cut off.
fn append_link(place: &Element, file: &MessageFile) -> Option<()> {
    let link = append(place, "a", &[("class", "file-link")])?;
    link.set_attribute("download", &file.name).ok()?;
    link.set_attribute("title", &file.name).ok()?;
    append_icon(&link, icon_path(file));
    append_with_text(&link, "span", &[("class", "visually-hidden")], files::DOWNLOAD)?;
    let name = append(&link, "bdi", &[("class", "file-title")])?;
    let (stem, ending) = split_name(&file.name);
    append_with_text(&name, "span", &[], stem)?;
    append_with_text(&name, "span", &[], ending)?;
    append_with_text(&link, "span", &[("class", "file-size")], &size_text(file.size))
}

/// The last characters of a name with an extension, which tell what the file is and belong together.
fn split_name(name: &str) -> (&str, &str) {
    const ENDING_MAX: usize = 8;
    let ending = name.rfind('.').filter(|dot| *dot > 0 && name.len() - dot <= ENDING_MAX);
    name.split_at(ending.unwrap_or(name.len()))
}

fn icon_path(file: &MessageFile) -> &'static str {
    match (FileKind::from(file), file.media_type.as_str()) {
        (FileKind::Audio, _) => icons::SOUND,
        (FileKind::Video, _) => icons::VIDEO,
        (_, "application/pdf") => icons::TEXT,
        (_, media_type) if media_type.starts_with("text/") => icons::TEXT,
        (_, "application/zip" | "application/gzip" | "application/x-7z-compressed" | "application/x-tar") => {
            icons::ARCHIVE
        }
        _ => icons::DOCUMENT,
    }
}

/// Loads the file, and lets its link download it.
pub fn load(place: &Element, file: &MessageFile, sync: SyncStore, token: &str) {
    load_link(place, file, sync, token);
    if let Some(media) = find(place, "img, video, audio") {
        start(&media, &shown_url(file, sync, token));
    }
}

pub fn load_link(place: &Element, file: &MessageFile, sync: SyncStore, token: &str) {
    if let Some(link) = find(place, LINK) {
        // The name of the attribute is valid.
        let _set = link.set_attribute("href", &download_url(file.id, sync, token));
    }
}

/// Loads an image, or a video or a sound from where it was.
fn start(media: &Element, url: &str) {
    let time = field(media, "currentTime").filter(|time| time.as_f64().is_some_and(|seconds| seconds > 0.0));
    // The name of the attribute is valid.
    let _set = media.set_attribute("src", url);
    if let Some(time) = time {
        // Every element that plays can be set so.
        let _set = Reflect::set(media, &"currentTime".into(), &time);
        call(media, "play", &[]);
    }
}

/// Over what failed; the links to download it stay.
pub fn show_failure(place: &Element, failure: Failure) {
    remove_failure(place);
    let text = match failure {
        Failure::Gone => files::GONE,
        Failure::NotLoaded => files::NOT_LOADED,
        Failure::NotPlayable => files::NOT_PLAYABLE,
    };
    // Something can be appended to every box.
    let _shown = append_failure(place, text, failure == Failure::NotLoaded);
}

fn append_failure(place: &Element, text: &str, can_retry: bool) -> Option<()> {
    let message = append(place, "div", &[("class", "file-failure")])?;
    if place.has_attribute(IS_AWAITED) {
        place.remove_attribute(IS_AWAITED).ok()?;
        message.set_attribute("role", "alert").ok()?;
    }
    append_with_text(&message, "span", &[], text)?;
    if can_retry {
        let attributes = &[("type", "button"), ("class", "quiet file-retry")];
        append_with_text(&message, "button", attributes, errors::TRY_AGAIN)?;
    }
    Some(())
}

pub fn remove_failure(place: &Element) {
    if let Some(failure) = find(place, FAILURE) {
        failure.remove();
    }
}

fn find(place: &Element, selector: &str) -> Option<Element> {
    place.query_selector(selector).ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_short_endings_are_kept() {
        assert_eq!(split_name("plan.pdf"), ("plan", ".pdf"));
        assert_eq!(split_name("a.tar.gz"), ("a.tar", ".gz"));
        for whole in ["README", ".env", "v1.2 and all that follows", "größe"] {
            assert_eq!(split_name(whole), (whole, ""));
        }
    }
}
