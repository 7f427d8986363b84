//! Changes the picture and the display name.

use leptos::{ev, html, prelude::*};
use shared::problem::FieldCode;
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;

use super::SettingsState;
use crate::{
    api::account as calls,
    components::{
        avatar::avatar,
        field::{DISPLAY_NAME, Field, input_value},
        form_request::{FormRequest, Outcome},
    },
    session::use_session,
    strings::{self, account, onboarding},
};

/// The formats that the server accepts.
const PICTURE_TYPES: &str = "image/png,image/jpeg,image/gif,image/webp";

#[component]
pub fn Profile(settings: SettingsState) -> impl IntoView {
    view! {
        <PictureForm settings />
        <NameForm name=untrack(|| settings.session.display_name()) />
    }
}

#[component]
fn PictureForm(settings: SettingsState) -> impl IntoView {
    let session = settings.session;
    let (upload, removal) = (FormRequest::default(), FormRequest::default());
    let user = Memo::new(move |_| session.current_user().unwrap_or_default());
    let has_picture = Signal::derive(move || !user.read().avatar.is_empty());
    let remove = move |_| {
        removal.start(async move {
            session.set_user(session.send(calls::remove_avatar()).await?.into());
            Ok(())
        });
    };
    view! {
        <div class="profile">
            {move || {
                let user = user.get();
                avatar(user.id, user.name(), &user.avatar)
            }}
            <div class="button-row">
                <UploadButton upload has_picture />
                <button
                    class="quiet"
                    hidden=move || !has_picture.get()
                    aria-disabled=move || removal.aria_disabled()
                    on:click=remove
                >
                    {account::REMOVE_PICTURE}
                </button>
            </div>
            <Outcome request=upload />
            <Outcome request=removal />
        </div>
    }
}

#[component]
fn UploadButton(upload: FormRequest, has_picture: Signal<bool>) -> impl IntoView {
    let session = use_session();
    let on_change = move |event: ev::Event| {
        let input = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
        let Some(file) = input.as_ref().and_then(|input| input.files()?.get(0)) else { return };
        upload.start(async move {
            let account = session.send(calls::set_avatar(file.into())).await?;
            session.set_user(account.into());
            Ok(())
        });
        // Choosing the same file again fires another event.
        if let Some(input) = input {
            input.set_value("");
        }
    };
    let label = move || match (upload.is_pending(), has_picture.get()) {
        (true, _) => account::UPLOADING_PICTURE,
        (false, false) => account::CHOOSE_PICTURE,
        (false, true) => account::CHANGE_PICTURE,
    };
    view! {
        <label class="plain">
            <input
                class="visually-hidden"
                type="file"
                accept=PICTURE_TYPES
                disabled=move || upload.is_blocked()
                on:change=on_change
            />
            <span>{label}</span>
        </label>
    }
}

#[component]
fn NameForm(
    /// The current name.
    name: String,
) -> impl IntoView {
    let (node, saved) = (NodeRef::<html::Input>::new(), RwSignal::new(false));
    let request = FormRequest::default();
    let session = use_session();
    let save = move |event: ev::SubmitEvent| {
        event.prevent_default();
        saved.set(false);
        let name = input_value(node);
        // Accounts without a display name are called by their username; guests have none.
        if name.trim().is_empty() && session.is_guest() {
            return request.show_field_errors(vec![(DISPLAY_NAME.to_owned(), FieldCode::Blank)]);
        }
        request.start(async move {
            session.rename(&name).await?;
            // The page may have been left meanwhile.
            let _set = saved.try_set(true);
            if let Some(input) = node.try_get_untracked().flatten() {
                input.set_value(&untrack(|| session.display_name()));
            }
            Ok(())
        });
    };
    view! {
        <form class="form" novalidate on:submit=save on:input=move |_| saved.set(false)>
            <DisplayNameField value=name node request />
            <Outcome request />
            <button class="primary" disabled=move || request.is_blocked()>
                {move || if saved.get() { strings::SAVED } else { strings::SAVE }}
            </button>
        </form>
    }
}

#[component]
fn DisplayNameField(value: String, node: NodeRef<html::Input>, request: FormRequest) -> impl IntoView {
    view! {
        <Field
            name=DISPLAY_NAME
            label=onboarding::YOUR_NAME
            hint=onboarding::NAME_HINT.to_owned()
            autocomplete="nickname"
            value
            node
            request
        />
    }
}
