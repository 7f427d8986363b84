//! What others see: the picture, and the name.

use leptos::{ev, html, prelude::*};
use shared::problem::FieldCode;
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;

use super::Desk;
use crate::{
    api::account as calls,
    session::use_session,
    ui::{
        asking::{Asking, Outcome},
        avatar::avatar,
        field::{DISPLAY_NAME, Field, value},
    },
    words::{account, entering},
};

/// What the server makes pictures of.
const PICTURES: &str = "image/png,image/jpeg,image/gif,image/webp";

#[component]
pub fn Profile(
    /// What the parts of the page share.
    desk: Desk,
) -> impl IntoView {
    let session = desk.session;
    view! {
        <Picture desk />
        <Rename name=untrack(|| session.name()) />
    }
}

#[component]
fn Picture(
    /// What the parts of the page share.
    desk: Desk,
) -> impl IntoView {
    let session = desk.session;
    let asking = Asking::default();
    let me = Memo::new(move |_| session.me().unwrap_or_default());
    let set = move |event: ev::Event| {
        let input = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
        let Some(file) = input.as_ref().and_then(|input| input.files()?.get(0)) else { return };
        asking.begin(async move {
            let changed = session.ask(calls::set_picture(file.into())).await?;
            session.know(changed.into());
            Ok(())
        });
        // So that the same file can be chosen again.
        if let Some(input) = input {
            input.set_value("");
        }
    };
    let removing = Asking::default();
    let remove = move |_| {
        removing.begin(async move {
            session.know(session.ask(calls::remove_picture()).await?.into());
            Ok(())
        });
    };
    let label = move || match (asking.is_pending(), me.read().avatar.is_empty()) {
        (true, _) => account::PICTURE_IS_SENT,
        (false, true) => account::CHOOSE_PICTURE,
        (false, false) => account::OTHER_PICTURE,
    };
    view! {
        <div class="profile">
            {move || {
                let me = me.get();
                avatar(me.id, me.name(), &me.avatar)
            }}
            <div class="choices">
                <label class="plain">
                    <input
                        class="hidden"
                        type="file"
                        accept=PICTURES
                        disabled=move || asking.is_held()
                        on:change=set
                    />
                    <span>{label}</span>
                </label>
                <button
                    class="quiet"
                    hidden=move || me.read().avatar.is_empty()
                    aria-disabled=move || removing.busy()
                    on:click=remove
                >
                    {account::REMOVE_PICTURE}
                </button>
            </div>
            <Outcome asking />
            <Outcome asking=removing />
        </div>
    }
}

#[component]
fn Rename(
    /// What one is called now.
    name: String,
) -> impl IntoView {
    let session = use_session();
    let (asking, node, saved) = (Asking::default(), NodeRef::<html::Input>::new(), RwSignal::new(false));
    let save = move |event: ev::SubmitEvent| {
        event.prevent_default();
        saved.set(false);
        let name = value(node);
        // A guest has no other name to fall back on.
        if name.trim().is_empty() && session.is_guest() {
            return asking.tell(vec![(DISPLAY_NAME.to_owned(), FieldCode::Blank)]);
        }
        asking.begin(async move {
            session.rename(&name).await?;
            // The page may have been left meanwhile.
            let _left = saved.try_set(true);
            if let Some(input) = node.try_get_untracked().flatten() {
                input.set_value(&untrack(|| session.name()));
            }
            Ok(())
        });
    };
    let label = move || if saved.get() { entering::SAVED } else { entering::SAVE };
    view! {
        <form class="form" novalidate on:submit=save on:input=move |_| saved.set(false)>
            <Field
                name=DISPLAY_NAME
                label=entering::YOUR_NAME
                hint=entering::NAME_HINT.to_owned()
                autocomplete="nickname"
                value=name
                node
                asking
            />
            <Outcome asking />
            <button class="primary" disabled=move || asking.is_held()>
                {label}
            </button>
        </form>
    }
}
