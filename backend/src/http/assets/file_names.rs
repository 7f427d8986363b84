//! Content types and cache lifetimes by file name.

use actix_web::http::header::{CacheControl, CacheDirective};

const YEAR_SECONDS: u32 = 365 * 24 * 60 * 60;
/// Trunk appends a 64-bit hash to file names; leading zeros may be missing.
const HASH_LENGTH_MIN: usize = 12;

pub fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
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

/// Files with a hash in their name never change and may be cached without revalidation.
pub fn cache_control(path: &str) -> CacheControl {
    CacheControl(if is_hashed(path) {
        let immutable = CacheDirective::Extension("immutable".to_owned(), None);
        vec![CacheDirective::Public, CacheDirective::MaxAge(YEAR_SECONDS), immutable]
    } else {
        vec![CacheDirective::NoCache]
    })
}

fn is_hashed(path: &str) -> bool {
    path.split(['/', '-', '_', '.'])
        .any(|part| part.len() >= HASH_LENGTH_MIN && part.chars().all(|digit| digit.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashed_file_names_are_recognized() {
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
    fn content_types_match_browser_requirements() {
        assert_eq!(content_type("frontend-5d3c1f0a9b8e7d6c_bg.wasm"), "application/wasm");
        assert_eq!(content_type("a.js"), "text/javascript; charset=utf-8");
        assert_eq!(content_type("a.css"), "text/css; charset=utf-8");
        assert_eq!(content_type("a.svg"), "image/svg+xml");
        assert_eq!(content_type("app.webmanifest"), "application/manifest+json");
        assert_eq!(content_type("LICENSE"), "application/octet-stream");
    }
}
