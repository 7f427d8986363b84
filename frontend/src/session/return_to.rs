//! Redirects to the sign-in page, and back to the link that was opened.

use leptos::prelude::window;

pub use shared::return_path::{DEFAULT_PATH, sanitize_return_path};

/// Query parameter: the path to return to.
pub const RETURN_PATH: &str = "next";
/// Query parameter: the person has an account, so the page opens on the sign-in tab.
pub const HAS_ACCOUNT: &str = "known";
/// Query parameter: as [`HAS_ACCOUNT`], and the session has expired.
pub const SESSION_EXPIRED: &str = "ended";

/// The URL of the sign-up tab, or of the sign-in tab for people with an account; it returns to `path` afterwards.
pub fn auth_url(path: &str, has_account: bool) -> String {
    auth_url_with(path, if has_account { HAS_ACCOUNT } else { "" })
}

/// Opens the sign-in page, which returns to `path` afterwards.
pub fn redirect_to_sign_in(path: &str, is_expired: bool) {
    redirect(&auth_url_with(path, if is_expired { SESSION_EXPIRED } else { HAS_ACCOUNT }));
}

fn auth_url_with(path: &str, parameter: &str) -> String {
    match sanitize_return_path(path) {
        "/" | DEFAULT_PATH => format!("/auth?{parameter}"),
        path => format!("/auth?{parameter}&{RETURN_PATH}={}", js_sys::encode_uri_component(path)),
    }
}

/// Opens another page without a history entry, so that the back button does not redirect again.
pub fn redirect(path: &str) {
    // If the browser refuses, the page stays open.
    let _redirected = window().location().replace(path);
}
