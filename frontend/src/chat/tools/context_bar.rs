//! The bar above the text: which message is being edited or replied to.

use leptos::prelude::*;

use crate::{
    chat::state::{draft::DraftStore, edits::EditStore, quotes::Quote, use_draft, use_edits, use_sync},
    components::icon::{Icon, SvgIcon},
    strings,
};

#[component]
pub fn ContextBar() -> impl IntoView {
    let (draft, edits, sync) = (use_draft(), use_edits(), use_sync());
    let quote = move || {
        let (seq, member) = (draft.reply_to()?, sync.current_member());
        sync.with_timeline(|timeline| Some(Quote::new(timeline?, member, seq)))
    };
    Effect::new(move |_| sync.load_quoted(quote().iter()));
    let title = move || match quote() {
        _ if edits.is_editing() => strings::EDITING_MESSAGE.to_owned(),
        Some(quote) => strings::replying_to(&quote.author),
        None => String::new(),
    };
    let text = move || quote().filter(|_| !edits.is_editing()).map(|quote| quote.text).unwrap_or_default();
    let cancel_label = move || if edits.is_editing() { strings::CANCEL_EDIT } else { strings::CANCEL_REPLY };
    let is_hidden = move || !edits.is_editing() && draft.reply_to().is_none();
    let cancel = move |_| {
        leave_context(&draft, &edits);
        draft.request_focus();
    };
    view! {
        <div class="composer-bar" id="composer-context" hidden=is_hidden>
            <p>
                <span class="composer-context" prop:textContent=title></span>
                <span class="quote-text" dir="auto" prop:textContent=text></span>
            </p>
            // Without this, tapping the button would close the on-screen keyboard.
            <button
                type="button"
                class="icon-button"
                aria-label=cancel_label
                on:pointerdown=|event| event.prevent_default()
                on:click=cancel
            >
                <SvgIcon icon=Icon::Close />
            </button>
        </div>
    }
}

/// Whether a message is being edited or replied to. Does not track.
pub fn has_context(draft: &DraftStore, edits: &EditStore) -> bool {
    edits.is_editing_now() || draft.current_reply().is_some()
}

/// Leaves the edit, or else the reply.
pub fn leave_context(draft: &DraftStore, edits: &EditStore) {
    if edits.is_editing_now() {
        edits.cancel();
    } else {
        draft.set_reply_to(None);
    }
}
