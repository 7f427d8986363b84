//! The link to the chat: to copy, to scan, or to share with the system's dialog. Says whom it lets in.

use leptos::{ev, html, prelude::*, task::spawn_local};
use wasm_bindgen::{JsCast, JsValue};

use super::{
    sidebar::{SidebarNavigation, SidebarTab},
    state::{use_sync, use_viewport},
};
use crate::{
    components::{
        form_request::focus_soon,
        icon::{Icon, SvgIcon},
        link_field::LinkField,
    },
    lazy_view::{LazyView, lazy_view},
    strings::{self, onboarding},
};

/// The field that gets the focus when the popover opens.
const POPOVER_LINK: &str = "popover-link";

/// In the place of the first message, while the chat is empty.
#[component]
pub fn SharePanel() -> impl IntoView {
    let (sync, viewport) = (use_sync(), use_viewport());
    let can_share = Memo::new(move |_| sync.current_member().can_share_link());
    let is_shown = Memo::new(move |_| viewport.is_empty() && can_share.get());
    view! {
        <section class="card centred share" hidden=move || !is_shown.get()>
            <Show when=move || is_shown.get()>
                <LazyView load=|| Box::pin(panel_link()) class="part-loading" />
            </Show>
        </section>
        <p class="hint" hidden=move || !viewport.is_empty() || can_share.get()>
            {strings::chat_list::NO_MESSAGES_YET}
        </p>
    }
}

/// The same in a popover, once there are messages.
#[component]
pub fn ShareButton() -> impl IntoView {
    let (sync, viewport) = (use_sync(), use_viewport());
    let (container, popover) = (NodeRef::<html::Div>::new(), NodeRef::<html::Div>::new());
    let was_opened = RwSignal::new(false);
    let open = move |_| {
        was_opened.set(true);
        focus_soon(POPOVER_LINK);
    };
    let is_shown = move || !viewport.is_empty() && sync.current_member().can_share_link();
    view! {
        <div class="share-menu" node_ref=container on:focusout=move |event| close_when_left(&event, container, popover)>
            <button
                class="quiet share-button"
                popovertarget="share"
                hidden=move || !is_shown()
                on:click=open
            >
                <SvgIcon icon=Icon::Share />
                <span class="label">{onboarding::SHARE}</span>
            </button>
            <div
                id="share"
                class="popover centred share"
                popover="auto"
                role="dialog"
                aria-label=strings::SHARE_TITLE
                node_ref=popover
            >
                <Show when=move || was_opened.get()>
                    <LazyView load=|| Box::pin(popover_link()) class="part-loading" />
                </Show>
            </div>
        </div>
    }
}

/// The browser moves the focus back to the button when the popover closes.
fn close_when_left(event: &ev::FocusEvent, container: NodeRef<html::Div>, popover: NodeRef<html::Div>) {
    let next = event.related_target().and_then(|target| target.dyn_into::<web_sys::Node>().ok());
    if let (Some(container), Some(popover), Some(next)) =
        (container.get_untracked(), popover.get_untracked(), next)
        && !container.contains(Some(&next))
    {
        // Fails if it is closed.
        let _hidden = popover.hide_popover();
    }
}

lazy_view! {
    pages,
    fn panel_link() {
        view! { <ShareLink id="panel-link" /> }
    }
}

lazy_view! {
    pages,
    fn popover_link() {
        focus_soon(POPOVER_LINK);
        view! { <ShareLink id=POPOVER_LINK /> }
    }
}

#[component]
fn ShareLink(
    /// The id of the field.
    id: &'static str,
) -> impl IntoView {
    let (sync, navigation) = (use_sync(), expect_context::<SidebarNavigation>());
    let chat = Memo::new(move |_| sync.chat());
    let is_moderator = Memo::new(move |_| sync.current_member().is_moderator());
    let is_link_open = move || chat.read().as_ref().is_some_and(|chat| chat.link_open);
    let text = move || chat.read().as_ref().map(|chat| onboarding::share_text(chat, is_moderator.get()));
    let url = Signal::derive(move || sync.page_url());
    view! {
        <h2>{strings::SHARE_TITLE}</h2>
        <p class="muted">{text}</p>
        <div class="share-link" hidden=move || !is_link_open()>
            <LinkField id url label=strings::CHAT_LINK />
            <SystemShareButton url />
        </div>
        <button
            class="primary"
            hidden=move || is_link_open() || !is_moderator.get()
            popovertarget="share"
            popovertargetaction="hide"
            on:click=move |_| navigation.open(SidebarTab::Links)
        >
            {onboarding::MAKE_INVITE_LINK}
        </button>
    }
}

/// Hidden where the system has no share dialog.
#[component]
fn SystemShareButton(url: Signal<String>) -> impl IntoView {
    let is_supported =
        js_sys::Reflect::has(&window().navigator(), &JsValue::from_str("share")).unwrap_or(false);
    let share = move |_| {
        let data = web_sys::ShareData::new();
        data.set_url(&url.read_untracked());
        let shared = window().navigator().share_with_data(&data);
        spawn_local(async move {
            // Fails when the user closes the dialog.
            let _shared = wasm_bindgen_futures::JsFuture::from(shared).await;
        });
    };
    view! {
        <button class="quiet" hidden=!is_supported on:click=share>
            {onboarding::SHARE_WITH}
        </button>
    }
}
