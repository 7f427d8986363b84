//! Deletes the account; guests sign out instead.

use leptos::{ev, html, prelude::*};
use shared::credentials::{DeleteAccount, Password};

use super::{
    SettingsState, current_password::CurrentPasswordField, disclosure::Disclosure, leave_ended_session,
    sign_out,
};
use crate::{
    api::account as calls,
    components::{
        confirm::ConfirmedButton,
        field::{CURRENT_PASSWORD, check_not_empty, input_value},
        form_request::{FormRequest, Outcome, focus_soon},
    },
    strings::{self, account, onboarding},
};

#[component]
pub fn LeaveSection(settings: SettingsState) -> impl IntoView {
    if untrack(|| settings.session.is_guest()) {
        return view! { <section><GuestSignOut settings /></section> }.into_any();
    }
    let form = Disclosure::new("delete-account");
    view! {
        <section on:keydown=move |event| form.close_on_escape(&event)>
            <button
                id=form.opener_id()
                class="plain destructive"
                hidden=move || form.is_open()
                on:click=move |_| form.open()
            >
                {account::DELETE_ACCOUNT}
            </button>
            {move || form.is_open().then(|| view! { <DeletionForm settings form /> })}
        </section>
    }
    .into_any()
}

#[component]
fn DeletionForm(settings: SettingsState, form: Disclosure) -> impl IntoView {
    let (request, password) = (FormRequest::default(), NodeRef::<html::Input>::new());
    focus_soon(request.field_id(CURRENT_PASSWORD));
    let delete = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let deletion = DeleteAccount { current_password: Password(input_value(password)) };
        if let Err(code) = check_not_empty(&deletion.current_password.0) {
            return request.show_field_errors(vec![(CURRENT_PASSWORD.to_owned(), code)]);
        }
        request.start(async move {
            if settings.reauth.send(|| calls::delete_account(&deletion)).await?.is_some() {
                leave_ended_session(settings.session);
            }
            Ok(())
        });
    };
    view! {
        <form class="form sunken" novalidate on:submit=delete>
            <p><strong>{account::DELETE_ACCOUNT_CONFIRM}</strong></p>
            <p class="hint">{account::DELETE_ACCOUNT_TEXT}</p>
            <CurrentPasswordField node=password request />
            <Outcome request />
            <div class="button-row">
                <button class="danger" aria-disabled=move || request.aria_disabled()>
                    {account::DELETE_ACCOUNT}
                </button>
                <button type="button" class="plain" on:click=move |_| form.close()>
                    {strings::CANCEL}
                </button>
            </div>
        </form>
    }
}

/// Asks for confirmation, because guests cannot sign in again.
#[component]
fn GuestSignOut(settings: SettingsState) -> impl IntoView {
    let request = FormRequest::default();
    let leave = move |()| {
        request.start(async move {
            sign_out(settings.session).await;
            Ok(())
        });
    };
    view! {
        <ConfirmedButton
            class="plain destructive"
            label=onboarding::GUEST_SIGN_OUT
            question=onboarding::GUEST_SIGN_OUT_CONFIRM
            request
            on_confirm=leave
        />
    }
}
