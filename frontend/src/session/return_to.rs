//! Where a person goes after signing in: the link that was opened, and nowhere else.

use leptos::prelude::window;

/// Where those go who did not want to go anywhere in particular.
pub const HOME: &str = "/chats";

/// The query parameter that holds where to go afterwards,
pub const NEXT: &str = "next";
/// and the one that says that there is an account.
pub const KNOWN: &str = "known";
/// As [`KNOWN`], and the session in which one was signed in to it has ended.
pub const ENDED: &str = "ended";

/// Where one signs up, or in if there is an account, and comes back to `path`.
pub fn path_back_to(path: &str, known: bool) -> String {
    path_because(path, if known { KNOWN } else { "" })
}

/// Goes to where one signs in and comes back to `path`; `ended` says that one was signed in until now.
pub fn to_auth(path: &str, ended: bool) {
    replace(&path_because(path, if ended { ENDED } else { KNOWN }));
}

fn path_because(path: &str, why: &str) -> String {
    match safe(path) {
        "/" | HOME => format!("/auth?{why}"),
        wanted => format!("/auth?{why}&{NEXT}={}", js_sys::encode_uri_component(wanted)),
    }
}

/// Going on by itself leaves no step in the browser's history to trip over on the way back.
pub fn replace(path: &str) {
    // A browser that refuses leaves the person where they are.
    let _gone = window().location().replace(path);
}

/// `wanted` if it is a path of this site other than the sign-in page. Anything that a browser could read as another
/// site's address is not, or a link could send people away after they gave their password.
pub fn safe(wanted: &str) -> &str {
    let path = wanted.strip_prefix('/').is_some_and(|rest| !rest.starts_with(['/', '\\']));
    let odd = wanted.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\');
    if path && !odd && !is_auth(wanted) { wanted } else { HOME }
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
        for path in ["/auth", "/auth/", "/auth?next=/chats/x", "/auth#x"] {
            assert_eq!(safe(path), HOME);
        }
    }
}
