//! Changes username, email and password.

use leptos::{ev, html, prelude::*};
use shared::{
    credentials::{ChangePassword, ChangeUsername, Password, check_password},
    problem::FieldCode,
    user::{Account, UpdateProfile, check_email, check_username},
};

use super::{SettingsState, current_password::CurrentPasswordField, disclosure::Disclosure};
use crate::{
    account::password_reset::NewPasswordField,
    api::{RequestError, account as calls, auth},
    components::{
        field::{CURRENT_PASSWORD, Field, NEW_PASSWORD, check_not_empty, collect_errors, input_value},
        form_request::{FormRequest, Outcome, focus_soon},
    },
    strings::{self, account, onboarding},
};

const NEW_USERNAME: &str = "new_username";

type InputRef = NodeRef<html::Input>;

/// Called after a change with the new account, if it looks different, and a message.
type OnChanged = Callback<(Option<Account>, &'static str)>;

#[component]
pub fn Credentials(settings: SettingsState) -> impl IntoView {
    let session = settings.session;
    let (profile, message) = (RwSignal::new(None::<Account>), RwSignal::new(""));
    let loading = FormRequest::default();
    loading.start(async move {
        let account = session.send(auth::get_profile()).await?;
        profile.set(Some(account));
        Ok(())
    });
    let on_changed = Callback::new(move |(account, text): (Option<Account>, &'static str)| {
        if let Some(account) = account {
            session.set_user(account.clone().into());
            profile.set(Some(account));
        }
        message.set(text);
    });
    view! {
        <section>
            <h2>{onboarding::ACCOUNT}</h2>
            <Outcome request=loading />
            <CredentialRows settings profile message on_changed />
            <p class="hint" role="status">{message}</p>
        </section>
    }
}

#[component]
fn CredentialRows(
    settings: SettingsState,
    profile: RwSignal<Option<Account>>,
    message: RwSignal<&'static str>,
    on_changed: OnChanged,
) -> impl IntoView {
    let (name_form, email_form) = (Disclosure::new("change-username"), Disclosure::new("change-email"));
    let password_form = Disclosure::new("change-password");
    let username = move || {
        profile.with(|profile| profile.as_ref().map(|profile| profile.username.clone())).unwrap_or_default()
    };
    let email = move || match profile.with(|profile| profile.as_ref().map(|profile| profile.email.clone())) {
        Some(email) if email.is_empty() => account::NO_EMAIL.to_owned(),
        email => email.unwrap_or_default(),
    };
    view! {
        <EditableRow form=name_form message label=strings::USERNAME value=Signal::derive(username)>
            <UsernameForm settings form=name_form on_changed />
        </EditableRow>
        <EditableRow form=email_form message label=strings::EMAIL value=Signal::derive(email)>
            <EmailForm settings form=email_form on_changed />
        </EditableRow>
        <EditableRow form=password_form message label=strings::PASSWORD value=Signal::stored(String::new())>
            <PasswordForm settings form=password_form on_changed />
        </EditableRow>
    }
}

/// A value with a button that opens a form to change it.
#[component]
fn EditableRow(
    form: Disclosure,
    /// The message about the last change; disappears when a form opens.
    message: RwSignal<&'static str>,
    label: &'static str,
    value: Signal<String>,
    /// The form.
    children: ChildrenFn,
) -> impl IntoView {
    let button = move || if form.is_open() { strings::CANCEL } else { account::CHANGE };
    let toggle = move |_| {
        if untrack(|| form.is_open()) {
            form.close();
        } else {
            message.set("");
            form.open();
        }
    };
    view! {
        <div class="setting-row">
            <p>
                <span class="hint">{label}</span>
                <bdi>{value}</bdi>
            </p>
            <button
                id=form.opener_id()
                class="quiet"
                aria-expanded=move || form.is_open().to_string()
                on:click=toggle
            >
                {button}
                <span class="visually-hidden">" "{label}</span>
            </button>
        </div>
        <div on:keydown=move |event| form.close_on_escape(&event) hidden=move || !form.is_open()>
            {move || form.is_open().then(|| children())}
        </div>
    }
}

#[component]
fn UsernameForm(settings: SettingsState, form: Disclosure, on_changed: OnChanged) -> impl IntoView {
    let SettingsState { session, reauth } = settings;
    let (request, username, password) = (FormRequest::default(), InputRef::new(), InputRef::new());
    focus_soon(request.field_id(NEW_USERNAME));
    let save = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let change = ChangeUsername {
            new_username: input_value(username).trim().to_owned(),
            current_password: Password(input_value(password)),
        };
        if let Some(errors) = check_username_change(&change) {
            return request.show_field_errors(errors);
        }
        request.start(async move {
            // With a second factor the server may require reauthentication as well.
            if reauth.send(|| calls::change_username(&change)).await?.is_some() {
                let account = session.send(auth::get_profile()).await?;
                on_changed.run((Some(account), account::USERNAME_CHANGED));
                form.close();
            }
            Ok(())
        });
    };
    view! {
        <form class="form sunken" novalidate on:submit=save>
            <Field
                name=NEW_USERNAME
                label=account::NEW_USERNAME
                autocomplete="username"
                value=session.username_untracked()
                node=username
                request
            />
            <CurrentPasswordField node=password request />
            <SaveButton request />
        </form>
    }
}

fn check_username_change(change: &ChangeUsername) -> Option<Vec<(String, FieldCode)>> {
    collect_errors([
        (NEW_USERNAME, check_username(&change.new_username)),
        (CURRENT_PASSWORD, check_not_empty(&change.current_password.0)),
    ])
}

#[component]
fn EmailForm(settings: SettingsState, form: Disclosure, on_changed: OnChanged) -> impl IntoView {
    let SettingsState { session, reauth } = settings;
    let (request, email) = (FormRequest::default(), InputRef::new());
    focus_soon(request.field_id("email"));
    let save = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let address = input_value(email).trim().to_owned();
        if let Some(errors) = collect_errors([("email", check_email(&address))]) {
            return request.show_field_errors(errors);
        }
        request.start(async move {
            // The server sends reset links only to an address that was set after reauthentication.
            if !reauth.ask().await {
                return Ok(());
            }
            let change = UpdateProfile { email: Some(address), display_name: None };
            let account: Result<Account, RequestError> = session.send(auth::update_profile(&change)).await;
            on_changed.run((Some(account?), account::EMAIL_CHANGED));
            form.close();
            Ok(())
        });
    };
    view! {
        <form class="form sunken" novalidate on:submit=save>
            <Field
                name="email"
                label=strings::EMAIL
                hint=account::EMAIL_HINT.to_owned()
                autocomplete="email"
                node=email
                request
            />
            <SaveButton request />
        </form>
    }
}

#[component]
fn PasswordForm(settings: SettingsState, form: Disclosure, on_changed: OnChanged) -> impl IntoView {
    let (request, current, new) = (FormRequest::default(), InputRef::new(), InputRef::new());
    focus_soon(request.field_id(CURRENT_PASSWORD));
    let save = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let change = ChangePassword {
            new_password: Password(input_value(new)),
            current_password: Password(input_value(current)),
        };
        let checks = [
            (CURRENT_PASSWORD, check_not_empty(&change.current_password.0)),
            (NEW_PASSWORD, check_password(&change.new_password)),
        ];
        if let Some(errors) = collect_errors(checks) {
            return request.show_field_errors(errors);
        }
        request.start(async move {
            if settings.reauth.send(|| calls::change_password(&change)).await?.is_some() {
                on_changed.run((None, account::PASSWORD_CHANGED));
                form.close();
            }
            Ok(())
        });
    };
    view! {
        <form class="form sunken" novalidate on:submit=save>
            <CurrentPasswordField node=current request />
            <NewPasswordField node=new request />
            <SaveButton request />
        </form>
    }
}

#[component]
fn SaveButton(request: FormRequest) -> impl IntoView {
    view! {
        <Outcome request />
        <div class="button-row">
            <button class="primary" aria-disabled=move || request.aria_disabled()>
                {strings::SAVE}
            </button>
        </div>
    }
}
