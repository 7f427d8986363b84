//! The style sheets of what the module `tools` shows. They are part of the module, and not of the style sheet of the page, so
//! that the first view does not wait for them.

use std::cell::Cell;

use leptos::prelude::document;

use crate::js::{call, construct, field};

const SHEETS: [&str; 11] = [
    include_str!("../styles/tools/code-colors.css"),
    include_str!("../styles/tools/files.css"),
    include_str!("../styles/tools/invites.css"),
    include_str!("../styles/tools/local-files.css"),
    include_str!("../styles/tools/members.css"),
    include_str!("../styles/tools/message-menu.css"),
    include_str!("../styles/tools/pins.css"),
    include_str!("../styles/tools/search.css"),
    include_str!("../styles/tools/selection.css"),
    include_str!("../styles/tools/swipe-reply.css"),
    include_str!("../styles/tools/viewer.css"),
];

thread_local! {
    static IS_INSTALLED: Cell<bool> = const { Cell::new(false) };
}

/// Adds the style sheets to the page, once.
pub fn install() {
    if !IS_INSTALLED.replace(true) {
        // All browsers with popovers can do this.
        let _installed = add(&SHEETS.concat());
    }
}

fn add(css: &str) -> Option<()> {
    let sheet = construct("CSSStyleSheet", &[])?;
    call(&sheet, "replaceSync", &[&css.into()])?;
    call(&field(&document(), "adoptedStyleSheets")?, "push", &[&sheet])?;
    Some(())
}
