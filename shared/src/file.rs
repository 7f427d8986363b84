//! Files of messages: uploaded to a chat first, and then named by the message that shows them.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    problem::FieldCode,
    text::check_single_line,
    time::{DateTime, Utc},
};

/// The most files of a message.
pub const MESSAGE_FILES_MAX: usize = 10;
/// The size of the largest file in bytes, unless the operator sets another one.
pub const FILE_BYTES_MAX: u64 = 25 * 1_024 * 1_024;
/// The longest name of a file, in characters.
pub const FILE_NAME_MAX: usize = 255;

/// A file of a message. The response of `PUT /api/chats/<uri>/files/<id>/`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MessageFile {
    /// Chosen by the client that uploaded it.
    pub id: Uuid,
    /// As given by the uploader; see [`check_file_name`].
    pub name: String,
    /// In bytes. An image is encoded again, so that its size differs from that of the uploaded file.
    pub size: u64,
    /// Recognized by the first bytes; `application/octet-stream` if unknown.
    pub media_type: String,
    /// For images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<ImageSize>,
}

impl MessageFile {
    /// The size in memory of what it points to.
    pub(crate) fn size_in_memory(&self) -> usize {
        size_of::<Self>() + self.name.len() + self.media_type.len()
    }
}

/// The size of an image in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImageSize {
    /// From left to right.
    pub width: u32,
    /// From top to bottom.
    pub height: u32,
}

/// The response of `POST /api/chats/<uri>/file_tokens/`: lets the browser load the files of the chat by plain URLs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FileToken {
    /// The value of the query parameter `token` of downloads.
    pub token: String,
    /// When it expires. It ends earlier if the caller leaves the chat or their session ends.
    pub expires_at: DateTime<Utc>,
}

/// Which form of an image a download returns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Rendition {
    /// The whole image.
    #[default]
    Full,
    /// A smaller one for the list of messages.
    Preview,
}

/// Accepts a name with a visible character, of at most [`FILE_NAME_MAX`] characters, on one line and without `/` and `\`.
pub fn check_file_name(name: &str) -> Result<(), FieldCode> {
    if name.is_empty() {
        return Err(FieldCode::Blank);
    }
    if name.contains(['/', '\\']) {
        return Err(FieldCode::InvalidName);
    }
    check_single_line(name, FILE_NAME_MAX)
}

/// A size in bytes as people read it: 13 KB, 3.4 MB.
pub fn size_text(bytes: u64) -> String {
    match bytes {
        0..=999_999 => format!("{} KB", bytes.div_ceil(1_000)),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_name_is_one_line_without_path() {
        for name in ["plan.pdf", "Größe 1.png", ".env", "a b", &"é".repeat(FILE_NAME_MAX)] {
            assert_eq!(check_file_name(name), Ok(()), "{name}");
        }
        for (name, code) in [
            ("", FieldCode::Blank),
            (" \u{200b}", FieldCode::Blank),
            ("a/b", FieldCode::InvalidName),
            ("..\\b", FieldCode::InvalidName),
            ("a\nb", FieldCode::InvalidName),
            ("photo\u{202e}gpj.exe", FieldCode::InvalidName),
            ("a\0", FieldCode::NullCharacter),
            (&"x".repeat(FILE_NAME_MAX + 1), FieldCode::TooLong),
        ] {
            assert_eq!(check_file_name(name), Err(code), "{name:?}");
        }
    }

    #[test]
    fn sizes_use_kilobytes_and_megabytes() {
        assert_eq!([1, 12_345, 12_345_678].map(size_text), ["1 KB", "13 KB", "12.3 MB"]);
    }
}
