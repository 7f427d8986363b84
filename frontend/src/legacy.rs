//! The original's links kept the path behind a hash: `/#/chats/<uri>`. They are still in people's letters.

use shared::chat::is_uri;

/// The path that an old link's hash stands for.
pub fn path_of(hash: &str) -> Option<String> {
    let path = hash.strip_prefix("#/")?.trim_end_matches('/');
    match path.split_once('/') {
        None if matches!(path, "chats" | "auth") => Some(format!("/{path}")),
        Some(("chats", uri)) if is_uri(uri) => Some(format!("/chats/{uri}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_links_lead_to_the_new_paths() {
        assert_eq!(path_of("#/chats/0a1b2c3d4e5f678").as_deref(), Some("/chats/0a1b2c3d4e5f678"));
        assert_eq!(path_of("#/chats/").as_deref(), Some("/chats"));
        assert_eq!(path_of("#/auth").as_deref(), Some("/auth"));
    }

    #[test]
    fn other_hashes_are_left_alone() {
        for hash in ["", "#", "#message-7", "#//evil.example", "#/chats/a/b", "#/chats/%2F%2Fevil"] {
            assert_eq!(path_of(hash), None, "{hash}");
        }
    }
}
