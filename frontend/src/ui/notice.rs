//! What a person is told of the connection.

use leptos::prelude::*;

use crate::{live::Live, words};

/// Always there, so that assistive technology hears it fill; empty while all is well.
#[component]
pub fn ConnectionNotice() -> impl IntoView {
    let live = expect_context::<Live>();
    view! {
        <p role="status" class="notice">
            {move || live.notice().map_or("", words::notice)}
        </p>
    }
}
