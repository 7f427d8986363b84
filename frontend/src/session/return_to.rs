//! Where a person goes after signing in: the link that was opened, and nowhere else.

use leptos::prelude::window;

pub use super::safe_path::{HOME, safe};

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
