//! A link to copy or to scan.

use leptos::{ev, prelude::*};

use super::{copy_button::CopyButton, qr_code::QrCodeImage};
use crate::strings::{self, onboarding};

/// A link with a button that copies it, and its QR code, which is folded.
#[component]
pub fn LinkField(
    /// The id of the field, which selects the link when it gets the focus.
    id: &'static str,
    url: Signal<String>,
    label: &'static str,
) -> impl IntoView {
    let select = |event: ev::FocusEvent| event_target::<web_sys::HtmlInputElement>(&event).select();
    view! {
        <div class="link-field">
            <div class="input">
                <input id=id readonly aria-label=label prop:value=url on:focus=select />
            </div>
            <CopyButton class="primary" text=url label=strings::COPY_LINK />
        </div>
        <details class="qr-code">
            <summary class="quiet">{onboarding::QR_CODE}</summary>
            <QrCodeImage text=url label=onboarding::LINK_QR_CODE />
        </details>
    }
}
