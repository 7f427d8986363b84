//! Password reset: the request for an email, and the page that its link opens.

use leptos::{either::EitherOf3, ev, html, prelude::*};
use shared::{
    credentials::{ConfirmPasswordReset, Password, RequestPasswordReset, check_password},
    problem::ProblemCode,
    user::check_email,
};
use wasm_bindgen::JsValue;

use crate::{
    api::account as calls,
    components::{
        app_bar::AppBar,
        field::{Field, NEW_PASSWORD, check_not_empty, input_value},
        form_request::{FormRequest, Outcome, focus_soon},
    },
    session::return_to::{DEFAULT_PATH, auth_url},
    strings::{self, account},
};

const BACK_BUTTON_ID: &str = "back";

/// Requests the email with the reset link.
#[component]
pub fn ForgotPassword(
    /// Called to return to the sign-in form.
    #[prop(into)]
    back: Callback<()>,
) -> impl IntoView {
    let is_sent = RwSignal::new(false);
    let text = move || if is_sent.get() { account::RESET_LINK_SENT } else { account::FORGOT_PASSWORD_TEXT };
    view! {
        <div class="page">
            <AppBar />
            <main class="card">
                <h1>{account::FORGOT_PASSWORD}</h1>
                <p class="muted" role="status">{text}</p>
                <EmailForm is_sent />
                <button id=BACK_BUTTON_ID class="quiet" on:click=move |_| back.run(())>
                    {account::BACK_TO_SIGN_IN}
                </button>
            </main>
        </div>
    }
}

#[component]
fn EmailForm(is_sent: RwSignal<bool>) -> impl IntoView {
    let (request, email) = (FormRequest::default(), NodeRef::<html::Input>::new());
    let send = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let reset = RequestPasswordReset { email: input_value(email).trim().to_owned() };
        let check = check_not_empty(&reset.email).and_then(|()| check_email(&reset.email));
        if let Err(code) = check {
            return request.show_field_errors(vec![("email".to_owned(), code)]);
        }
        request.start(async move {
            calls::request_password_reset(&reset).send(None).await?;
            is_sent.set(true);
            focus_soon(BACK_BUTTON_ID);
            Ok(())
        });
    };
    view! {
        <form class="form" novalidate hidden=is_sent on:submit=send>
            <Field name="email" label=strings::EMAIL autocomplete="email" node=email request />
            <Outcome request />
            <button class="primary" disabled=move || request.is_blocked()>
                {account::SEND_RESET_LINK}
            </button>
        </form>
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ResetStep {
    EnterPassword,
    Done,
    InvalidLink,
}

/// The page that the link of the email opens.
#[component]
pub fn PasswordReset() -> impl IntoView {
    let token = StoredValue::new(take_token());
    let first =
        if token.with_value(String::is_empty) { ResetStep::InvalidLink } else { ResetStep::EnterPassword };
    let step = RwSignal::new(first);
    let content = move || match step.get() {
        ResetStep::EnterPassword => EitherOf3::A(view! {
            <h1>{account::RESET_TITLE}</h1>
            <NewPasswordForm token step />
        }),
        ResetStep::Done => EitherOf3::B(view! {
            <h1>{account::RESET_DONE}</h1>
            <p class="muted">{account::RESET_DONE_TEXT}</p>
            <SignInButton />
        }),
        ResetStep::InvalidLink => EitherOf3::C(view! {
            <h1>{account::RESET_LINK_INVALID}</h1>
            <p class="muted">{account::RESET_LINK_INVALID_TEXT}</p>
            <SignInButton />
        }),
    };
    view! {
        <div class="page">
            <AppBar />
            <main class="card">{content}</main>
        </div>
    }
}

#[component]
fn NewPasswordForm(token: StoredValue<String>, step: RwSignal<ResetStep>) -> impl IntoView {
    let (request, password) = (FormRequest::default(), NodeRef::<html::Input>::new());
    let save = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let new_password = Password(input_value(password));
        if let Err(code) = check_password(&new_password) {
            return request.show_field_errors(vec![(NEW_PASSWORD.to_owned(), code)]);
        }
        let reset = ConfirmPasswordReset { token: token.get_value(), new_password };
        request.start(async move {
            match calls::confirm_password_reset(&reset).send(None).await {
                Err(error) if error.code() == Some(ProblemCode::ResetTokenInvalid) => {
                    step.set(ResetStep::InvalidLink);
                }
                response => {
                    response?;
                    step.set(ResetStep::Done);
                }
            }
            Ok(())
        });
    };
    view! {
        <form class="form" novalidate on:submit=save>
            <NewPasswordField node=password request />
            <Outcome request />
            <button class="primary" disabled=move || request.is_blocked()>
                {account::SAVE_PASSWORD}
            </button>
        </form>
    }
}

#[component]
pub fn NewPasswordField(node: NodeRef<html::Input>, request: FormRequest) -> impl IntoView {
    view! {
        <Field
            name=NEW_PASSWORD
            label=account::NEW_PASSWORD
            hint=strings::password_hint()
            autocomplete="new-password"
            node
            request
        />
    }
}

#[component]
fn SignInButton() -> impl IntoView {
    view! {
        <a class="primary" href=auth_url(DEFAULT_PATH, true)>
            {strings::SIGN_IN}
        </a>
    }
}

/// Reads the token from the hash and removes it from the address bar and the browser's history.
fn take_token() -> String {
    let hash = window().location().hash().unwrap_or_default();
    if let Ok(history) = window().history() {
        // If the browser refuses, the token stays visible while the page is open.
        let _removed = history.replace_state_with_url(&JsValue::NULL, "", Some("/reset"));
    }
    hash.trim_start_matches('#').to_owned()
}
