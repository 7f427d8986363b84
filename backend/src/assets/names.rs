//! What a file's name tells: its type, and whether its content can ever change.

use actix_web::http::header::{CacheControl, CacheDirective};

const YEAR: u32 = 365 * 24 * 60 * 60;
/// Trunk names a file after 64 bits of its content; a few leading zeros may be missing.
const SHORTEST_HASH: usize = 12;

pub fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "ico" => "image/x-icon",
        "jpg" => "image/jpeg",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" | "map" => "application/json",
        "mp3" => "audio/mpeg",
        "ogg" => "audio/ogg",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        "wav" => "audio/wav",
        "webmanifest" => "application/manifest+json",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

/// Another content would have another name, so that a hashed name may be kept for ever.
pub fn keeping(path: &str) -> CacheControl {
    CacheControl(if is_hashed(path) {
        let immutable = CacheDirective::Extension("immutable".to_owned(), None);
        vec![CacheDirective::Public, CacheDirective::MaxAge(YEAR), immutable]
    } else {
        vec![CacheDirective::NoCache]
    })
}

fn is_hashed(path: &str) -> bool {
    path.split(['/', '-', '_', '.'])
        .any(|part| part.len() >= SHORTEST_HASH && part.chars().all(|digit| digit.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashed_names_are_known() {
        for name in [
            "frontend-5d3c1f0a9b8e7d6c.js",
            "frontend-5d3c1f0a9b8e7d6c_bg.wasm",
            "main-3c1f0a9b8e7d6c1.css",
            "snippets/leptos-5d3c1f0a9b8e7d6c/inline0.js",
        ] {
            assert!(is_hashed(name), "{name}");
        }
        for name in ["index.html", "favicon.svg", "frontend.js", "facade.js", "manifest.webmanifest"] {
            assert!(!is_hashed(name), "{name}");
        }
    }

    #[test]
    fn types_are_those_that_browsers_insist_on() {
        assert_eq!(content_type("frontend-5d3c1f0a9b8e7d6c_bg.wasm"), "application/wasm");
        assert_eq!(content_type("a.js"), "text/javascript; charset=utf-8");
        assert_eq!(content_type("a.css"), "text/css; charset=utf-8");
        assert_eq!(content_type("a.svg"), "image/svg+xml");
        assert_eq!(content_type("app.webmanifest"), "application/manifest+json");
        assert_eq!(content_type("LICENSE"), "application/octet-stream");
    }
}
