//! Texts about the files of messages.

use shared::file::MessageFile;

use super::bidi::BidiIsolate;
use crate::files::FileKind;

pub const GONE: &str = "This file is gone.";
pub const NOT_LOADED: &str = "This file couldn’t be loaded.";
pub const NOT_PLAYABLE: &str = "This browser can’t play this file. Download it instead.";
pub const DOWNLOAD: &str = "Download";
pub const VIEWER: &str = "Photos and videos";
pub const PREVIOUS: &str = "Previous";
pub const NEXT: &str = "Next";
pub const ZOOM_IN: &str = "Zoom in";
pub const ZOOM_OUT: &str = "Zoom out";

/// Stands for the text of a message that has only files.
pub fn description(files: &[MessageFile]) -> String {
    let is_photo = files.iter().all(|file| FileKind::from(file) == FileKind::Image);
    match files {
        [] => String::new(),
        [_] if is_photo => "📷 Photo".to_owned(),
        [file] => format!("📎 {}", BidiIsolate(&file.name)),
        files if is_photo => format!("📷 {} photos", files.len()),
        files => format!("📎 {} files", files.len()),
    }
}

/// Opens a video in the viewer.
pub fn open(file: &MessageFile) -> String {
    format!("Open {}", BidiIsolate(&file.name))
}

/// Which of the photos and videos of a chat is shown.
pub fn position(index: usize, count: usize) -> String {
    format!("{} of {count}", index + 1)
}

#[cfg(test)]
mod tests {
    use std::slice;

    use shared::file::ImageSize;
    use uuid::Uuid;

    use super::*;

    fn file(name: &str, media_type: &str) -> MessageFile {
        let image = media_type.starts_with("image/").then_some(ImageSize { width: 4, height: 3 });
        MessageFile {
            id: Uuid::nil(),
            name: name.into(),
            size: 2_400_000,
            media_type: media_type.into(),
            image,
        }
    }

    #[test]
    fn message_without_text_is_described_by_files() {
        let (photo, plan) = (file("a.jpg", "image/jpeg"), file("plan.pdf", "application/pdf"));
        assert_eq!(description(&[]), "");
        assert_eq!(description(slice::from_ref(&photo)), "📷 Photo");
        assert_eq!(description(&[photo.clone(), photo.clone()]), "📷 2 photos");
        assert_eq!(description(slice::from_ref(&plan)), "📎 plan.pdf");
        assert_eq!(description(&[photo, plan]), "📎 2 files");
    }
}
