//! What the client distinguishes among files.

use shared::file::MessageFile;

/// How a file is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    Image,
    Video,
    Audio,
    /// By its name.
    Other,
}

impl From<&MessageFile> for FileKind {
    fn from(file: &MessageFile) -> Self {
        match file.media_type.split('/').next() {
            _ if file.image.is_some() => Self::Image,
            Some("video") => Self::Video,
            Some("audio") => Self::Audio,
            _ => Self::Other,
        }
    }
}
