//! The types of files, recognized by their first bytes. What clients say about them is ignored.

/// What nothing else is known about.
pub const UNKNOWN: &str = "application/octet-stream";

/// What browsers show without running anything in it: images that the server encoded, and media.
const SHOWN: [&str; 12] = [
    "audio/flac",
    "audio/mp4",
    "audio/mpeg",
    "audio/ogg",
    "audio/wav",
    "image/gif",
    "image/jpeg",
    "image/png",
    "video/mp4",
    "video/ogg",
    "video/quicktime",
    "video/webm",
];

/// The type of a file that is no image which the server can encode.
pub fn recognize(start: &[u8]) -> &'static str {
    match infer::get(start).map_or(UNKNOWN, |kind| kind.mime_type()) {
        "audio/m4a" => "audio/mp4",
        "audio/opus" => "audio/ogg",
        "audio/x-flac" => "audio/flac",
        "audio/x-wav" => "audio/wav",
        "video/x-m4v" => "video/mp4",
        // Broken, or too new.
        "image/gif" | "image/jpeg" | "image/png" | "image/webp" => UNKNOWN,
        media_type => media_type,
    }
}

/// Whether a browser may show the file rather than save it.
pub fn is_shown(media_type: &str) -> bool {
    SHOWN.contains(&media_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_is_recognized_by_first_bytes() {
        let ogg = [b"OggS\0\x02\0\0\0\0\0\0\0\0".as_slice(), &[0; 14], b"OpusHead"].concat();
        let webm = [b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm".as_slice(), &[0; 300]].concat();
        for (start, media_type, shown) in [
            (&b"%PDF-1.7"[..], "application/pdf", false),
            (b"ID3\x03\0\0\0\0\0\0", "audio/mpeg", true),
            (b"RIFF\0\0\0\0WAVEfmt ", "audio/wav", true),
            (b"fLaC\0\0\0\x22", "audio/flac", true),
            (&ogg, "audio/ogg", true),
            (b"\0\0\0\x20ftypM4A \0\0\0\0", "audio/mp4", true),
            (b"\0\0\0\x20ftypisom\0\0\x02\0", "video/mp4", true),
            (b"\0\0\0\x14ftypqt  \0\0\0\0", "video/quicktime", true),
            (&webm, "video/webm", true),
            (b"<!DOCTYPE html><script>", "text/html", false),
            (b"<?xml version=\"1.0\"?><svg>", "text/xml", false),
            (b"<svg xmlns='http://www.w3.org/2000/svg'>", UNKNOWN, false),
            (b"\x89PNG\r\n\x1a\nbroken", UNKNOWN, false),
            (b"hello", UNKNOWN, false),
            (b"", UNKNOWN, false),
        ] {
            let found = recognize(start);
            assert_eq!((found, is_shown(found)), (media_type, shown), "{}", start.escape_ascii());
        }
    }
}
