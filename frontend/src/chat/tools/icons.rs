//! Line icons, 24 by 24, that only this module shows.

use leptos::prelude::*;
use web_sys::Element;

use crate::components::elements::insert_view;

pub const ARCHIVE: &str = "M6 3h8l5 5v13H6zM14 3v5h5M10 5v1M10 9v1M10 13v4h2v-4";
pub const DOCUMENT: &str = "M6 3h8l5 5v13H6zM14 3v5h5";
pub const DOWNLOAD: &str = "M12 4v11M7 10l5 5 5-5M5 20h14";
pub const EXPAND: &str = "M14 4h6v6M20 4l-7 7M10 20H4v-6M4 20l7-7";
pub const MINUS: &str = "M5 12h14";
pub const PLUS: &str = "M12 5v14M5 12h14";
pub const REPLY: &str = "M10 5l-6 6 6 6M4 11h9a7 7 0 0 1 7 7v1";
pub const SOUND: &str = "M9 18V5l10-2v13M9 18a3 3 0 1 1-.01-1M19 16a3 3 0 1 1-.01-1";
pub const TEXT: &str = "M6 3h8l5 5v13H6zM14 3v5h5M9 12h7M9 16h7";
pub const VIDEO: &str = "M4 6h11v12H4zM15 10l5-3v10l-5-3";

/// Hidden from assistive technology: the text beside it says the same.
pub fn icon(path: &'static str) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
            <path d=path />
        </svg>
    }
}

pub fn append_icon(parent: &Element, path: &'static str) {
    insert_view(parent, icon(path), None);
}
