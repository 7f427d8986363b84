//! Decides which paths a sign-in may return to, so that links cannot redirect to other sites.

/// Where to go when no valid return path is given.
pub const DEFAULT_PATH: &str = "/chats";

/// `path` if it is a path of this site other than the sign-in page, else [`DEFAULT_PATH`]. Anything a browser could
/// resolve to another site is rejected: such a link could lead away right after a password was entered.
pub fn sanitize_return_path(path: &str) -> &str {
    let is_local = path.strip_prefix('/').is_some_and(|rest| !rest.starts_with(['/', '\\']));
    let has_unsafe_char = path.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\');
    if is_local && !has_unsafe_char && !has_dot_segment(path) && !is_sign_in_path(path) {
        path
    } else {
        DEFAULT_PATH
    }
}

/// Browsers resolve `/./auth` to `/auth`.
fn has_dot_segment(path: &str) -> bool {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    path.split('/').any(|segment| matches!(&*segment.to_ascii_lowercase().replace("%2e", "."), "." | ".."))
}

fn is_sign_in_path(path: &str) -> bool {
    path.strip_prefix("/auth").is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_paths_are_kept() {
        for path in ["/chats/0a1b2c3d4e5f678", "/chats/0a1b2c3d4e5f678?at=20", "/chats", "/", "/authors"] {
            assert_eq!(sanitize_return_path(path), path);
        }
    }

    #[test]
    fn paths_of_other_sites_are_replaced() {
        for path in [
            "",
            "chats",
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "\\\\evil.example",
        ] {
            assert_eq!(sanitize_return_path(path), DEFAULT_PATH, "{path:?}");
        }
    }

    #[test]
    fn sign_in_path_is_replaced() {
        for path in ["/auth", "/auth/", "/auth?next=/chats/x", "/auth#x", "/./auth", "/a/..%2E/%2e/auth"] {
            assert_eq!(sanitize_return_path(path), DEFAULT_PATH);
        }
    }
}
