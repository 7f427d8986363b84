//! Lists, adds and removes passkeys.

use leptos::{ev, html, prelude::*};
use shared::{
    invite_link::check_label,
    passkey::{Passkey, RegisterPasskey},
};
use uuid::Uuid;

use super::{SettingsState, disclosure::Disclosure};
use crate::{
    account::passkey,
    api::{RequestError, account as calls},
    components::{
        confirm::Confirm,
        field::{Field, check_not_empty, input_value},
        form_request::{FormRequest, Outcome, focus_soon},
    },
    strings::{self, account},
};

const LABEL: &str = "label";

async fn load(settings: SettingsState) -> Result<(), RequestError> {
    let response = settings.session.send(calls::list_passkeys()).await?;
    // The page may have been left meanwhile.
    let _set = settings.reauth.passkeys.try_set(response.passkeys);
    Ok(())
}

#[component]
pub fn PasskeySection(settings: SettingsState) -> impl IntoView {
    let (request, passkeys) = (FormRequest::default(), settings.reauth.passkeys);
    request.start(load(settings));
    let rows = move || {
        let rows = passkeys.get().into_iter();
        rows.map(|passkey| view! { <PasskeyRow settings passkey /> }).collect_view()
    };
    let text = if passkey::is_supported() { account::PASSKEYS_TEXT } else { account::PASSKEYS_UNAVAILABLE };
    let form = Disclosure::new("passkeys");
    view! {
        <section on:keydown=move |event| form.close_on_escape(&event)>
            <h2 id=form.opener_id() tabindex="-1">{account::PASSKEYS}</h2>
            <p class="muted">{text}</p>
            <ul class="setting-list" hidden=move || passkeys.read().is_empty()>{rows}</ul>
            <button
                class="plain"
                hidden=move || !passkey::is_supported() || form.is_open()
                on:click=move |_| form.open()
            >
                {account::ADD_PASSKEY}
            </button>
            {move || form.is_open().then(|| view! { <AddPasskey settings form /> })}
            <Outcome request />
        </section>
    }
}

#[component]
fn PasskeyRow(settings: SettingsState, passkey: Passkey) -> impl IntoView {
    let confirming = RwSignal::new(false);
    let (id, label) = (passkey.id, passkey.label.clone());
    let confirm = move || {
        let question = account::remove_passkey_confirm(&label);
        confirming.get().then(|| view! { <ConfirmRemoval settings id question confirming /> })
    };
    view! {
        <li>
            <div class="setting-row">
                <p>
                    <bdi>{passkey.label.clone()}</bdi>
                    <span class="hint">{account::passkey_facts(&passkey)}</span>
                </p>
                <button class="quiet" hidden=confirming on:click=move |_| confirming.set(true)>
                    {account::REMOVE}
                    <span class="visually-hidden">" "{passkey.label.clone()}</span>
                </button>
            </div>
            {confirm}
        </li>
    }
}

#[component]
fn ConfirmRemoval(
    settings: SettingsState,
    id: Uuid,
    question: String,
    confirming: RwSignal<bool>,
) -> impl IntoView {
    let request = FormRequest::default();
    let remove = move |()| {
        request.start(async move {
            if settings.reauth.send(|| calls::remove_passkey(id)).await?.is_some() {
                load(settings).await?;
            }
            Ok(())
        });
    };
    view! {
        <Confirm question yes=account::REMOVE request on_yes=remove on_no=move |()| confirming.set(false) />
    }
}

/// Asks for the name first, so that the browser's dialog is the last step.
#[component]
fn AddPasskey(settings: SettingsState, form: Disclosure) -> impl IntoView {
    let (request, node) = (FormRequest::default(), NodeRef::<html::Input>::new());
    let message = RwSignal::new("");
    focus_soon(request.field_id(LABEL));
    let add = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let label = input_value(node).trim().to_owned();
        let check = check_not_empty(&label).and_then(|()| check_label(&label));
        if let Err(code) = check {
            return request.show_field_errors(vec![(LABEL.to_owned(), code)]);
        }
        message.set("");
        request.start(register(label, settings, form, message));
    };
    view! {
        <form class="form sunken" novalidate on:submit=add>
            <Field
                name=LABEL
                label=account::PASSKEY_NAME
                hint=account::PASSKEY_NAME_HINT.to_owned()
                autocomplete="off"
                value=account::MY_PASSKEY.to_owned()
                node
                request
            />
            <p class="hint" role="status">{message}</p>
            <Outcome request />
            <div class="button-row">
                <button class="primary" aria-disabled=move || request.aria_disabled()>
                    {account::CONTINUE}
                </button>
                <button type="button" class="quiet" on:click=move |_| form.close()>
                    {strings::CANCEL}
                </button>
            </div>
        </form>
    }
}

async fn register(
    label: String,
    settings: SettingsState,
    form: Disclosure,
    message: RwSignal<&'static str>,
) -> Result<(), RequestError> {
    let Some(challenge) = settings.reauth.send(calls::start_passkey_registration).await? else {
        return Ok(());
    };
    let Some(credential) = passkey::create(&challenge.options).await else {
        message.set(account::NO_PASSKEY_ADDED);
        return Ok(());
    };
    let passkey = RegisterPasskey { registration: challenge.id, label, credential };
    settings.session.send(calls::add_passkey(&passkey)).await?;
    form.close();
    load(settings).await
}
