//! Links of the original client have the path in the hash: `/#/chats/<uri>`. Emails and bookmarks still contain them.

use shared::chat::is_valid_uri;

/// The path for the hash of an old link.
pub fn path_for_hash(hash: &str) -> Option<String> {
    let path = hash.strip_prefix("#/")?.trim_end_matches('/');
    match path.split_once('/') {
        None if matches!(path, "chats" | "auth") => Some(format!("/{path}")),
        Some(("chats", uri)) if is_valid_uri(uri) => Some(format!("/chats/{uri}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_links_map_to_paths() {
        assert_eq!(path_for_hash("#/chats/0a1b2c3d4e5f678").as_deref(), Some("/chats/0a1b2c3d4e5f678"));
        assert_eq!(path_for_hash("#/chats/").as_deref(), Some("/chats"));
        assert_eq!(path_for_hash("#/auth").as_deref(), Some("/auth"));
    }

    #[test]
    fn other_hashes_are_ignored() {
        for hash in ["", "#", "#message-7", "#//evil.example", "#/chats/a/b", "#/chats/%2F%2Fevil"] {
            assert_eq!(path_for_hash(hash), None, "{hash}");
        }
    }
}
