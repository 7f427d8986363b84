//! Which addresses a link may send people on to.

/// Where those go who did not want to go anywhere in particular.
pub const HOME: &str = "/chats";

/// `wanted` if it is a path of this site other than the sign-in page. Anything that a browser could read as another
/// site's address is not, or a link could send people away after they gave their password.
pub fn safe(wanted: &str) -> &str {
    let path = wanted.strip_prefix('/').is_some_and(|rest| !rest.starts_with(['/', '\\']));
    let odd = wanted.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\');
    if path && !odd && !winds(wanted) && !is_auth(wanted) { wanted } else { HOME }
}

/// A browser takes `/./auth` for `/auth`.
fn winds(path: &str) -> bool {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    path.split('/').any(|step| matches!(&*step.to_ascii_lowercase().replace("%2e", "."), "." | ".."))
}

fn is_auth(path: &str) -> bool {
    path.strip_prefix("/auth").is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chat_that_was_opened_is_returned_to() {
        for path in ["/chats/0a1b2c3d4e5f678", "/chats", "/", "/authors"] {
            assert_eq!(safe(path), path);
        }
    }

    #[test]
    fn nobody_is_sent_to_another_site() {
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
            assert_eq!(safe(path), HOME, "{path:?}");
        }
    }

    #[test]
    fn signing_in_does_not_lead_back_to_signing_in() {
        for path in ["/auth", "/auth/", "/auth?next=/chats/x", "/auth#x", "/./auth", "/a/..%2E/%2e/auth"] {
            assert_eq!(safe(path), HOME);
        }
    }
}
